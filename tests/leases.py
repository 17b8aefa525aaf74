"""Holding one item, and having the present task stand where it does after its process has stood still.

It stood still for longer than a lease, then.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import select

from bot import lease_keeper as keeping
from storage.lease import Item
from storage.schema import OUTBOX
from storage.transaction import Transaction


def claim_effect(tx: Transaction, kind: str, now: datetime) -> list[Item]:
    """Claim what is due of the effects of that kind, and no other."""
    ids = tx.audit.connection.execute(select(OUTBOX.c.id).where(OUTBOX.c.kind == kind)).scalars().all()
    return tx.outbox.claim(owner="w", now=now, lease=keeping.LEASE, limit=1, ids=ids)


async def _never() -> bool:
    raise AssertionError("nobody asks any more")


def lose_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the lease of what the present task works on be over, and its keeper not have had a turn yet."""
    monkeypatch.setattr(keeping, "HEARTBEAT_S", 3600.0)
    keeping.LeaseKeeper(_never, asyncio.get_running_loop().time() - keeping.HELD_S)
