"""Maintenance commands against what there is, what there is not, and what does not answer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli import main
from bot.cli.audit_verify import EMPTY
from bot.time_keeping import CONFIRMED
from storage.settings import Settings
from tests.databases import fresh_sqlite, perform


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def countersign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder, with nothing set; what goes wrong unforeseen fails the test."""
    for name in [name for name in os.environ if name.startswith("COUNTERSIGN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        code = main(list(arguments))
        return Done(code, *capfd.readouterr())

    return run


@pytest.mark.parametrize("command", [("inbox", "list"), ("audit", "verify")], ids=" ".join)
def test_without_a_database_a_sentence_says_so_and_none_is_made(
    tmp_path: Path, command: tuple[str, str], countersign: Run
) -> None:
    done = countersign(*command)
    assert done.returncode == 1
    assert done.stderr == (
        "There is no Countersign database at this address, or an older one. Check "
        "COUNTERSIGN_DATABASE_URL, or run: countersign db upgrade\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_named_without_a_traceback(countersign: Run) -> None:
    nobody = "postgresql://nobody@127.0.0.1:1/nothing"
    done = countersign("audit", "verify", "--database", nobody)
    assert done.returncode == 1
    assert done.stderr.startswith("The database does not answer (")
    assert done.stderr.endswith("Check COUNTERSIGN_DATABASE_URL.\n")
    assert "Traceback" not in done.stderr


def test_an_empty_installation_is_in_order(tmp_path: Path, countersign: Run) -> None:
    fresh_sqlite(tmp_path / "countersign.db")
    listed = countersign("inbox", "list")
    assert (listed.returncode, listed.stdout) == (
        0,
        "Nothing was set aside: everything that arrived was handled.\n",
    )
    assert countersign("audit", "verify").stdout == f"{EMPTY}\n"
    verified = countersign("audit", "verify", "--json")
    assert (verified.returncode, json.loads(verified.stdout)) == (
        0,
        {
            "ok": True,
            "entries": 0,
            "unsealed": 0,
            "erased": 0,
            "redacted": 0,
            "besides": [],
            "unsigned": [],
            "restores": [],
            "checkpoints": 0,
            "head": "00" * 32,
            "first_bad": None,
            "what": None,
            "until": None,
        },
    )


def test_missing_settings_are_named(countersign: Run) -> None:
    done = countersign("check-config")
    assert done.returncode == 1
    assert done.stderr == (
        "Configuration: set COUNTERSIGN_SLACK__BOT_TOKEN, COUNTERSIGN_CRM__BASE_URL, "
        "COUNTERSIGN_CRM__WEBHOOK_SECRET, COUNTERSIGN_ORGANISATION_FILE, COUNTERSIGN_SLACK__SIGNING_SECRET.\n"
    )


@pytest.mark.parametrize(
    ("hours_ago", "is_far"), [(None, False), (2, False), (25, True), (-1, True)], ids=str
)
def test_nothing_is_removed_by_a_clock_that_is_far_from_where_slack_agreed(
    tmp_path: Path, countersign: Run, hours_ago: int | None, is_far: bool
) -> None:
    url, now = fresh_sqlite(tmp_path / "countersign.db"), datetime.now(UTC)
    if hours_ago is not None:
        then = (now - timedelta(hours=hours_ago)).isoformat()
        perform(url, lambda connection: Settings(connection).put(CONFIRMED, then, now))
    done = countersign("audit", "retention", "apply")
    assert done.returncode == is_far
    assert done.stderr.startswith("Nothing was removed. This machine's clock shows") == is_far
    assert done.stdout == ("" if is_far else "0 payloads were over and are removed.\n")
