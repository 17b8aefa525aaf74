"""How decisions were considered: what was shown when, who looked further, and how long each one took."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import Connection, func, insert, select

from storage.conflict import insert_new
from storage.schema import CARD_SHOWINGS, CONSIDERATIONS, LOOKS


@unique
class Look(StrEnum):
    """What somebody opened beyond the card."""

    EVIDENCE = "evidence"
    FULL_TEXT = "full_text"
    EDIT_FORM = "edit_form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A card's *content* (a digest) as it was first shown, and how many *words* it had on it."""

    escalation_id: str
    content: str
    words: int
    shown_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Consideration:
    """One decision of a Slack user: *seconds* since its card was shown, None when that is not known.

    *looked* means that the person opened more than the card before, *faster* that the card cannot have been
    read, *told* that the person was told so. *words_changed* is the size of an edit.
    """

    id: str
    escalation_id: str
    user_id: str
    decision: str
    action_kind: str
    at: datetime
    seconds: int | None
    words: int | None
    looked: bool
    words_changed: int | None
    faster: bool
    told: bool


class Considerations:
    """What is known about how decisions were considered, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note_showing(self, showing: Showing) -> None:
        """Remember when a content was first shown; later showings of the same do not count."""
        keys = ("escalation_id", "content")
        insert_new(self._connection, CARD_SHOWINGS, keys, asdict(showing))

    def showing(self, escalation_id: str, content: str) -> Showing | None:
        """Return when that content of a card was first shown, None when nobody noted it."""
        table = CARD_SHOWINGS.c
        query = select(CARD_SHOWINGS).where(table.escalation_id == escalation_id, table.content == content)
        row = self._connection.execute(query).mappings().first()
        return Showing(**row) if row else None

    def note_look(self, escalation_id: str, user_id: str, what: Look, at: datetime) -> None:
        """Remember that somebody opened more than the card; the first time counts."""
        look = {"escalation_id": escalation_id, "user_id": user_id, "what": what.value, "at": at}
        insert_new(self._connection, LOOKS, ("escalation_id", "user_id", "what"), look)

    def looks(self, escalation_id: str, user_id: str) -> tuple[Look, ...]:
        """Return what somebody opened about a decision, in alphabetical order."""
        table = LOOKS.c
        query = select(table.what).where(table.escalation_id == escalation_id, table.user_id == user_id)
        return tuple(sorted(Look(what) for what in self._connection.execute(query).scalars()))

    def add(self, consideration: Consideration) -> None:
        """Store how one decision was considered."""
        self._connection.execute(insert(CONSIDERATIONS).values(asdict(consideration)))

    def told_since(self, user_id: str, since: datetime) -> int:
        """Return how often somebody was told about a decision faster than reading."""
        table = CONSIDERATIONS.c
        query = select(func.count()).where(table.user_id == user_id, table.at >= since, table.told.is_(True))
        return int(self._connection.execute(query).scalar_one())

    def of_person(self, user_id: str, start: datetime, end: datetime) -> list[Consideration]:
        """Return somebody's decisions from *start* until before *end*, the oldest first."""
        table = CONSIDERATIONS.c
        query = select(CONSIDERATIONS).where(table.user_id == user_id, table.at >= start, table.at < end)
        rows = self._connection.execute(query.order_by(table.at, table.id)).mappings()
        return [Consideration(**row) for row in rows]
