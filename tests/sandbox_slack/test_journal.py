"""The document store behind the simulated servers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.sandbox.journal import Journal

_WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from bot.sandbox.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal.put("gifts", "b", {"amount": 2})
journal.put("gifts", "a", {"amount": 1})
transaction = journal.transaction()
transaction.__enter__()
journal.put("gifts", "c", {"amount": 3})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_documents_come_back_in_order_of_first_insertion() -> None:
    journal = Journal(None)
    journal.put("gifts", "b", {"amount": 2})
    journal.put("gifts", "a", {"note": "für Ágnes"})
    journal.put("gifts", "b", {"amount": 3})
    journal.put("other", "a", {})
    journal.delete("other", "missing")
    assert list(journal.load("gifts").items()) == [("b", {"amount": 3}), ("a", {"note": "für Ágnes"})]
    journal.delete("gifts", "b")
    assert journal.load("gifts") == {"a": {"note": "für Ágnes"}}
    journal.close()
    journal.close()


def test_a_failed_transaction_leaves_nothing_behind() -> None:
    journal = Journal(None)
    with pytest.raises(KeyError):
        _write_two_and_fail(journal)
    assert journal.load("gifts") == {}
    with journal.transaction():
        journal.put("gifts", "c", {})
    assert journal.load("gifts") == {"c": {}}
    journal.close()


def _write_two_and_fail(journal: Journal) -> None:
    with journal.transaction():
        journal.put("gifts", "a", {})
        with journal.transaction():
            journal.put("gifts", "b", {})
        raise KeyError


def test_committed_documents_survive_a_killed_process(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.sqlite3"
    process = subprocess.run([sys.executable, "-c", _WRITE_AND_DIE, str(path)], check=False)
    assert process.returncode == -9
    journal = Journal(path)
    assert list(journal.load("gifts").items()) == [("b", {"amount": 2}), ("a", {"amount": 1})]
    journal.close()
