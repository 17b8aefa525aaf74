"""The two queues by their names."""

from __future__ import annotations

from typing import Literal

from storage.lease import LeasedQueue
from storage.transaction import Transaction

QueueName = Literal["inbox", "outbox"]


def queues(tx: Transaction) -> tuple[tuple[QueueName, LeasedQueue], ...]:
    """Return both queues with their names."""
    return (("inbox", tx.inbox), ("outbox", tx.outbox))
