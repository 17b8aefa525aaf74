"""Finding the policy and the cases a command is about."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from policy.language import parse_policy
from policy.policy_model import Policy
from policy.yaml_source import not_utf8


class FileUnreadable(Exception):
    """A file that was named cannot be read; the text says why."""


def named_policy(path: str | None) -> Policy:
    """Read the policy at *path*, or the one that ships; raises PolicyInvalidError, FileUnreadable."""
    return parse_policy(*policy_text(path))


def policy_text(path: str | None) -> tuple[str, str]:
    """Return the text of a policy and the name its faults go by; raises FileUnreadable."""
    return _text(path, "policy.yaml")


def cases_text(cases: str | None, policy: str | None) -> tuple[str, str]:
    """Return the named cases, or those beside the policy; raises FileUnreadable."""
    if cases is None and policy is not None:
        beside = Path(policy).with_name("cases.yaml")
        if not beside.exists():
            raise FileUnreadable(
                f"There is no {beside}. Name the file of cases: countersign policy test {policy} CASES"
            )
        return _text(str(beside), "cases.yaml")
    return _text(cases, "cases.yaml")


def _text(path: str | None, shipped: str) -> tuple[str, str]:
    if path is None:
        return (files("policy") / "default" / shipped).read_text(encoding="utf-8"), f"default {shipped}"
    try:
        return Path(path).read_text(encoding="utf-8"), path
    except OSError as error:
        raise FileUnreadable(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise FileUnreadable(not_utf8(str(path), error)) from None
