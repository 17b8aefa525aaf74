"""A record that waits to be put right, apart from the decisions: what is wrong, who asks, since when."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Leaf,
    Message,
    actions,
    button,
    divider,
    fine_print,
    leaf,
    moment,
    paragraph,
    person,
    rich,
    safe_url,
    said,
)
from bot.slack.cards.donor_line import donor_blocks
from bot.slack.cards.who import acting
from bot.slack.text import for_notification, name
from handlers.outcomes import CleanupListShown, CleanupShown
from policy.cleanup import CleanupState

TITLES = {
    CleanupState.OPEN: "Put right: {name}",
    CleanupState.LOOKING: "Looking again: {name}",
    CleanupState.FIXED: "Put right: {name}",
    CleanupState.NOT_FIXED: "Not put right: {name}",
}
ASKS = " asks since "
SAYS = " says since "
ALSO = " said so too, "
FOR = "For "
STEWARDS = "For whoever looks after records. "
WAITS = "Waiting for it: "
SAID_OF_A_TEXT = "Said of a text of mine. Whoever said it hears from me when this is done."
FIXED, FIXED_REPORT = "Fixed, look again", "Fixed"
CANNOT = "Cannot be fixed…"
SAYS_FIXED = " says that this is fixed, "
LOOKING = ". The record is being looked at again."
COULD_NOT = " could not put this right, "
NOTHING_WRITTEN = "Put the record right in the CRM itself, then press a button. Reference {reference}"

LIST_TITLE = "Records to put right ({count})"
LIST_EMPTY = "No record waits to be put right."
OWN_EMPTY = "None of the records that you sent back is still waiting."
LIST_NOTIFICATION = "Records to put right"
MORE = "and {count} more; the oldest come first"
BEING_LOOKED_AT = " (said to be fixed, being looked at)"


def cleanup_message(shown: CleanupShown) -> Message:
    """Return the card as it stands now; only an open one can be answered."""
    title = TITLES[shown.state]
    blocks = donor_blocks(shown.donor, title)
    blocks += [rich(_wrong(shown), *_answered(shown)), divider(), rich(_waiting(shown))]
    if shown.state is CleanupState.OPEN:
        blocks += [
            actions(
                f"cs:cleanup:{shown.item_id}",
                button(FIXED if shown.waiting else FIXED_REPORT, ids.FIXED, shown.item_id, style="primary"),
                button(CANNOT, ids.CANNOT_FIX, shown.item_id),
            ),
            fine_print(NOTHING_WRITTEN.format(reference=shown.reference)),
        ]
    return Message(for_notification(title.format(name=name(shown.donor.name))), blocks)


def cleanup_list_message(shown: CleanupListShown) -> Message:
    """Return the records that wait, the oldest first."""
    if not shown.items:
        empty = OWN_EMPTY if shown.only_own else LIST_EMPTY
        return Message(LIST_NOTIFICATION, [rich(paragraph(leaf(empty)))])
    title = leaf(LIST_TITLE.format(count=len(shown.items) + shown.more), bold=True)
    blocks: list[Block] = [rich(paragraph(title)), *(rich(_line(item)) for item in shown.items)]
    if shown.more:
        blocks.append(fine_print(MORE.format(count=shown.more)))
    return Message(LIST_NOTIFICATION, blocks)


def _wrong(shown: CleanupShown) -> dict[str, object]:
    for_whom = [leaf(STEWARDS)]
    if shown.steward_user_id and shown.steward_user_id.isalnum():
        for_whom = [leaf(FOR), person(shown.steward_user_id), leaf(". ")]
    return paragraph(*for_whom, *_asks(shown))


def _asks(shown: CleanupShown) -> list[Leaf]:
    who = acting(shown.asked_by_user_id, shown.asked_by, shown.asked_for)
    leaves = [*who, leaf(ASKS if shown.waiting else SAYS), moment(shown.asked_at), leaf(": ")]
    leaves += said(shown.reason, 200, bold=True)
    if shown.text:
        leaves += [leaf("\n"), *said(f"“{shown.text}”", 1500, url=safe_url(shown.donor.record_url))]
    for each in shown.also:
        leaves += [leaf("\n"), *acting(each.user_id, each.name), leaf(ALSO), moment(each.at), leaf(": ")]
        leaves += said(each.reason, 200, bold=True)
    return leaves


def _answered(shown: CleanupShown) -> list[dict[str, object]]:
    if shown.state is CleanupState.OPEN or shown.answered_at is None:
        return []
    did = COULD_NOT if shown.state is CleanupState.NOT_FIXED else SAYS_FIXED
    leaves = [leaf("\n"), *acting(shown.answered_by_user_id, shown.answered_by), leaf(did)]
    leaves.append(moment(shown.answered_at))
    if shown.state is CleanupState.LOOKING:
        leaves.append(leaf(LOOKING))
    elif shown.answer:
        leaves += [leaf(": "), *said(shown.answer, 1500)]
    return [paragraph(*leaves)]


def _waiting(shown: CleanupShown) -> dict[str, object]:
    if not shown.waiting:
        return paragraph(leaf(SAID_OF_A_TEXT))
    return paragraph(leaf(WAITS), *said(shown.waiting, 400, url=safe_url(shown.donor.record_url)))


def _line(shown: CleanupShown) -> dict[str, object]:
    state = [leaf(BEING_LOOKED_AT, italic=True)] if shown.state is CleanupState.LOOKING else []
    return paragraph(leaf(name(shown.donor.name), bold=True), leaf(": "), *_asks(shown), *state)
