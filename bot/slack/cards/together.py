"""Several small decisions at a time: the window to choose them in, and what became of each."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Message,
    View,
    bullets,
    fine_print,
    header,
    leaf,
    moment,
    option,
    paragraph,
    plain_text,
    rich,
    said,
)
from bot.slack.cards.field_changes import change_lines
from bot.slack.cards.repeats import adds_nothing
from bot.slack.payloads import TogetherPlace
from bot.slack.text import name
from handlers.outcomes import TogetherDone, TogetherForm, TogetherItem, TogetherResult

TITLE = "Decide several"
SUBMIT = "Approve the chosen"
CLOSE = "Cancel"
READING = "Reading your decisions…"
INTRODUCTION = (
    "Small, ordinary decisions that are yours alone. Each one you choose is approved and written by itself, "
    "after the record and the rules were checked again."
)
CHOOSE = "Approve this"
DECIDE_BY = "Decide by "
MORE = "{count} more follow when these are decided. Press the button again."

DONE = "{count} approved"
DONE_AND_NOT = "{count} approved, {left} not"
TAKEN = "approved; its card shows what becomes of it"
REFERENCE = "Reference {reference}"


def together_view(form: TogetherForm) -> View:
    """Return the window; it carries opaque ids only, and none of them is believed."""
    blocks = [rich(paragraph(leaf(INTRODUCTION)))]
    for item in form.items:
        if ids.is_opaque(item.escalation_id):
            blocks += [_item(item), _box(item, checked=form.checked)]
    if form.more:
        blocks.append(fine_print(MORE.format(count=form.more)))
    place = TogetherPlace(channel_id=form.channel_id, thread_ts=form.thread_ts)
    return {
        "type": "modal",
        "callback_id": ids.TOGETHER_VIEW,
        "private_metadata": place.model_dump_json(),
        "title": plain_text(TITLE, 24),
        "submit": plain_text(SUBMIT, 24),
        "close": plain_text(CLOSE, 24),
        "blocks": blocks,
    }


def _item(item: TogetherItem) -> Block:
    fields = [part for each in item.changes for part in (each.field, each.after)]
    proposal = (
        [] if fields and adds_nothing(item.proposal, *fields) else [*said(item.proposal, 300), leaf("\n")]
    )
    heading = [leaf(name(item.donor_name), bold=True), leaf("\n")]
    who = paragraph(*heading, *proposal, leaf(DECIDE_BY), moment(item.due_at))
    return rich(who, bullets(change_lines(item.changes, None))) if item.changes else rich(who)


def _box(item: TogetherItem, *, checked: bool) -> Block:
    choice = option(CHOOSE, ids.CHOSEN_YES)
    element: Block = {"type": "checkboxes", "action_id": ids.CHOSEN, "options": [choice]}
    if checked:
        element["initial_options"] = [choice]
    return {
        "type": "input",
        "block_id": ids.chosen_block(item.escalation_id, item.revision),
        "optional": True,
        "label": plain_text(name(item.donor_name), 200),
        "element": element,
    }


def together_message(done: TogetherDone) -> Message:
    """Tell item by item what became of it."""
    left = sum(1 for each in done.results if each.problem)
    approved = len(done.results) - left
    title = (DONE_AND_NOT if left else DONE).format(count=approved, left=left)
    lines = rich(bullets(_line(each) for each in done.results))
    return Message(title, [header(title), lines, fine_print(REFERENCE.format(reference=done.reference))])


def _line(result: TogetherResult) -> list[Block]:
    who = [leaf(name(result.donor_name), bold=True), leaf(": ")]
    return [*who, *(said(result.problem, 240) if result.problem else [leaf(TAKEN)])]
