"""The one way in: whatever arrives is stored durably and the bell is rung before anybody says thank you."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from time import monotonic

from bot.failpoints import hit
from handlers.answers.say_wait import PATIENCE, wait_for
from handlers.commands import Command
from handlers.effects import SayWait
from handlers.enqueueing import PEOPLE_FIRST
from handlers.ports import Clock, Ids
from handlers.spans import span
from storage.accepting import Accept
from storage.bell import Bell
from storage.database import Database
from storage.errors import UnavailableError
from storage.queue import Effect, Received
from storage.transaction import Transaction

INBOX, OUTBOX = "inbox", "outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How something arrived: *source* and *dedupe_key* tell a repetition, one *order* is handled in sequence.

    Lower *priority* goes first; people go before events. Somebody who *typed* it looks at nothing meanwhile.
    """

    source: str
    dedupe_key: str
    order: str | None = None
    priority: int = 50
    typed: bool = False


class Doorstep:
    """Accepts commands from every door."""

    def __init__(self, database: Database, bell: Bell, clock: Clock, ids: Ids) -> None:
        self._database, self._bell, self._clock, self._ids = database, bell, clock, ids
        self.refused_with = ""
        """The code with which the database refused what arrived last; empty when it was stored."""
        self._being_stored, self._heard_at = 0, monotonic()

    @property
    def stalled_s(self) -> float:
        """Return for how many seconds the database has said nothing though something is to be stored."""
        return monotonic() - self._heard_at if self._being_stored else 0.0

    async def accept(self, command: Command, arrival: Arrival) -> bool:
        """Store *command* and ring; False when it had arrived before. Durable when this returns."""
        received = self._received(command, arrival)
        with span(f"accept {command.type}", received.correlation_id, kind="SERVER", begins=True):
            return await self._begin(command, received, typed=arrival.typed)

    def begin(self, command: Command, arrival: Arrival) -> asyncio.Future[bool]:
        """Have *command* stored and the bell rung; the result is there when that is durable."""
        return self._begin(command, self._received(command, arrival), typed=arrival.typed)

    def _received(self, command: Command, arrival: Arrival) -> Received:
        known_by = self._ids.new()
        return Received(
            id=known_by,
            source=arrival.source,
            dedupe_key=arrival.dedupe_key,
            kind=command.type,
            entity_key=arrival.order,
            body=command.model_dump_json().encode(),
            correlation_id=known_by,
            received_at=self._clock.now(),
            priority=arrival.priority,
        )

    def _begin(self, command: Command, received: Received, *, typed: bool) -> asyncio.Future[bool]:
        wait = wait_for(command, received.received_at) if typed else None
        hit(f"accept.{received.kind}")
        if wait is None:
            stored = self._database.write(Accept(received))
        else:
            stored = self._database.write(lambda tx: self._store(tx, received, wait))
        if not self._being_stored:
            self._heard_at = monotonic()
        self._being_stored += 1
        stored.add_done_callback(partial(self._ring, received.kind))
        return stored

    def _ring(self, kind: str, stored: asyncio.Future[bool]) -> None:
        self._being_stored -= 1
        self._heard_at = monotonic()
        if stored.cancelled():
            return
        error = stored.exception()
        if error is None:
            self.refused_with = ""
            hit(f"accepted.{kind}")
            self._bell.ring(INBOX)
        elif isinstance(error, UnavailableError):
            self.refused_with = error.code

    def _store(self, tx: Transaction, received: Received, wait: SayWait | None) -> bool:
        fresh = tx.inbox.accept(received)
        if fresh and wait:
            effect = Effect(
                id=self._ids.new(),
                idem_key=f"wait:{received.id}",
                kind=wait.type,
                entity_key=None,
                body=wait.model_dump_json().encode(),
                correlation_id=received.correlation_id,
                created_at=received.received_at,
                available_at=received.received_at + PATIENCE,
                priority=PEOPLE_FIRST,
            )
            tx.outbox.enqueue(effect)
        return fresh
