"""Look later for a message that Slack took twice, and leave one of it: no history is there at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from handlers.context import Arrived, Context, Write
from handlers.effects import TakeAwayTwins
from handlers.enqueueing import WHEN_QUIET, enqueue
from handlers.outcomes import Notice
from handlers.ports import MessageRef, PerhapsTwice, Refused, Twin
from handlers.record.evidence import record as write_down
from storage.transaction import Transaction

LOOKS = (timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=2), timedelta(hours=12))
"""When to look after the look before: soon for whoever reads it, late for a history that lags for hours."""
CONCLUSIVE_LOOKS = 2
"""One that lists the message that stays lists what came before; another finds what was held up."""

ONCE_IS_ENOUGH = Notice(
    text="This was posted twice, because Slack did not confirm it the first time.",
    next_step="Go on with the other message: only that one is kept up to date.",
)


def look_later(tx: Transaction, arrived: Arrived, doubts: Sequence[PerhapsTwice]) -> None:
    """Look later for what may have been posted twice; what a second attempt finds is the only one."""
    for doubt in doubts:
        if not doubt.found or arrived.attempts > 2:
            _look(
                tx,
                arrived,
                TakeAwayTwins(
                    channel_id=doubt.channel_id,
                    ts=doubt.ts,
                    marker=doubt.marker,
                    since=doubt.since,
                    thread_ts=doubt.thread_ts,
                ),
            )


async def take_away_twins(effect: TakeAwayTwins, arrived: Arrived, context: Context) -> Write:
    """Take away what is there besides the message that stays, but never what a decision is shown at."""
    doubt = PerhapsTwice(effect.channel_id, effect.ts, effect.marker, effect.since, effect.thread_ts)
    try:
        seen = await context.chat.twins(doubt)
    except Refused:  # nobody lets us look there any more
        return lambda _tx: None
    listed = effect.ts is None or any(each.at.ts == effect.ts for each in seen)
    # Whatever is not listed may be gone, and then one of the others is all that is left of it.
    others = [each for each in seen if each.at.ts != effect.ts] if listed else []
    strays = [each for each in others if not await _is_known(each.at, context)]
    taken = [(each, await _take_away(each, context)) for each in strays]

    def write(tx: Transaction) -> None:
        for each, how in taken:
            channel, ts = each.at.channel_id, each.at.ts
            write_down(tx, arrived, "message.twin_taken_away", subject=None, channel=channel, ts=ts, how=how)
        next_look = effect.look + 1
        if next_look < (CONCLUSIVE_LOOKS if listed else len(LOOKS)):
            _look(tx, arrived, effect.model_copy(update={"look": next_look}))

    return write


async def _is_known(at: MessageRef, context: Context) -> bool:
    return await context.database.read(lambda tx: tx.places.is_known(at.channel_id, at.ts))


async def _take_away(twin: Twin, context: Context) -> str:
    try:
        return await context.chat.take_away(ONCE_IS_ENOUGH, twin)
    except Refused as refused:
        return refused.code


def _look(tx: Transaction, arrived: Arrived, effect: TakeAwayTwins) -> None:
    enqueue(
        tx,
        effect,
        key=f"twins:{effect.channel_id}:{effect.ts}:{effect.marker}:{effect.look}",
        order=None,
        arrived=arrived,
        priority=WHEN_QUIET,
        at=arrived.now + LOOKS[effect.look],
    )
