"""Secrets come from the environment or from files, and are named but never shown when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli.loading import load_settings
from bot.settings import Settings


@pytest.fixture
def complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in (
        ("SLACK__SIGNING_SECRET", "signing"),
        ("CRM__BASE_URL", "http://crm"),
        ("CRM__WEBHOOK_SECRET", "whsec_cw=="),
        ("ORGANISATION_FILE", "organisation.yaml"),
    ):
        monkeypatch.setenv(f"COUNTERSIGN_{name}", value)
    return tmp_path


def test_a_secret_is_read_from_its_file(complete: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (complete / "token").write_text("xoxb-from-a-file\n")
    (complete / "url").write_text("postgresql://u:p@db/x\n")
    monkeypatch.setenv("COUNTERSIGN_SLACK__BOT_TOKEN_FILE", str(complete / "token"))
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL_FILE", str(complete / "url"))
    settings = load_settings()
    assert isinstance(settings, Settings)
    assert settings.slack.bot_token.get_secret_value() == "xoxb-from-a-file"
    assert settings.database_url == "postgresql+asyncpg://u:p@db/x"
    assert "from-a-file" not in repr(settings)


def test_a_secret_may_be_named_in_the_env_file_too(complete: Path) -> None:
    (complete / "token").write_text("xoxb-from-a-file")
    (complete / ".env").write_text(f"COUNTERSIGN_SLACK__BOT_TOKEN_FILE={complete / 'token'}\n")
    settings = load_settings()
    assert isinstance(settings, Settings)
    assert settings.slack.bot_token.get_secret_value() == "xoxb-from-a-file"


def test_a_file_that_is_not_there_is_named(complete: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERSIGN_SLACK__BOT_TOKEN_FILE", str(complete / "none"))
    assert load_settings() == (
        "Configuration: COUNTERSIGN_SLACK__BOT_TOKEN_FILE: the file cannot be read (FileNotFoundError); the "
        "account of the service must own it."
    )


def test_an_empty_file_is_not_called_a_missing_setting(
    complete: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (complete / "token").write_text("\n")
    monkeypatch.setenv("COUNTERSIGN_SLACK__BOT_TOKEN_FILE", str(complete / "token"))
    assert load_settings() == (
        "Configuration: COUNTERSIGN_SLACK__BOT_TOKEN_FILE: the file is empty; write the secret into it."
    )
