"""The two queues that are worked through: what arrived, and what is to leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from bot.doorstep import INBOX, OUTBOX
from handlers.commands import COMMAND
from handlers.effects import EFFECT
from handlers.tables import ARRIVALS, DEPARTURES, Handler
from storage.lease import LeasedQueue
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Lane:
    """One of the two queues with what reads its items and what handles them."""

    name: str
    queue: Callable[[Transaction], LeasedQueue]
    read: TypeAdapter[Any]
    handlers: Mapping[type[Any], Handler]


INBOUND = Lane(INBOX, lambda tx: tx.inbox, COMMAND, ARRIVALS)
OUTBOUND = Lane(OUTBOX, lambda tx: tx.outbox, EFFECT, DEPARTURES)
