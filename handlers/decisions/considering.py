"""How a decision was considered: measured when it is made, and told first to whoever made it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from handlers.answers.answering import answer
from handlers.commands import ReplyAddress
from handlers.context import Arrived
from handlers.outcomes import ConsideredShown, EscalationCard, Notice
from handlers.proposals.escalation_view import card_of
from handlers.record.judging import note_judgement
from policy.actions import UndoPromise
from policy.canonical import digest
from policy.considered import (
    Considered,
    figures_of,
    is_faster_than_reading,
    reading_seconds,
)
from storage.considerations import Consideration, Showing
from storage.escalations import Escalation
from storage.transaction import Transaction

WINDOW = timedelta(days=28)
A_WEEK = timedelta(days=7)
MOST_TOLD_A_WEEK = 3
APPROVALS = ("approved", "edited")
FASTER = "You approved in {seconds} s; the card takes about {reading} s to read."
UNDO_IS_THERE = "Undo is on the card. Only you see this line."
NO_UNDO = "Please look at the card once more. Only you see this line."


def content_of(card: EscalationCard) -> str:
    """Return a digest of what there is to read on *card*: a deadline or place that moved is no new text."""
    still = {"due_at": card.created_at, "decider": "", "route": "", "put_off": ()}
    return digest(card.model_copy(update=still))


def mark_of(card: EscalationCard) -> str:
    """Return the mark by which a click tells what its card said; short, since it travels with every card."""
    return content_of(card)[:12]


def note_shown(tx: Transaction, arrived: Arrived, escalation: Escalation, words: int) -> None:
    """Remember when what is on an open card was first put before people, and how many words it has."""
    content = content_of(card_of(escalation))
    tx.considerations.note_showing(
        Showing(escalation_id=escalation.id, content=content, words=words, shown_at=arrived.now)
    )


def consider(
    tx: Transaction,
    arrived: Arrived,
    before: Escalation,
    user_id: str,
    decision: str,
    *,
    words_changed: int | None = None,
    tell: ReplyAddress | None = None,
) -> dict[str, Any]:
    """Measure somebody's *decision* about the card of *before*, and return it for the audit entry.

    Known is when the card was posted, not when somebody first looked at it: the person had at most the time
    given. With *tell*, somebody who approved faster than the card can be read is told so, a few times a week.
    """
    card = card_of(before)
    showing = tx.considerations.showing(before.id, content_of(card))
    seconds = max(0, int((arrived.now - showing.shown_at).total_seconds())) if showing else None
    words = showing.words if showing else None
    looks = tx.considerations.looks(before.id, user_id)
    faster = decision in APPROVALS and is_faster_than_reading(seconds, words)
    told = faster and tell is not None and _may_tell(tx, user_id, arrived.now)
    tx.considerations.add(
        Consideration(
            id=arrived.ids.new(),
            escalation_id=before.id,
            user_id=user_id,
            decision=decision,
            action_kind=before.action.kind,
            at=arrived.now,
            seconds=seconds,
            words=words,
            looked=bool(looks),
            words_changed=words_changed,
            faster=faster,
            told=told,
        )
    )
    note_judgement(tx, arrived, before, card.confidence, card.origin, accepted=decision == "approved")
    if told and tell is not None:
        answer(tx, arrived, _line(card, seconds or 0, words or 0), tell)
    return {
        "seconds_since_shown": seconds,
        "words_on_card": words,
        "reading_seconds": reading_seconds(words) if words is not None else None,
        "opened_before": [look.value for look in looks],
        "words_changed": words_changed,
        "faster_than_reading": faster,
    }


def _may_tell(tx: Transaction, user_id: str, now: datetime) -> bool:
    return tx.considerations.told_since(user_id, now - A_WEEK) < MOST_TOLD_A_WEEK


def _line(card: EscalationCard, seconds: int, words: int) -> Notice:
    text = FASTER.format(seconds=seconds, reading=reading_seconds(words))
    return Notice(text=text, next_step=UNDO_IS_THERE if card.undo is UndoPromise.EXACT else NO_UNDO)


def considered_by(tx: Transaction, user_id: str, now: datetime) -> ConsideredShown:
    """Return how somebody considered their decisions of the last four weeks, for their own eyes only."""
    since = now - WINDOW
    own = [_counted(each) for each in tx.considerations.of_person(user_id, since, now)]
    return ConsideredShown(since=since, figures=figures_of(own))


def _counted(each: Consideration) -> Considered:
    return Considered(
        seconds=each.seconds,
        looked=each.looked,
        edited=each.words_changed is not None,
        faster=each.faster,
    )
