"""Every Slack message that shows an escalation's card: decided in one place, brought up to date in all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, update

from storage.conflict import insert_new
from storage.schema import CARD_PLACES


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPlace:
    """One message; *route* is how the place was named when it was posted there.

    After *ended_at* the message is gone or cannot be changed any more; *ended_why* is Slack's code for it.
    """

    id: str
    escalation_id: str
    channel_id: str
    message_ts: str
    route: str
    shown_at: datetime
    ended_at: datetime | None = None
    ended_why: str | None = None


class CardPlaces:
    """The places of all cards, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, place: CardPlace) -> bool:
        """Remember a message; False when it is known already."""
        return insert_new(self._connection, CARD_PLACES, ("channel_id", "message_ts"), asdict(place))

    def get(self, place_id: str) -> CardPlace | None:
        """Return one place."""
        query = select(CARD_PLACES).where(CARD_PLACES.c.id == place_id)
        row = self._connection.execute(query).mappings().first()
        return _place(row) if row else None

    def living(self, escalation_id: str) -> list[CardPlace]:
        """Return the messages that still show an escalation, the oldest first."""
        table = CARD_PLACES.c
        query = select(CARD_PLACES).where(table.escalation_id == escalation_id, table.ended_at.is_(None))
        rows = self._connection.execute(query.order_by(table.shown_at, table.id)).mappings()
        return [_place(row) for row in rows]

    def hand_over(self, escalation_id: str, successor_id: str) -> None:
        """Let the messages of one escalation show another from now on."""
        table = CARD_PLACES.c
        living = update(CARD_PLACES).where(table.escalation_id == escalation_id, table.ended_at.is_(None))
        self._connection.execute(living.values(escalation_id=successor_id))

    def end(self, channel_id: str, message_ts: str, why: str, now: datetime) -> bool:
        """Note that a message is gone; False when that was known."""
        table = CARD_PLACES.c
        gone = update(CARD_PLACES).where(
            table.channel_id == channel_id, table.message_ts == message_ts, table.ended_at.is_(None)
        )
        return self._connection.execute(gone.values(ended_at=now, ended_why=why)).rowcount == 1


def _place(row: RowMapping) -> CardPlace:
    return CardPlace(**{field.name: row[field.name] for field in fields(CardPlace)})
