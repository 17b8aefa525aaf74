"""`countersign policy check | test | facts | matrix`: exit codes, JSON, and colours on terminals only."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bot.cli import main
from tests.cli.recorded import DEFAULT

BAD = """\
policy: 1
title: Bad
guards:
  - {id: one, reason: Some reason., when: donr.tier == 'x', deny: true}
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["policy", *arguments])
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    return code, shown.out, shown.err


def test_a_valid_policy_is_named_with_its_version(capsys) -> None:
    code, out, err = run(capsys, "check")
    assert (code, err) == (0, "")
    assert out.startswith("Countersign default policy: 6 grants, ")
    plain = json.loads(run(capsys, "check", "--json")[1])
    assert (plain["ok"], plain["faults"], plain["grants"]) == (True, [], 6)
    assert plain["version"][:12] in out


def test_faults_go_to_standard_error_or_into_json(tmp_path: Path, capsys) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(BAD)
    code, out, err = run(capsys, "check", str(path))
    assert (code, out) == (1, "")
    assert err == f"{path}:4:43: there is no fact donr.tier (did you mean donor.tier?)\n"
    code, out, _ = run(capsys, "check", str(path), "--json")
    assert code == 1
    assert json.loads(out) == {
        "ok": False,
        "faults": [
            {
                "file": str(path),
                "line": 4,
                "column": 43,
                "message": "there is no fact donr.tier",
                "suggestion": "did you mean donor.tier?",
            }
        ],
    }


@pytest.mark.parametrize(
    ("name", "why"), [("none.yaml", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, capsys, name: str, why: str) -> None:
    path = tmp_path / name
    assert run(capsys, "check", str(path)) == (1, "", f"{path}: {why}\n")


def test_a_change_that_no_case_notices_fails_the_test(tmp_path: Path, capsys) -> None:
    text = (DEFAULT / "cases.yaml").read_text()
    case = text.index("  - name: A consent of two years ago counts")
    (tmp_path / "policy.yaml").write_text((DEFAULT / "policy.yaml").read_text())
    (tmp_path / "cases.yaml").write_text(text[:case] + text[text.index("  - name:", case + 5) :])
    code, out, _ = run(capsys, "test", str(tmp_path / "policy.yaml"))
    assert code == 1
    assert "consent_not_current: no case notices when" in out
    assert "consent.days_since_captured >= 730" in out
    found = json.loads(run(capsys, "test", str(tmp_path / "policy.yaml"), "--json")[1])
    assert {each["gate"] for each in found["mutations"]["survivors"]} == {"consent_not_current"}
    assert run(capsys, "test", str(tmp_path / "policy.yaml"), "--no-mutations")[0] == 0


def test_cases_are_looked_for_beside_the_policy(tmp_path: Path, capsys) -> None:
    (tmp_path / "mine.yaml").write_text((DEFAULT / "policy.yaml").read_text())
    code, _, err = run(capsys, "test", str(tmp_path / "mine.yaml"))
    assert code == 1
    assert "Name the file of cases" in err


def test_the_matrix_is_a_table_a_document_and_data(capsys) -> None:
    code, out, _ = run(capsys, "matrix", "--phase", "3")
    assert code == 0
    assert "Put before somebody" in out
    assert "rollout phase 3" in out
    assert run(capsys, "matrix", "--markdown")[1].startswith("# Countersign default policy\n")
    rows = json.loads(run(capsys, "matrix", "--json")[1])["rows"]
    assert {row["stage"] for row in rows} >= {"acquisition", "reactivation"}


def test_the_facts_are_listed_for_people_and_programs(capsys) -> None:
    assert "`donor.tier`" in run(capsys, "facts")[1]
    assert {"name", "kind", "description"} <= set(json.loads(run(capsys, "facts", "--json")[1])["facts"][0])


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [(None, True), ("1", False)])
def test_a_terminal_gets_colours_unless_it_asks_for_none(monkeypatch, no_color, coloured: bool) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    terminal = _Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    assert main(["policy", "check"]) == 0
    assert ("\x1b[32m" in terminal.getvalue()) is coloured
