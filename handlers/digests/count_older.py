"""Count, once, the audit entries that were written before interactions were counted as they happen."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from functools import partial

from handlers.context import Context
from policy.counted_entries import COUNTED_KINDS
from storage.counting import UNCOUNTED, count_entries
from storage.tallies import MATTER
from storage.transaction import Transaction

log = logging.getLogger(__name__)

PAGE = 1000


async def count_older_entries(context: Context) -> int:
    """Count page by page, each in a transaction of its own, and return how many; a second run counts none."""
    counted = 0
    while (found := await context.database.write(partial(_count_page, context.clock.now()))) is not None:
        counted += found
    if counted:
        log.info("older entries counted", extra={"count": counted})
    return counted


def _count_page(now: datetime, tx: Transaction) -> int | None:
    tx.one_at_a_time(UNCOUNTED)
    tx.one_at_a_time(MATTER)
    left = tx.settings.get(UNCOUNTED)
    if not isinstance(left, dict):
        return None
    after, until = int(str(left["after"])), int(str(left["until"]))
    page = [each for each in tx.audit.page(COUNTED_KINDS, after=after, limit=PAGE) if each.position <= until]
    if not page:
        tx.settings.put(UNCOUNTED, None, now)
        return None
    entries = [(each, json.loads(each.payload)) for each in page if each.payload is not None]
    count_entries(tx.audit.connection, entries)
    tx.settings.put(UNCOUNTED, {"after": page[-1].position, "until": until}, now)
    return len(entries)
