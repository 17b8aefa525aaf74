"""Secrets from files: `COUNTERSIGN_SLACK__BOT_TOKEN_FILE=/run/secrets/slack` instead of the value itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

SECRETS = (
    "database_url",
    "redis_url",
    "previous_master_key",
    "slack__bot_token",
    "slack__app_token",
    "slack__signing_secret",
    "slack__previous_signing_secret",
    "crm__token",
    "crm__webhook_secret",
    "crm__previous_webhook_secret",
    "ai__api_key",
)
"""What may be given as a file; the master key has its own setting for that."""

PREFIX, SUFFIX = "countersign_", "_file"


class SecretFileUnreadable(ValueError):
    """A file that is to hold a secret cannot be read; the message names the variable, never the content."""


def read_secret_files(variables: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return *variables*, names in lower case, with the content of each file in the place of its name.

    Raises SecretFileUnreadable.
    """
    found = dict(variables)
    for name in SECRETS:
        key = PREFIX + name
        path = found.pop(key + SUFFIX, None)
        if path:
            found[key] = _read(key, path)
    return found


def _read(key: str, path: str) -> str:
    variable = f"{key}{SUFFIX}".upper()
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = f"the file cannot be read ({type(error).__name__})"
        raise SecretFileUnreadable(f"{variable}: {why}; the account of the service must own it") from None
    if not secret:
        raise SecretFileUnreadable(f"{variable}: the file is empty; write the secret into it")
    return secret


class EnvironmentWithFiles(EnvSettingsSource):
    """The environment, with secrets from files."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return read_secret_files(super()._load_env_vars())


class DotEnvWithFiles(DotEnvSettingsSource):
    """The `.env` file, with secrets from files."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return read_secret_files(super()._load_env_vars())
