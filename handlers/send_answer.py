"""Send a stored answer to the person it is for, or post it for a channel."""

from __future__ import annotations

from handlers.context import Arrived, Context, Write
from handlers.effects import PostOutcome, SendAnswer
from handlers.outcomes import OUTCOME
from handlers.ports import MessageRef
from storage.answers import Answer
from storage.transaction import Transaction


async def send_answer(effect: SendAnswer, arrived: Arrived, context: Context) -> Write:
    """Answer privately, where the person asked."""
    stored = await context.database.read(lambda tx: tx.answers.get(effect.answer_id))
    if stored is None:
        return lambda _tx: None
    shown = await context.chat.answer(OUTCOME.validate_json(stored.body), effect.to)
    return lambda tx: _remember(tx, arrived, stored, shown)


async def post_outcome(effect: PostOutcome, arrived: Arrived, context: Context) -> Write:
    """Post for everybody in the channel, once."""
    stored = await context.database.read(lambda tx: tx.answers.get(effect.answer_id))
    if stored is None:
        return lambda _tx: None
    outcome = OUTCOME.validate_json(stored.body)
    marker = f"post:{stored.id}"
    shown = await context.chat.post(outcome, effect.channel, marker, arrived.retry_since, effect.thread_ts)
    return lambda tx: _remember(tx, arrived, stored, shown)


def _remember(tx: Transaction, arrived: Arrived, stored: Answer, shown: MessageRef | None) -> None:
    """Note where something about a donor stands, in case they are erased."""
    if shown is not None and stored.donor_id is not None:
        tx.posts.remember(
            shown.channel_id, shown.ts, subject_id=stored.id, donor_id=stored.donor_id, at=arrived.now
        )
