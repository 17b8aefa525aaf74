"""`countersign policy backtest`: from the audit log to what a change would have done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import main
from tests.cli.recorded import DEFAULT, database_of

ASK = {"action.is_ask": True, "action.purpose": "fundraising"}
LARGE = {"action.amount": 2_500_000, "action.currency": "USD", "action.is_major_gift": True}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> str:
    asked = ASK | LARGE | {"action.major_gift_threshold": 1_000_000, "cadence.days_since_ask": 25}
    decisions = [
        {},
        asked | {"owner": "staff-omar", "old": True},
        {"donor": "gone"},
        {"without": "door.kind"},
        {"cadence.days_since_ask": 25},
    ]
    return database_of(tmp_path_factory.mktemp("recorded"), decisions, erased=["gone"])


@pytest.fixture
def looser(tmp_path: Path) -> str:
    text = (DEFAULT / "policy.yaml").read_text()
    path = tmp_path / "looser.yaml"
    path.write_text(text.replace("cadence.days_since_ask < 30", "cadence.days_since_ask < 20"))
    return str(path)


def backtest(recorded: str, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["policy", "backtest", *arguments, "--database", recorded])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_report_names_who_and_what_a_looser_rule_touches(recorded, looser, capsys) -> None:
    code, out, err = backtest(recorded, capsys, looser)
    assert (code, err) == (0, "")
    assert "Of 3 recorded decisions, 1 would be answered less strictly and 0 more strictly.\n" in out
    assert "1 were refused and would now be possible.\n" in out
    assert "Less strict: 1 decision, 1 donor, 1 officer, $25,000\n" in out
    assert (
        "    2026-11-02  entry-1  donor-1  Plan a follow-up, carried out, stewardship ($25,000): no → owner\n"
    ) in out
    assert "    asked_recently: changed; matched 1 before, 0 after\n" in out
    assert "    1: the donor was erased, or the time of keeping is over.\n" in out
    assert "    1: the facts were recorded in another form and are never guessed.\n" in out
    assert "\x1b" not in out


def test_the_same_inputs_give_the_same_bytes(recorded, looser, capsys) -> None:
    first, second = (backtest(recorded, capsys, looser, "--json") for _ in range(2))
    assert first == second
    report = json.loads(first[1])
    assert sum(each["decisions"] for each in report["transitions"]) == report["replayed"] == 3
    assert report["loosened"]["officers"] == [{"owner_id": "staff-omar", "decisions": 1, "donors": 1}]
    assert [each["why"] for each in report["not_replayed"]] == ["erased", "facts_of_another_version"]


def test_the_other_way_round_it_is_stricter(recorded, looser, capsys) -> None:
    shipped = str(DEFAULT / "policy.yaml")
    code, out, _ = backtest(recorded, capsys, shipped, "--against", looser)
    assert code == 0
    assert "0 would be answered less strictly and 1 more strictly" in out
    assert "Stricter: 1 decision, 1 donor, 1 officer, $25,000\n" in out


def test_a_gate_in_a_pipeline_can_refuse_what_loosens(recorded, looser, capsys) -> None:
    assert backtest(recorded, capsys, looser, "--fail-if-loosened")[0] == 1
    assert backtest(recorded, capsys, str(DEFAULT / "policy.yaml"), "--fail-if-loosened")[0] == 0


def test_only_since_a_day(recorded, looser, capsys) -> None:
    _, out, _ = backtest(recorded, capsys, looser, "--since", "2026-11-03")
    assert "No recorded decision could be replayed" in out
    code, _, err = backtest(recorded, capsys, looser, "--since", "tomorrow")
    assert (code, err) == (1, "tomorrow is no day; write it as 2026-11-24.\n")


def test_a_policy_with_faults_is_not_rehearsed(recorded, tmp_path: Path, capsys) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("policy: 1\ntitle: Bad\nguards: [{id: one_gate}]\n")
    code, out, err = backtest(recorded, capsys, str(path))
    assert (code, out) == (1, "")
    assert err.startswith(f"{path}:3:")
