"""Reading the settings for a command, with the fault in words instead of a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import SettingsError

from bot.secret_files import SECRETS, SecretFileUnreadable
from bot.settings import AiModelSettings, Settings

S = TypeVar("S", bound=Settings)
PREFIX = "COUNTERSIGN_"
NO_JSON = (
    "Configuration: COUNTERSIGN_AI__PRICES or COUNTERSIGN_AI__ENDPOINTS cannot be read as JSON. The README "
    "shows how they are written."
)
UNKNOWN = "Configuration: {name}: there is no such setting. The README lists them."


def load_settings() -> Settings | str:
    """Return the settings, or one line per fault that names the variable to set."""
    return _read(Settings)


def _read(kind: type[S]) -> S | str:
    try:
        return kind()
    except SecretFileUnreadable as error:
        return f"Configuration: {error}."
    except ValidationError as error:
        return "\n".join(_line(fault["loc"], fault["msg"], fault["type"]) for fault in error.errors())
    except SettingsError as error:
        return _unread(str(error))


def database_url(given: str | None) -> str:
    """Return the database a maintenance command works on; it needs no other setting."""
    return database_settings(given).database_url


def policy_file() -> str | None:
    """Return the policy file the settings name; None for the one that ships."""
    path = _here().policy_file
    return str(path) if path else None


def organisation_file() -> Path | None:
    """Return the organisation file named in the environment, if any; nothing else needs to be set."""
    return _here().organisation_file


def ai_here() -> AiModelSettings:
    """Return which model is configured; nothing else needs to be set."""
    return _here().ai


def redis_here() -> tuple[str, str] | None:
    """Return the Redis named in the environment, if any, with the prefix of what is ours in it."""
    settings = _here()
    return (settings.redis_url, settings.redis_prefix) if settings.redis_url else None


def database_settings(given: str | None) -> Settings:
    """Return the settings a maintenance command needs: the database's address and its master key."""
    settings = _here()
    if not given:
        return settings
    try:
        return settings.model_copy(update={"database_url": Settings.with_driver(given)})
    except ValueError as error:
        raise SystemExit(f"--database: {error}.") from None


def _here() -> Settings:
    """Return what is set for a command that needs little of it; ends the command where it cannot be read."""
    found = _read(_DatabaseOnly)
    if isinstance(found, str):
        raise SystemExit(found)
    return found


def _line(location: tuple[int | str, ...], message: str, fault: str) -> str:
    name = PREFIX + "__".join(str(part) for part in location).upper().removeprefix(PREFIX)
    text = message.removeprefix("Value error, ")
    if fault == "extra_forbidden":
        return UNKNOWN.format(name=name)
    return f"Configuration: {name}: {text}" if location else f"Configuration: {text}."


def _unread(what: str) -> str:
    """Say which variable cannot be read as the JSON that it is to be; its text may hold secrets."""
    field = what.split('"')[1].upper()
    return NO_JSON if field == "AI" else UNKNOWN.format(name=f"{PREFIX}{field}")


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return what the environment sets for us and nothing reads, such as a name with a letter too few.

    It is no fault: Kubernetes sets such names by itself for a service of our name.
    """
    given = {name for name in map(str.upper, environment) if name.startswith(PREFIX)}
    files = {f"{PREFIX}{name}_FILE".upper() for name in SECRETS}
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | files
    groups = tuple(f"{PREFIX}{name}__" for name in ("SLACK", "CRM", "AI"))
    return sorted(name for name in given - known if not name.startswith((*groups, f"{PREFIX}TEST_")))


class _DatabaseOnly(Settings):
    """Only the database address matters here."""

    def _needed(self) -> list[tuple[str, object]]:
        return []
