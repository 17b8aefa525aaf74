"""Storing an answer and sending it on its way."""

from __future__ import annotations

from handlers.commands import ReplyAddress
from handlers.context import Arrived
from handlers.effects import FillWindow, PostOutcome, SendAnswer
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.outcomes import Outcome, Window
from storage.answers import Answer
from storage.transaction import Transaction


def answer(
    tx: Transaction,
    arrived: Arrived,
    outcome: Outcome,
    to: ReplyAddress,
    *,
    donor_id: str | None = None,
    answer_id: str | None = None,
) -> None:
    """Store *outcome* and answer the person it is for."""
    stored = store(tx, arrived, outcome, to.user_id, donor_id, answer_id)
    effect = SendAnswer(answer_id=stored, to=to)
    enqueue(tx, effect, key=f"answer:{stored}", order=None, arrived=arrived, priority=PEOPLE_FIRST)


def fill(
    tx: Transaction,
    arrived: Arrived,
    shown: Window,
    window: str,
    *,
    by: str,
    donor_id: str | None = None,
    pushed: bool = False,
    again: str = "",
) -> None:
    """Store what fills somebody's waiting modal, and fill it; *again* tells a later filling of it apart."""
    stored = store(tx, arrived, shown, by, donor_id, None)
    effect = FillWindow(answer_id=stored, window=window, pushed=pushed)
    enqueue(tx, effect, key=f"window:{window}{again}", order=None, arrived=arrived, priority=PEOPLE_FIRST)


def post(
    tx: Transaction,
    arrived: Arrived,
    outcome: Outcome,
    channel: str,
    *,
    by: str,
    donor_id: str | None = None,
    thread_ts: str | None = None,
) -> None:
    """Store *outcome* and post it for everybody in *channel*."""
    stored = store(tx, arrived, outcome, by, donor_id, None)
    effect = PostOutcome(answer_id=stored, channel=channel, thread_ts=thread_ts)
    enqueue(tx, effect, key=f"post:{stored}", order=f"channel:{channel}", arrived=arrived)


def store(
    tx: Transaction,
    arrived: Arrived,
    outcome: Outcome | Window,
    asked_by: str,
    donor_id: str | None = None,
    answer_id: str | None = None,
) -> str:
    """Keep an answer until it is sent, and return its id."""
    stored = answer_id or arrived.ids.new()
    tx.answers.add(
        Answer(
            id=stored,
            kind=outcome.type,
            asked_by=asked_by,
            donor_id=donor_id,
            body=outcome.model_dump_json().encode(),
            created_at=arrived.now,
            correlation_id=arrived.correlation_id,
        )
    )
    return stored
