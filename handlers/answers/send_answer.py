"""Send a stored answer to the person it is for, or post it for a channel."""

from __future__ import annotations

import contextlib

from handlers.answers.threads import remember_thread
from handlers.context import Arrived, Context, Write
from handlers.effects import PostOutcome, SendAnswer
from handlers.outcomes import OUTCOME, Notice
from handlers.ports import MessageRef, OutcomeUnknown, Refused, Unavailable
from storage.answers import Answer
from storage.transaction import Transaction

NO_PLACE = frozenset(
    {
        "is_archived",
        "channel_not_found",
        "not_in_channel",
        "shared_outside",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
    }
)
NOT_SHOWN = Notice(
    text="Slack does not show the answer to what you asked here.",
    next_step="Ask again; if it happens again, tell IT the reference.",
)


async def send_answer(effect: SendAnswer, arrived: Arrived, context: Context) -> Write:
    """Answer privately, where the person asked.

    What Slack does not take is said there, where somebody waits; Refused is raised all the same.
    """
    stored = await context.database.read(lambda tx: tx.answers.get(effect.answer_id))
    if stored is None:
        return lambda _tx: None
    outcome, marker = OUTCOME.validate_json(stored.body), f"answer:{arrived.item_id}"
    try:
        shown = await context.chat.answer(outcome, effect.to, marker, arrived.retry_since)
    except Refused:
        said = NOT_SHOWN.model_copy(update={"reference": arrived.reference})
        with contextlib.suppress(Refused, Unavailable, OutcomeUnknown):
            await context.chat.answer(said, effect.to, f"not_shown:{arrived.item_id}", None)
        raise
    return lambda tx: _remember(tx, arrived, stored, shown, effect.to.thread_ts)


async def post_outcome(effect: PostOutcome, arrived: Arrived, context: Context) -> Write:
    """Post for everybody in the channel, once; where that is closed or shared, for whoever reviews."""
    stored = await context.database.read(lambda tx: tx.answers.get(effect.answer_id))
    if stored is None:
        return lambda _tx: None
    outcome = OUTCOME.validate_json(stored.body)
    marker = f"post:{stored.id}"
    since, review = arrived.retry_since, context.organisation.review_channel
    try:
        shown = await context.chat.post(outcome, effect.channel, marker, since, effect.thread_ts)
    except Refused as refused:
        if refused.code not in NO_PLACE or effect.channel == review:
            raise
        shown = await context.chat.post(outcome, review, marker, since)
    return lambda tx: _remember(tx, arrived, stored, shown, effect.thread_ts)


def _remember(
    tx: Transaction, arrived: Arrived, stored: Answer, shown: MessageRef | None, thread_ts: str | None
) -> None:
    """Note where something stands: for whoever asks on there, and in case a donor is erased.

    A list names many, and belongs to none.
    """
    if shown is not None:
        remember_thread(tx, arrived, stored, shown.channel_id, thread_ts or shown.ts)
        tx.posts.remember(
            shown.channel_id, shown.ts, subject_id=stored.id, donor_id=stored.donor_id, at=arrived.now
        )
