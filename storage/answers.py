"""What people asked and were told, and what they thought of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from storage.conflict import insert_or_update
from storage.schema import ANSWERS, FEEDBACK, LEGAL_HOLDS, POSTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as it was shown; *body* is JSON that only the use cases read, *shared_to* a channel."""

    id: str
    kind: str
    asked_by: str
    donor_id: str | None
    body: bytes
    created_at: datetime
    correlation_id: str
    shared_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What one person thinks of one answer or escalation."""

    subject_id: str
    user_id: str
    value: str
    reason: str = ""
    at: datetime


class Answers:
    """The answers given, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, answer: Answer) -> None:
        """Store a new answer."""
        self._connection.execute(insert(ANSWERS).values(asdict(answer)))

    def put(self, answer: Answer) -> None:
        """Store an answer in place of the one with its id, if there is one."""
        insert_or_update(self._connection, ANSWERS, ("id",), asdict(answer))

    def latest_of(self, user_id: str, kinds: Collection[str], since: datetime) -> Answer | None:
        """Return the latest answer of one of *kinds* about a donor that somebody was given *since* then."""
        table = ANSWERS.c
        query = select(ANSWERS).where(
            table.asked_by == user_id,
            table.kind.in_(kinds),
            table.donor_id.is_not(None),
            table.created_at >= since,
        )
        row = self._connection.execute(query.order_by(table.created_at.desc()).limit(1)).mappings().first()
        return Answer(**row) if row else None

    def get(self, answer_id: str) -> Answer | None:
        """Return one answer."""
        query = select(ANSWERS).where(ANSWERS.c.id == answer_id)
        row = self._connection.execute(query).mappings().first()
        return Answer(**row) if row else None

    def has_for(self, correlation_id: str, since: datetime) -> bool:
        """Say whether what is known by *correlation_id*, and was asked at *since*, is answered."""
        mine = (ANSWERS.c.correlation_id == correlation_id, ANSWERS.c.created_at >= since)
        query = select(ANSWERS.c.id).where(*mine).limit(1)
        return self._connection.execute(query).first() is not None

    def mark_shared(self, answer_id: str, channel_id: str) -> bool:
        """Note that the answer was posted to a channel; False when it had been shared before."""
        changed = self._connection.execute(
            update(ANSWERS)
            .where(ANSWERS.c.id == answer_id, ANSWERS.c.shared_to.is_(None))
            .values(shared_to=channel_id)
        )
        return changed.rowcount == 1

    def forget(self, before: datetime) -> int:
        """Forget answers from before that moment with what people thought of them; return how many.

        What is about a donor on legal hold stays, and so does what a message in a channel says of several
        donors: by it the message is found when one of them is erased.
        """
        held = select(LEGAL_HOLDS.c.donor_id)
        of_several = select(POSTS.c.subject_id).where(POSTS.c.donor_id.is_(None))
        over = and_(
            ANSWERS.c.created_at < before,
            or_(ANSWERS.c.donor_id.is_(None), ANSWERS.c.donor_id.not_in(held)),
            ANSWERS.c.id.not_in(of_several),
        )
        ids = select(ANSWERS.c.id).where(over)
        self._connection.execute(delete(FEEDBACK).where(FEEDBACK.c.subject_id.in_(ids)))
        return self._connection.execute(delete(ANSWERS).where(over)).rowcount


class Feedbacks:
    """One opinion per person and subject, the latest one, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, feedback: Feedback) -> None:
        """Store an opinion in place of the person's earlier one."""
        insert_or_update(self._connection, FEEDBACK, ("subject_id", "user_id"), asdict(feedback))

    def of(self, subject_id: str) -> list[Feedback]:
        """Return all opinions on one answer or escalation, the earliest first."""
        query = select(FEEDBACK).where(FEEDBACK.c.subject_id == subject_id)
        ordered = query.order_by(FEEDBACK.c.at, FEEDBACK.c.user_id)
        return [Feedback(**row) for row in self._connection.execute(ordered).mappings()]
