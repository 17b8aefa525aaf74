"""Maintenance commands against what there is, what there is not, and what does not answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.migrate import upgrade
from tests.patience import PATIENCE_S


def countersign(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize("command", [("inbox", "list"), ("audit", "verify")], ids=" ".join)
def test_without_a_database_a_sentence_says_so_and_none_is_made(
    tmp_path: Path, command: tuple[str, str]
) -> None:
    done = countersign(*command, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "There is no Countersign database at this address, or an older one. Check "
        "COUNTERSIGN_DATABASE_URL, or run: countersign db upgrade\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_named_without_a_traceback(tmp_path: Path) -> None:
    nobody = "postgresql://nobody@127.0.0.1:1/nothing"
    done = countersign("audit", "verify", "--database", nobody, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("The database does not answer (")
    assert done.stderr.endswith("Check COUNTERSIGN_DATABASE_URL.\n")
    assert "Traceback" not in done.stderr


def test_an_empty_installation_is_in_order(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'countersign.db'}")
    listed = countersign("inbox", "list", folder=tmp_path)
    assert (listed.returncode, listed.stdout) == (
        0,
        "Nothing was set aside: everything that arrived was handled.\n",
    )
    verified = countersign("audit", "verify", "--json", folder=tmp_path)
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
            "checkpoints": 0,
            "head": "00" * 32,
            "first_bad": None,
            "what": None,
            "until": None,
        },
    )


def test_missing_settings_are_named(tmp_path: Path) -> None:
    done = countersign("check-config", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        "Configuration: set COUNTERSIGN_SLACK__BOT_TOKEN, COUNTERSIGN_CRM__BASE_URL, "
        "COUNTERSIGN_CRM__WEBHOOK_SECRET, COUNTERSIGN_ORGANISATION_FILE, COUNTERSIGN_SLACK__SIGNING_SECRET.\n"
    )
