"""Tell operations what was set aside, in one message and at most once an hour."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from handlers.answers.answering import post
from handlers.commands import SetAsideReportDue
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.service.dead_letters import explanation
from handlers.service.queues import queues
from storage.transaction import Transaction

REPORTED_AT = "set_aside_reported_at"
APART = timedelta(hours=1)
MOST_NAMED = 5


def report_owed(tx: Transaction, now: datetime) -> str | None:
    """Return the key of the report that is owed now, None when nothing is new or it is early."""
    last = reported_at(tx)
    if (last and now - last < APART) or not _new(tx, last):
        return None
    return last.isoformat() if last else "first"


async def report_set_aside(command: SetAsideReportDue, arrived: Arrived, context: Context) -> Write:
    """Post how much was set aside since the last report, why, and what to do."""

    def write(tx: Transaction) -> None:
        found = _new(tx, reported_at(tx))
        tx.settings.put(REPORTED_AT, arrived.now.isoformat(), arrived.now)
        write_down(
            tx, arrived, "set_aside.reported", subject=None, period=command.period_key, codes=dict(found)
        )
        if found:
            post(tx, arrived, _notice(found, arrived), context.organisation.operations, by=SYSTEM)

    return write


def reported_at(tx: Transaction) -> datetime | None:
    """Return when operations were last told."""
    last = tx.settings.get(REPORTED_AT)
    return datetime.fromisoformat(str(last)) if last else None


def _new(tx: Transaction, since: datetime | None) -> Counter[str]:
    found: Counter[str] = Counter()
    for _, queue in queues(tx):
        for (_, code), count in queue.dead_since(since).items():
            found[code or "unspecified"] += count
    return found


def _notice(found: Counter[str], arrived: Arrived) -> Notice:
    total = found.total()
    what = "1 item was" if total == 1 else f"{total} items were"
    named = found.most_common(MOST_NAMED)
    lines = [f"• {count} × {explanation(code).why} ({code})" for code, count in named]
    if len(found) > len(named):
        lines.append(f"• {total - sum(count for _, count in named)} for other reasons")
    return Notice(
        text="\n".join([f"{what} set aside because it could not be handled. Nothing is lost.", *lines]),
        next_step="On the server, countersign inbox list names each and says what to do.",
        reference=arrived.reference,
    )
