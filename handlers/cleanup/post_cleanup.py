"""Post a record that has to be put right, or bring its card up to date."""

from __future__ import annotations

import contextlib

from handlers.cleanup.cleanup_queue import cleanup_of
from handlers.context import Arrived, Context, Write
from handlers.effects import ShowCleanup
from handlers.outcomes import Notice
from handlers.ports import MessageRef, Refused, Unavailable
from handlers.proposals.card_places import ALREADY_GONE
from handlers.record.evidence import record as write_down
from storage.cleanup import CleanupItem
from storage.transaction import Transaction

SHOWN_ANEW = Notice(
    text="A newer message shows this record to put right.", next_step="/donor cleanup lists those that wait."
)


async def post_cleanup(effect: ShowCleanup, arrived: Arrived, context: Context) -> Write:
    """Show the item where it is, else anew in its channel, else in the review channel."""
    item = await context.database.read(lambda tx: tx.cleanup.get(effect.item_id))
    if item is None:
        return lambda _tx: None
    shown, rerouted = await _show(item, arrived, context)
    before = _place(item)
    if before and shown != before and rerouted not in ALREADY_GONE:
        with contextlib.suppress(Refused, Unavailable):
            await context.chat.replace(SHOWN_ANEW, before)

    def write(tx: Transaction) -> None:
        if shown != before:
            tx.cleanup.set_message(item.id, shown.channel_id, shown.ts)
        if rerouted:
            write_down(
                tx,
                arrived,
                "cleanup.rerouted",
                subject=item.donor_id,
                correlation_id=item.correlation_id,
                escalation_id=item.escalation_id,
                reason=rerouted,
            )

    return write


async def _show(item: CleanupItem, arrived: Arrived, context: Context) -> tuple[MessageRef, str]:
    card, marker = cleanup_of(item), f"cleanup:{item.id}"
    route, review = item.route, context.organisation.review_channel
    refusals: list[Refused] = []
    for place, channel in dict.fromkeys([(_place(item), route), (None, route), (None, review)]):
        try:
            shown = await context.chat.show_cleanup(card, place, channel, marker, arrived.retry_since)
        except Refused as refused:
            refusals.append(refused)
        else:
            return shown, refusals[0].code if refusals else ""
    raise refusals[-1]


def _place(item: CleanupItem) -> MessageRef | None:
    if item.channel_id is None or item.message_ts is None:
        return None
    return MessageRef(item.channel_id, item.message_ts)
