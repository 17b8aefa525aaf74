"""Reading the settings for a command, with the fault in words instead of a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from bot.secret_files import SecretFileUnreadable
from bot.settings import AiModelSettings, Settings

S = TypeVar("S", bound=Settings)


def load_settings() -> Settings | str:
    """Return the settings, or one line per fault that names the variable to set."""
    return _read(Settings)


def _read(kind: type[S]) -> S | str:
    try:
        return kind()
    except SecretFileUnreadable as error:
        return f"Configuration: {error}."
    except ValidationError as error:
        return "\n".join(_line(fault["loc"], fault["msg"]) for fault in error.errors())


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


def _line(location: tuple[int | str, ...], message: str) -> str:
    name = "__".join(str(part) for part in location).upper()
    text = message.removeprefix("Value error, ")
    return f"Configuration: COUNTERSIGN_{name}: {text}" if name else f"Configuration: {text}."


class _DatabaseOnly(Settings):
    """Only the database address matters here."""

    def _needed(self) -> list[tuple[str, object]]:
        return []
