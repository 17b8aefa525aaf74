"""Tell whoever asked that the answer takes a little longer; most answers come before there is a need to."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.commands import Command, NextStepRequested, SummaryRequested, TimelineRequested
from handlers.context import Arrived, Context, Write
from handlers.effects import SayWait
from handlers.outcomes import Notice

PATIENCE = timedelta(seconds=2)
"""How long somebody looks at nothing before being told."""

READING = "Reading {query}’s record. The answer appears here in a moment."
LONGEST_QUERY = 80


def wait_for(command: Command, now: datetime) -> SayWait | None:
    """Return what is to be said while *command* is not answered; None for what is always answered at once."""
    if not isinstance(command, SummaryRequested | TimelineRequested | NextStepRequested):
        return None
    if not command.query or command.reply_to.response_url is None:
        return None
    return SayWait(query=command.query, asked_at=now, to=command.reply_to)


async def say_wait(effect: SayWait, arrived: Arrived, context: Context) -> Write:
    """Say it, unless the answer is there; it is said once, and never in place of an answer."""
    answered = await context.database.read(
        lambda tx: tx.answers.has_for(arrived.correlation_id, effect.asked_at)
    )
    if not answered:
        query = effect.query if len(effect.query) <= LONGEST_QUERY else f"{effect.query[:LONGEST_QUERY]}…"
        notice, marker = Notice(text=READING.format(query=query)), f"wait:{arrived.item_id}"
        await context.chat.answer(notice, effect.to, marker, arrived.retry_since)
    return lambda _tx: None
