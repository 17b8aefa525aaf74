"""Reading the files an organisation keeps beside the program: its settings and its policy."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from bot.holiday_calendar import problem_with_holidays
from policy.decide import CompiledPolicy, compile_policy
from policy.faults import Parts, fault_at, shape_faults
from policy.language import parse_policy
from policy.organisation import (
    BlackoutPeriod,
    CampaignAudience,
    DigestSchedule,
    HolidaySettings,
    Organisation,
    Person,
)
from policy.practice import Library, PracticeInvalidError, parse_library
from policy.reminders import ReminderSettings
from policy.yaml_source import YamlInvalidError, not_utf8, read_yaml


class FileInvalid(Exception):
    """A file cannot be used; the message says which, where and why."""


_ORGANISATION: Parts = {
    "": Organisation,
    "people": Person,
    "digests": DigestSchedule,
    "blackouts": BlackoutPeriod,
    "audiences": CampaignAudience,
    "holidays": HolidaySettings,
    "reminders": ReminderSettings,
}


def read_organisation(path: Path) -> Organisation:
    """Read the organisation's settings from YAML; raises FileInvalid with every fault, line by line."""
    text, name = _text(path), str(path)
    try:
        document = read_yaml(text)
        organisation = Organisation.model_validate(document.data)
    except YamlInvalidError as error:
        raise FileInvalid(str(fault_at(name, error.position, error.message, error.suggestion))) from None
    except ValidationError as error:
        found = shape_faults(error, document, name, _ORGANISATION)
        faults = sorted(found, key=lambda fault: (fault.line, fault.column))
        raise FileInvalid("\n".join(map(str, faults))) from None
    problem = problem_with_holidays(organisation) or _problem_with_digests(organisation)
    if problem:
        raise FileInvalid(f"{path}: {problem}")
    return organisation


def _problem_with_digests(organisation: Organisation) -> str | None:
    """Return which digest has a time that no schedule can be kept by."""
    timed = {each.id: each.cron for each in organisation.digests if each.cron is not None}
    if not timed:
        return None
    from bot.occurrences import problem_with_cron  # noqa: PLC0415 - 100 ms, only with a time in the settings

    found = ((name, problem_with_cron(cron)) for name, cron in timed.items())
    return next((f"the digest {name}: {problem}" for name, problem in found if problem), None)


def read_policy(path: Path | None) -> CompiledPolicy:
    """Compile the policy at *path*, or the one that ships; raises PolicyInvalidError, FileInvalid."""
    return compile_policy(parse_policy(*policy_source(path)))


def read_practice(path: Path | None) -> Library:
    """Read the scenarios at *path*, or those that ship; raises FileInvalid."""
    try:
        return parse_library(*_source(path, "practice.yaml", "the shipped scenarios"))
    except PracticeInvalidError as error:
        raise FileInvalid(str(error)) from None


def policy_source(path: Path | None) -> tuple[str, str]:
    """Return the text of the policy at *path*, or of the one that ships, and its name; raises FileInvalid."""
    return _source(path, "policy.yaml", "default policy")


def _source(path: Path | None, shipped: str, name: str) -> tuple[str, str]:
    if path is None:
        return (files("policy") / "default" / shipped).read_text(encoding="utf-8"), name
    return _text(path), str(path)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileInvalid(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise FileInvalid(not_utf8(str(path), error)) from None
