"""Tell whoever asked that the answer takes a little longer; most answers come before there is a need to."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.commands import Command, NextStepRequested, SummaryRequested, TimelineRequested
from handlers.context import Arrived, Context, Write
from handlers.effects import SayWait
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.outcomes import Notice
from storage.transaction import Transaction

PATIENCE = timedelta(seconds=2)
"""How long somebody looks at nothing before being told."""

LONG = timedelta(minutes=1)
"""After that nobody can promise a moment: Slack, the CRM or a permission may be missing for hours."""

READING = "Reading {query}’s record. The answer appears here in a moment."
TAKES_LONGER = "The answer about {query} takes longer than it should. Your question is kept."
UNTIL_THEN = "The answer comes by itself. If it cannot wait, look in the CRM, and tell IT the reference."
LONGEST_QUERY = 80


def wait_for(command: Command, now: datetime) -> SayWait | None:
    """Return what is to be said while *command* is not answered; None for what is always answered at once."""
    if not isinstance(command, SummaryRequested | TimelineRequested | NextStepRequested):
        return None
    if not command.query or command.reply_to.response_url is None:
        return None
    return SayWait(query=command.query, asked_at=now, to=command.reply_to)


async def say_wait(effect: SayWait, arrived: Arrived, context: Context) -> Write:
    """Say it, unless the answer is there: once, and once more after a minute, never in place of an answer."""
    answered = await context.database.read(
        lambda tx: tx.answers.has_for(arrived.correlation_id, effect.asked_at)
    )
    if answered:
        return lambda _tx: None
    is_long = arrived.now >= effect.asked_at + LONG
    notice, marker = _notice(effect, arrived, is_long=is_long), f"wait:{arrived.item_id}"
    await context.chat.answer(notice, effect.to, marker, arrived.retry_since)
    if is_long:
        return lambda _tx: None
    return lambda tx: _once_more(tx, effect, arrived)


def _once_more(tx: Transaction, effect: SayWait, arrived: Arrived) -> None:
    key, at = f"wait:{arrived.item_id}:long", effect.asked_at + LONG
    enqueue(tx, effect, key=key, order=None, arrived=arrived, priority=PEOPLE_FIRST, at=at)


def _notice(effect: SayWait, arrived: Arrived, *, is_long: bool) -> Notice:
    query = effect.query if len(effect.query) <= LONGEST_QUERY else f"{effect.query[:LONGEST_QUERY]}…"
    if not is_long:
        return Notice(text=READING.format(query=query))
    said = TAKES_LONGER.format(query=query)
    return Notice(text=said, next_step=UNTIL_THEN, reference=arrived.reference)
