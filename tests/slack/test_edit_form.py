"""The edit form: what it carries, and what is read back from it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.inputs import state_values
from bot.slack.cards.edit_form import edit_form_view, entered_edit
from bot.slack.payloads import Submission
from bot.slack.text import pieces
from handlers.outcomes import EditForm, FormField
from policy.editing import DraftEdit, NoteEdit, TaskEdit


def form(*fields: FormField, kind: str = "create_task") -> EditForm:
    return EditForm(
        escalation_id="01KESC",
        revision=3,
        action_kind=kind,
        action_digest="d" * 64,
        donor_name="Jane Doe",
        proposal="Create a task",
        fields=fields,
        channel_id="C1",
    )


def submitted(view: dict[str, Any], **entered: Any) -> Submission:
    values = state_values(view["blocks"], entered)
    inside = {"id": "V1", "hash": "1.a", "callback_id": view["callback_id"], "state": {"values": values}}
    return Submission.model_validate({"user": {"id": "U1"}, "view": inside})


TITLE = FormField(name="title", label="Title", kind="line", value="Call")
DETAILS = FormField(name="details", label="Details", kind="text", value="", most=3000, required=False)
DUE = FormField(name="due_on", label="Due", kind="date", value="2026-11-26")


def test_a_form_carries_ids_and_no_donor() -> None:
    view = edit_form_view(form(TITLE, DETAILS, DUE))
    assert json.loads(view["private_metadata"]) == {
        "escalation_id": "01KESC",
        "revision": 3,
        "action_kind": "create_task",
        "action_digest": "d" * 64,
        "channel_id": "C1",
        "thread_ts": None,
    }
    assert entered_edit("create_task", submitted(view)) == TaskEdit(title="Call", due_on=date(2026, 11, 26))


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=9000))
def test_a_text_of_any_length_comes_back_as_it_was(text: str) -> None:
    assert "".join(pieces(text, 50)) == text
    view = edit_form_view(form(FormField(name="text", label="Note", kind="text", value=text, most=10_000)))
    boxes = [block["element"] for block in view["blocks"] if block["type"] == "input"]
    assert all(len(box["initial_value"].encode("utf-16-le")) // 2 <= 3000 for box in boxes)
    if text.strip():
        assert entered_edit("add_note", submitted(view)) == NoteEdit(text=text)


def test_a_long_text_is_cut_where_no_input_can_lose_anything() -> None:
    parts = pieces(("\U0001f469\u200d\U0001f3a8 word " * 900).strip(), 3000)
    assert len(parts) == 4
    assert all(part == part.strip() for part in parts)
    assert not any(part.startswith("\u200d") or part.endswith("\u200d") for part in parts)


@pytest.mark.parametrize(
    ("kind", "fields", "entered", "problems"),
    [
        ("create_task", (TITLE, DUE), {"title": "  "}, {"cs:edit:title": "Please write something here."}),
        (
            "create_task",
            (TITLE, DUE),
            {"title": "x" * 256},
            {"cs:edit:title": "This is too long: at most 255 characters, and it has 256."},
        ),
        ("create_task", (TITLE, DUE), {"due_on": "soon"}, {"cs:edit:due_on": "Pick a day."}),
        ("create_task", (TITLE, DUE), {"due_on": None}, {"cs:edit:due_on": "Pick a day."}),
        (
            "assign_owner",
            (TITLE,),
            {},
            {"cs:edit:title": "This cannot be used as it is. Please enter it again."},
        ),
        (
            "erase_donor",
            (TITLE,),
            {},
            {"cs:edit:title": "This cannot be used as it is. Please enter it again."},
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_is(
    kind: str, fields: tuple[FormField, ...], entered: dict[str, Any], problems: dict[str, str]
) -> None:
    view = edit_form_view(form(*fields, kind=kind))
    state = {
        f"cs:edit:{name}": {"cs:edited": {"selected_date" if name == "due_on" else "value": value}}
        for name, value in entered.items()
    }
    assert entered_edit(kind, submitted(view, **state)) == problems


def test_a_form_without_its_fields_is_no_edit() -> None:
    bare = Submission.model_validate({"user": {"id": "U1"}, "view": {"id": "V1"}})
    found = entered_edit("draft_message", bare)
    assert not isinstance(found, DraftEdit)
    assert set(found) == {""}, "and is answered as a window nobody knows"
