"""Having the present task stand where it does after its process has stood still for longer than a lease."""

from __future__ import annotations

import asyncio

import pytest

from bot import lease_keeper as keeping


async def _never() -> bool:
    raise AssertionError("nobody asks any more")


def lose_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the lease of what the present task works on be over, and its keeper not have had a turn yet."""
    monkeypatch.setattr(keeping, "HEARTBEAT_S", 3600.0)
    keeping.LeaseKeeper(_never, asyncio.get_running_loop().time() - keeping.HELD_S)
