"""Reading the files an organisation keeps beside the program: its settings and its policy."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from bot.holiday_calendar import problem_with_holidays
from policy.decide import CompiledPolicy, compile_policy
from policy.language import parse_policy
from policy.organisation import Organisation


class FileInvalid(Exception):
    """A file cannot be used; the message says which, where and why."""


def read_organisation(path: Path) -> Organisation:
    """Read the organisation's settings from YAML; raises FileInvalid."""
    try:
        organisation = Organisation.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FileInvalid(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise FileInvalid(f"{path}: not readable as YAML ({type(error).__name__})") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise FileInvalid(f"{path}: {faults}") from None
    problem = problem_with_holidays(organisation)
    if problem:
        raise FileInvalid(f"{path}: {problem}")
    return organisation


def read_policy(path: Path | None) -> CompiledPolicy:
    """Compile the policy at *path*, or the one that ships; raises PolicyInvalidError, FileInvalid."""
    return compile_policy(parse_policy(*policy_source(path)))


def policy_source(path: Path | None) -> tuple[str, str]:
    """Return the text of the policy at *path*, or of the one that ships, and its name; raises FileInvalid."""
    if path is None:
        shipped = files("policy") / "default" / "policy.yaml"
        return shipped.read_text(encoding="utf-8"), "default policy"
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except OSError as error:
        raise FileInvalid(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise FileInvalid(f"{path}: byte {error.start} is not UTF-8 text") from None
