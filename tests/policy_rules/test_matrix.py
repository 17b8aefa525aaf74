"""The lifecycle matrix says what the policy says, for people who never open it."""

from __future__ import annotations

import pytest

from policy.decide import compile_policy, decide
from policy.decision import Outcome, Role
from policy.fact_catalogue import facts_from_flat
from policy.language import parse_policy
from policy.matrix import ACTIONS, CAPABILITIES, STAGES, Matrix, lifecycle_matrix
from policy.matrix_complications import complications, every_complication
from policy.matrix_situations import typical, variants
from policy.matrix_text import answer_words, cell_words, matrix_lines, notes, render_markdown, stops

DRAFTS = """\
  - id: drafts
    reason: Nobody drafts while a donor is thanked.
    when: donor.lifecycle_stage == 'stewardship' && action.capability == 'draft'
    require_approval: {role: manager, count: 1}
"""


@pytest.fixture(scope="module")
def matrix(compiled) -> Matrix:
    return lifecycle_matrix(compiled, 2)


def test_every_action_stage_and_capability_has_its_cell(matrix) -> None:
    assert [(row.action, row.variant, row.stage) for row in matrix.rows] == [
        (action, variant, stage) for action in ACTIONS for variant in variants(action) for stage in STAGES
    ]
    assert all(tuple(cell.capability for cell in row.cells) == CAPABILITIES for row in matrix.rows)


def test_a_cell_is_what_the_policy_decides(matrix, compiled) -> None:
    for row in matrix.rows[::5]:
        for cell in row.cells:
            about = {"donor.lifecycle_stage": row.stage, "action.capability": cell.capability}
            flat = typical(row.action, row.variant, 2)
            decision = decide(compiled, facts_from_flat(flat | about))
            assert (cell.usual.outcome, cell.usual.gates) == (decision.outcome, decision.gate_ids)
            for each in complications(row.action, row.variant) if cell.usual.outcome != "deny" else ():
                other = decide(compiled, facts_from_flat(flat | each.facts | about))
                assert (other.outcome is Outcome.DENY) == (each.id in cell.never_when)
                if each.id == cell.strictest_when:
                    assert (other.outcome, other.approvals) == (
                        cell.strictest.outcome,
                        cell.strictest.approvals,
                    )


def test_the_default_policy_reads_as_it_was_meant(matrix) -> None:
    read = {
        (line.what, line.where): tuple(cell_words(cell) for cell in line.cells)
        for line in matrix_lines(matrix)
    }
    contact = "Plan a follow-up, Keep a drafted message"
    assert read[contact, "acquisition"] == ("yes", "yes", "no", "no")
    assert read[contact, "all but acquisition"][:3] == ("yes", "yes", "yes")
    assert read["Change the stage", "solicitation"] == ("yes", "no", "no", "no")
    assert read["Assign an owner (major gift)", "all but solicitation"] == ("yes", "no", "yes", "no")


def test_phases_differ(matrix, compiled) -> None:
    def note(found: Matrix) -> list[str]:
        row = next(row for row in found.rows if row.action == "add_note" and row.stage == "retention")
        return [answer_words(cell.usual) for cell in row.cells]

    assert note(lifecycle_matrix(compiled, 1)) == ["yes", "yes", "yes", "no"]
    assert note(matrix) == ["yes", "yes", "yes", "owner"]
    assert note(lifecycle_matrix(compiled, 3)) == ["yes", "yes", "yes", "yes"]


def test_what_stops_everything_stands_first_and_no_situation_is_lost(matrix) -> None:
    found = stops(matrix)
    assert str(found[0]).startswith("Whatever the action, not even recommended when ")
    labels = {each.id: each.label for each in every_complication()}
    named = {label for stop in found for label in stop.situations}
    stopping = {
        name for row in matrix.rows if row.variant != "major_gift" for c in row.cells for name in c.never_when
    }
    assert named == {labels[name] for name in stopping}


def test_everything_assumed_is_typed_and_every_complication_changes_something() -> None:
    for action in ACTIONS:
        for variant in variants(action):
            flat = typical(action, variant, 2)
            usual = facts_from_flat(flat)
            assert usual.action.kind == action
            for each in complications(action, variant):
                assert facts_from_flat(flat | each.facts) != usual, each.id


def test_a_rule_about_one_stage_and_capability_is_seen_there_alone(matrix, policy_text) -> None:
    """And two people of one role are counted."""
    two = policy_text.replace(
        "require_approval: {role: manager, count: 1}", "require_approval: {role: manager, count: 2}"
    ).replace("\nguards:\n", f"\nguards:\n{DRAFTS}")
    found = lifecycle_matrix(compile_policy(parse_policy(two, "p")), 2)
    for before, row in zip(matrix.rows, found.rows, strict=True):
        for old, new in zip(before.cells, row.cells, strict=True):
            here = (row.stage, new.capability) == ("stewardship", "draft")
            assert ("drafts" in new.usual.gates) is here
            assert tuple(gate for gate in new.usual.gates if gate != "drafts") == old.usual.gates
    row = next(row for row in found.rows if (row.action, row.stage) == ("assign_owner", "stewardship"))
    assert answer_words(row.cells[3].usual) == "2 of manager and owner"
    assert {need.role: need.count for need in row.cells[3].usual.approvals} == {
        Role.OWNER: 1,
        Role.MANAGER: 2,
    }


def test_the_document_is_the_same_every_time_and_has_no_jargon(matrix) -> None:
    text = render_markdown(matrix)
    assert text == render_markdown(matrix.model_validate_json(matrix.model_dump_json()))
    assert text.count("\n| ") == len(matrix_lines(matrix)) + 2
    for jargon in ("auto_route", "require_approval", "action.", "CEL", "gate", "None", "True"):
        assert jargon not in text, jargon
    assert all(note.endswith(".") for note in notes(matrix))
