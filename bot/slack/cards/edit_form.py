"""The window in which somebody changes a proposal, and what they entered there."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.blocks import Block, View, leaf, option, paragraph, plain_text, rich, said
from bot.slack.payloads import EditPlace, Entered, Submission
from bot.slack.text import name, pieces
from handlers.outcomes import EditForm, FormField
from policy.editing import EDIT, Edit

TITLE = "Edit the proposal"
SUBMIT = "Check my version"
CLOSE = "Cancel"
PROPOSED = "Proposed for {name}: "
NOTHING_YET = "Nothing is written yet: first you see the difference and what policy says about it."
PART = "{label} (part {number} of {count})"
PICK_ONE = "Pick one"
PICK_A_DAY = "Pick a day."
TOO_LONG = "This is too long: at most {most} characters, and it has {count}."
NOT_UNDERSTOOD = "This cannot be used as it is. Please enter it again."
CHECKING_TITLE = "Your version"
CHECKING = "Checking your version against the CRM and the rules…"
BACK = "Back"

MOST_IN_A_BOX = 3000
LONGEST_BOXES = 8
LONG_TEXT = frozenset({"details", "body", "text"})
NOBODY = "nobody"
_BLOCK = re.compile(r"cs:edit:([a-z_]+)(?::(\d+))?")


def edit_form_view(form: EditForm) -> View:
    """Return the window with one input per field; it carries opaque ids only."""
    place = EditPlace(
        escalation_id=form.escalation_id,
        revision=form.revision,
        action_kind=form.action_kind,
        action_digest=form.action_digest,
        channel_id=form.channel_id,
        thread_ts=form.thread_ts,
    )
    proposed = leaf(PROPOSED.format(name=name(form.donor_name)), bold=True)
    blocks = [
        rich(paragraph(proposed, *said(form.proposal, 400), leaf("\n"), leaf(NOTHING_YET, italic=True)))
    ]
    for field in form.fields:
        blocks += _inputs(field)
    return {
        "type": "modal",
        "callback_id": ids.EDIT_VIEW,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(TITLE, 24),
        "submit": plain_text(SUBMIT, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": blocks,
    }


def checking_view(name: str) -> View:
    """Return the window put on top of the form while a version is being checked, known by *name*."""
    return {
        "type": "modal",
        "callback_id": ids.WAITING_VIEW,
        "external_id": name,
        "title": plain_text(CHECKING_TITLE, 24),
        "close": plain_text(BACK, 24),
        "blocks": [rich(paragraph(leaf(CHECKING)))],
    }


def entered_edit(kind: str, submitted: Submission) -> Edit | dict[str, str]:
    """Return what was entered, or what is wrong with it by block id."""
    fields: dict[str, Any] = {}
    blocks: dict[str, str] = {}
    for block_id in sorted(submitted.view.state.values, key=_order):
        known = _BLOCK.fullmatch(block_id)
        if known is None:
            continue
        name = known.group(1)
        value = _value(name, submitted.entered(block_id, ids.EDITED))
        fields[name] = fields[name] + value if name in fields and isinstance(value, str) else value
        blocks.setdefault(name, block_id)
    try:
        return EDIT.validate_python({"kind": kind, **fields})
    except ValidationError as error:
        return _problems(error, fields, blocks)


def _inputs(field: FormField) -> list[Block]:
    too_long = field.kind == "line" and len(pieces(field.value, MOST_IN_A_BOX)) > 1
    if field.kind != "text" and not too_long:
        return [_input(field, f"cs:edit:{field.name}", field.label, _ELEMENTS[field.kind](field))]
    parts = pieces(field.value, MOST_IN_A_BOX)[:LONGEST_BOXES]
    inputs = []
    for number, part in enumerate(parts, 1):
        block_id = f"cs:edit:{field.name}:{number}"
        label = PART.format(label=field.label, number=number, count=len(parts))
        element = _text(part, multiline=True, most=MOST_IN_A_BOX)
        block = _input(field, block_id, label if len(parts) > 1 else field.label, element)
        inputs.append(block | {"optional": not field.required or number > 1})
    return inputs


def _input(field: FormField, block_id: str, label: str, element: dict[str, Any]) -> Block:
    block: Block = {
        "type": "input",
        "block_id": block_id,
        "optional": not field.required,
        "label": plain_text(label, 200),
        "element": element | {"action_id": ids.EDITED},
    }
    return block | {"hint": plain_text(field.hint, 2000)} if field.hint else block


def _text(value: str, *, multiline: bool, most: int) -> dict[str, Any]:
    element = {"type": "plain_text_input", "multiline": multiline, "max_length": most}
    return element | {"initial_value": value} if value else element


def _line(field: FormField) -> dict[str, Any]:
    # Our limit counts characters, Slack's may count an emoji as two: what is there already must fit.
    room = max(field.most, len(field.value.encode("utf-16-le")) // 2)
    return _text(field.value, multiline=False, most=min(room, MOST_IN_A_BOX))


def _date(field: FormField) -> dict[str, Any]:
    return {"type": "datepicker", "initial_date": field.value, "placeholder": plain_text(PICK_A_DAY, 150)}


def _choice(field: FormField) -> dict[str, Any]:
    options = [option(each.label, each.value) for each in field.choices if ids.is_opaque(each.value)][:100]
    chosen = next((each for each in options if each["value"] == field.value), None)
    element: dict[str, Any] = {
        "type": "static_select",
        "placeholder": plain_text(PICK_ONE, 150),
        "options": options,
    }
    return element | {"initial_option": chosen} if chosen else element


_ELEMENTS = {"line": _line, "date": _date, "choice": _choice}


def _order(block_id: str) -> tuple[str, int]:
    known = _BLOCK.fullmatch(block_id)
    return (known.group(1), int(known.group(2) or 0)) if known else (block_id, 0)


def _value(name: str, entered: Entered) -> str | None:
    if entered.selected_option:
        chosen = entered.selected_option.value
        return None if chosen == NOBODY else chosen
    if entered.selected_date:
        return entered.selected_date
    return entered.value or ("" if name in LONG_TEXT else entered.value)


def _problems(error: ValidationError, fields: dict[str, Any], blocks: dict[str, str]) -> dict[str, str]:
    """Say what is wrong beside the field it is about; what concerns no field here concerns the first."""
    somewhere = next(iter(blocks.values()), "")
    found: dict[str, str] = {}
    for each in error.errors():
        name = str(each["loc"][-1]) if each["loc"] else ""
        found.setdefault(blocks.get(name, somewhere), _problem(each, fields.get(name)))
    return found


def _problem(error: Any, value: object) -> str:
    match error["type"]:
        case "value_error":
            return str(error["ctx"]["error"])
        case "string_too_long":
            return TOO_LONG.format(most=error["ctx"]["max_length"], count=len(str(value)))
        case "date_type" | "date_from_datetime_parsing" | "date_parsing":
            return PICK_A_DAY
        case _:
            return NOT_UNDERSTOOD
