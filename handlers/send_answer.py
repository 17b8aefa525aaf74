"""Send a stored answer to the person it is for, or post it for a channel."""

from __future__ import annotations

from handlers.context import Arrived, Context, Write
from handlers.effects import PostOutcome, SendAnswer
from handlers.outcomes import OUTCOME


async def send_answer(effect: SendAnswer, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Answer privately, where the person asked."""
    stored = await context.database.read(lambda tx: tx.answers.get(effect.answer_id))
    if stored:
        await context.chat.answer(OUTCOME.validate_json(stored.body), effect.to)
    return lambda _tx: None


async def post_outcome(effect: PostOutcome, arrived: Arrived, context: Context) -> Write:
    """Post for everybody in the channel, once."""
    stored = await context.database.read(lambda tx: tx.answers.get(effect.answer_id))
    if stored:
        outcome = OUTCOME.validate_json(stored.body)
        marker = f"post:{stored.id}"
        await context.chat.post(outcome, effect.channel, marker, arrived.retry_since, effect.thread_ts)
    return lambda _tx: None
