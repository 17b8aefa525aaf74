"""No command and no log line says a secret, least of all when something is wrong."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import main
from tests.loop.staging import ORGANISATION

SECRETS = {
    "COUNTERSIGN_DATABASE_URL": ("postgresql://bot:{}@127.0.0.1:1/none", "sesame-of-the-database"),
    "COUNTERSIGN_REDIS_URL": ("redis://:{}@127.0.0.1:1/0", "sesame-of-redis"),
    "COUNTERSIGN_MASTER_KEY": ("{}", "5e" * 32),
    "COUNTERSIGN_SLACK__BOT_TOKEN": ("xoxb-{}", "sesame-of-the-bot"),
    "COUNTERSIGN_SLACK__SIGNING_SECRET": ("{}", "sesame-of-slack"),
    "COUNTERSIGN_SLACK__PREVIOUS_SIGNING_SECRET": ("{}", "sesame-of-slack-before"),
    "COUNTERSIGN_CRM__TOKEN": ("{}", "sesame-of-the-crm"),
    "COUNTERSIGN_CRM__WEBHOOK_SECRET": ("whsec_{}", "c2VzYW1lLW9mLXdlYmhvb2tz"),
    "COUNTERSIGN_AI__API_KEY": ("sk-{}", "sesame-of-the-model"),
}
PLAIN = {
    "COUNTERSIGN_ORGANISATION_FILE": str(ORGANISATION),
    "COUNTERSIGN_SLACK__BASE_URL": "http://127.0.0.1:1/api/",
    "COUNTERSIGN_CRM__BASE_URL": "http://127.0.0.1:1/",
    "COUNTERSIGN_AI__BASE_URL": "http://127.0.0.1:1/v1",
    "COUNTERSIGN_AI__MODEL": "some-model",
}
WAITING = b"the database does not answer yet"
ENVIRONMENT = PLAIN | {name: form.format(secret) for name, (form, secret) in SECRETS.items()}
COMMANDS = [
    ["check-config"],
    ["doctor"],
    ["status"],
    ["db", "upgrade"],
    ["inbox", "list"],
    ["audit", "verify"],
    ["policy", "versions"],
]


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def _given_away(text: str) -> list[str]:
    return [name for name, (_, secret) in SECRETS.items() if secret in text]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_with_everything_away_no_command_says_one(
    command: list[str], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        code = main(command)
    shown = capsys.readouterr()
    said = shown.out + shown.err + caplog.text
    assert code in (0, 1)
    assert said.strip()
    assert _given_away(said) == []
    assert "Traceback" not in said


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("wrong", sorted(SECRETS))
def test_a_setting_that_cannot_be_is_named_and_not_repeated(
    wrong: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(wrong, f"  {SECRETS[wrong][1]}\n\t")
    monkeypatch.setenv("COUNTERSIGN_WORKERS", "none")
    assert main(["check-config"]) == 1
    shown = capsys.readouterr()
    assert "COUNTERSIGN_WORKERS" in shown.err
    assert _given_away(shown.out + shown.err) == []


def test_the_service_says_none_at_its_start_nor_shows_one_in_its_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "serve"]
    environment = ENVIRONMENT | {"COUNTERSIGN_PORT": "0", "COUNTERSIGN_LOG_LEVEL": "debug"}
    here = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, env=here | environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as serving:
        assert serving.stdout
        line = next(each for each in iter(serving.stdout.readline, b"") if WAITING in each).decode()
        shown = Path(f"/proc/{serving.pid}/cmdline").read_bytes().decode()
        serving.terminate()
        said = line + serving.communicate()[0].decode()
    assert serving.returncode == 0
    assert _given_away(said + shown) == []
