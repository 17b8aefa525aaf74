"""Computing over a donor's whole record without keeping everybody else waiting where it is long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from handlers.context import Context
from policy.canonical import digest
from policy.donor import DonorRecord
from policy.facts import DonorFacts, compute_facts

T = TypeVar("T")

LONG = 500
"""A record with more gifts and contacts than these takes so long that it is computed in a thread."""


async def donor_facts(record: DonorRecord, context: Context) -> DonorFacts:
    """Return the donor's facts as of today."""
    today, conventions = context.today(), context.conventions()
    return await _beside(record, lambda: compute_facts(record, today, conventions))


async def digest_of(record: DonorRecord) -> str:
    """Return the digest of the record."""
    return await _beside(record, lambda: digest(record))


async def _beside(record: DonorRecord, compute: Callable[[], T]) -> T:
    is_long = len(record.gifts) + len(record.interactions) > LONG
    return await asyncio.to_thread(compute) if is_long else compute()
