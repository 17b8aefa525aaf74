"""The windows in which somebody says why a proposal is not approved, or why a record cannot be put right."""

from __future__ import annotations

from typing import Any

from bot.slack import ids
from bot.slack.blocks import Block, View, leaf, option, paragraph, plain_text, rich, said
from bot.slack.payloads import OverridePlace
from bot.slack.text import name
from handlers.outcomes import OverrideForm
from policy.override_reasons import LONGEST_TEXT, Override

TITLES = {
    Override.DECLINE: "Decline",
    Override.ESCALATE: "Escalate further",
    Override.SEND_BACK: "Send back",
}
SUBMITS = {
    Override.DECLINE: "Decline",
    Override.ESCALATE: "Pass it on",
    Override.SEND_BACK: "Send back",
}
INTRODUCTIONS = {
    Override.DECLINE: "You decline for {name}: ",
    Override.ESCALATE: "You pass on the decision for {name}: ",
    Override.SEND_BACK: "You send back the proposal for {name}: ",
}
CONSEQUENCES = {
    Override.DECLINE: "Nothing is written to the CRM, and nobody is asked again.",
    Override.ESCALATE: "Somebody else decides, with the full time for it. Your card shows what comes of it.",
    Override.SEND_BACK: "The record goes to whoever puts records right. A fresh card follows after that.",
}
ASKED = {
    Override.DECLINE: "Why not?",
    Override.ESCALATE: "Why does somebody else have to decide?",
    Override.SEND_BACK: "What has to be put right?",
}
WORDS = {
    Override.DECLINE: "In your own words",
    Override.ESCALATE: "A note for whoever decides",
    Override.SEND_BACK: "What exactly is wrong or missing",
}
CHOOSE = "Choose a reason"
TO_WHOM = "To whom?"
SOMEBODY = "Choose a colleague"
CANCEL = "Cancel"
READING = "Reading the proposal…"

CANNOT_TITLE = "Cannot be fixed"
CANNOT_LABEL = "Why can it not be put right?"
CANNOT_HINT = "Whoever asked for it reads this; a decision that waits is made with the record as it is."
CANNOT_SUBMIT = "Give it back"


def override_form_view(form: OverrideForm) -> View:
    """Return the window; it carries opaque ids only."""
    place = OverridePlace(
        override=form.override,
        about=form.escalation_id,
        channel_id=form.channel_id,
        thread_ts=form.thread_ts,
    )
    introduction = leaf(INTRODUCTIONS[form.override].format(name=name(form.donor_name)), bold=True)
    blocks = [
        rich(
            paragraph(
                introduction,
                *said(form.proposal, 400),
                leaf("\n"),
                leaf(CONSEQUENCES[form.override], italic=True),
            )
        )
    ]
    if form.override is Override.ESCALATE:
        blocks.append(_to_whom(form))
    blocks += [_reason(form), _words(WORDS[form.override], optional=True)]
    return _modal(ids.OVERRIDE_VIEW, place, TITLES[form.override], SUBMITS[form.override], blocks)


def cannot_fix_view(place: OverridePlace) -> View:
    """Return the window in which somebody says why a record cannot be put right."""
    words = _words(CANNOT_LABEL, optional=False) | {"hint": plain_text(CANNOT_HINT, 200)}
    return _modal(ids.CANNOT_FIX_VIEW, place, CANNOT_TITLE, CANNOT_SUBMIT, [words])


def _modal(callback_id: str, place: OverridePlace, title: str, submit: str, blocks: list[Block]) -> View:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(title, 24),
        "submit": plain_text(submit, 24),
        "close": plain_text(CANCEL, 24),
        "blocks": blocks,
    }


def _to_whom(form: OverrideForm) -> Block:
    element: dict[str, Any] = {
        "type": "users_select",
        "action_id": ids.TO_USER,
        "placeholder": plain_text(SOMEBODY, 150),
    }
    if form.next_user_id and ids.is_opaque(form.next_user_id):
        element["initial_user"] = form.next_user_id
    block: Block = {
        "type": "input",
        "block_id": ids.TO_BLOCK,
        "optional": bool(form.next_hint),
        "label": plain_text(TO_WHOM, 200),
        "element": element,
    }
    return block | {"hint": plain_text(form.next_hint, 200)} if form.next_hint else block


def _reason(form: OverrideForm) -> Block:
    return {
        "type": "input",
        "block_id": ids.REASON_BLOCK,
        "label": plain_text(ASKED[form.override], 200),
        "element": {
            "type": "static_select",
            "action_id": ids.REASON,
            "placeholder": plain_text(CHOOSE, 150),
            "options": [option(reason.label, reason.value) for reason in form.reasons],
        },
    }


def _words(label: str, *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": ids.WORDS_BLOCK,
        "optional": optional,
        "label": plain_text(label, 200),
        "element": {
            "type": "plain_text_input",
            "action_id": ids.WORDS,
            "multiline": True,
            "max_length": LONGEST_TEXT,
        },
    }
