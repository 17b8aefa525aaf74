"""Every Slack message that shows an escalation's card: decided in one place, brought up to date in all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from storage.conflict import insert_new
from storage.schema import CARD_PLACES


@dataclass(frozen=True, slots=True)
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
        row = self._connection.execute(_PLACES.where(CARD_PLACES.c.id == place_id)).first()
        return CardPlace(*row) if row else None

    def is_known(self, channel_id: str, message_ts: str) -> bool:
        """Say whether a message shows a card, or did."""
        table = CARD_PLACES.c
        query = select(table.id).where(table.channel_id == channel_id, table.message_ts == message_ts)
        return self._connection.execute(query).first() is not None

    def living(self, escalation_id: str) -> list[CardPlace]:
        """Return the messages that still show an escalation, the oldest first."""
        rows = self._connection.execute(_LIVING, {"of_escalation": escalation_id})
        return [CardPlace(*row) for row in rows]

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


_PLACES = select(*(CARD_PLACES.c[field.name] for field in fields(CardPlace)))
_LIVING = _PLACES.where(
    CARD_PLACES.c.escalation_id == bindparam("of_escalation"), CARD_PLACES.c.ended_at.is_(None)
).order_by(CARD_PLACES.c.shown_at, CARD_PLACES.c.id)
