"""`countersign policy explain`, from the audit log to a paragraph."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.cli.opening import opened
from tests.cli.recorded import database_of

AGAIN = "This decision cannot be asked again"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> str:
    decisions = [
        {},
        {"donor.deceased": True, "household.any_deceased": True, "donor": "gone"},
        {"without": "door.kind"},
    ]
    return database_of(tmp_path_factory.mktemp("recorded"), decisions, erased=["gone"])


def explain(recorded: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["policy", "explain", *arguments, "--database", recorded])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def _reads(url: str) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        async with opened(url) as database:
            return [e.payload or {} for e in await database.read(lambda tx: tx.audit.of_kind("audit.read"))]

    return asyncio.run(read())


@pytest.mark.parametrize("named", ["entry-0", "000000"])
def test_a_decision_is_found_by_entry_and_by_reference(recorded, capsys, named: str) -> None:
    code, out, err = explain(recorded, capsys, named)
    assert (code, err) == (0, "")
    assert out.startswith(
        "The question was whether “plan a follow-up” may be carried out for a donor in steward"
    )
    assert "owner_approves_writes (require approval): matched\n" in out
    assert "    The relationship owner agrees to every change.\n" in out
    assert "      the rollout phase: 2\n" in out
    assert "emergency_stop" not in out
    assert "\x1b" not in out
    reads = _reads(recorded)
    assert reads
    assert all((each["what"], each["entries"]) == ("explain", 1) for each in reads)


def test_all_gates_are_shown_when_asked_for(recorded, capsys) -> None:
    _, out, _ = explain(recorded, capsys, "entry-0", "--all")
    assert out.count(": not matched\n") > 50


def test_json_holds_the_same(recorded, capsys) -> None:
    code, out, _ = explain(recorded, capsys, "entry-0", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["entry_id"], found["agrees"], found["is_recorded_policy"]) == ("entry-0", True, True)
    assert len(found["gates"]) > 60


@pytest.mark.parametrize(
    ("named", "why"),
    [
        (
            "entry-1",
            f"{AGAIN}: the donor was erased, or the time of keeping is over.",
        ),
        (
            "entry-2",
            f"{AGAIN}: the facts were recorded in another form and are never guessed (door.kind).",
        ),
        ("nothing", "No decision is recorded under nothing."),
        ("1", "No decision is recorded under 1."),
    ],
)
def test_what_cannot_be_explained_says_why(recorded, capsys, named: str, why: str) -> None:
    assert explain(recorded, capsys, named) == (1, "", f"{why}\n")


def test_a_reference_of_several_decisions_names_them(tmp_path: Path, capsys) -> None:
    recorded = database_of(tmp_path, [{"matter": "one-abcdef"}, {"matter": "two-abcdef"}])
    code, _, err = explain(recorded, capsys, "ABCDEF")
    assert code == 1
    assert err == "That reference stands for several decisions; name one of:\nentry-0\nentry-1\n"


def test_a_missing_database_is_a_sentence(tmp_path: Path, capsys) -> None:
    code = main(["policy", "explain", "x", "--database", f"sqlite:///{tmp_path}/none.db"])
    assert code == 1
    assert "There is no Countersign database at this address" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
