"""Which donor a conversation is about: remembered where an answer stands, so that people can go on asking."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.commands import ReplyAddress
from handlers.context import Arrived
from handlers.outcomes import Notice
from storage.answers import Answer
from storage.transaction import Transaction

FOLLOWED = ("summary", "timeline", "next_step", "follow_up")
"""Answers about one donor that people ask more about."""

STILL_SPOKEN_OF = timedelta(hours=1)
"""For how long a question outside of any thread is about the donor somebody last asked about."""

_KIND = "thread"
_NOTHING = Notice(text="").model_dump_json().encode()


def remember_thread(tx: Transaction, arrived: Arrived, stored: Answer, channel_id: str, ts: str) -> None:
    """Note that the thread that began at *ts* is about the donor of an answer; the latest one counts."""
    if stored.donor_id is None or stored.kind not in FOLLOWED:
        return
    tx.answers.put(
        Answer(
            id=_id(channel_id, ts),
            kind=_KIND,
            asked_by=stored.asked_by,
            donor_id=stored.donor_id,
            body=_NOTHING,
            created_at=arrived.now,
            correlation_id=arrived.correlation_id,
        )
    )


def donor_spoken_of(tx: Transaction, place: ReplyAddress, now: datetime) -> str | None:
    """Return the donor the thread is about, else whom the person asked about lately."""
    found = tx.answers.get(_id(place.channel_id, place.thread_ts)) if place.thread_ts else None
    if found is None:
        found = tx.answers.latest_of(place.user_id, FOLLOWED, since=now - STILL_SPOKEN_OF)
    return found.donor_id if found else None


def _id(channel_id: str, ts: str) -> str:
    return f"{_KIND}-{channel_id}-{ts}"
