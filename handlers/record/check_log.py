"""Recompute the whole audit log once a day, and speak up when it is not what was sealed and signed."""

from __future__ import annotations

import logging

from handlers.answers.answering import post
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.record.last_checks import VERIFIED
from storage.merkle import KnownRoot
from storage.transaction import Transaction
from storage.verification import AuditReport

log = logging.getLogger(__name__)


async def check_log(arrived: Arrived, context: Context) -> Write:
    """Verify everything against every checkpoint, keep the result, and raise the alarm if it is wrong."""
    roots = await _roots(context)
    report = await context.database.read(lambda tx: tx.audit.verify(roots=roots))
    seq, what = report.first_bad or (None, None)
    result = {
        "at": arrived.now.isoformat(),
        "ok": report.ok,
        "entries": report.entries,
        "checkpoints": report.roots,
        "first_bad": seq,
        "what": what,
        "lost": [[each.kept + 1, each.lost_to] for each in report.restores],
    }

    def write(tx: Transaction) -> None:
        tx.settings.put(VERIFIED, result, arrived.now)  # type: ignore[arg-type]
        write_down(tx, arrived, "log.verified", subject=None, result=result)
        if not report.ok:
            log.error("the audit log was changed", extra={"entry": seq or 0, "what": str(what)})
            organisation = context.organisation
            channel = organisation.operations_channel or organisation.review_channel
            post(tx, arrived, _alarm(report, arrived), channel, by=SYSTEM)

    return write


async def _roots(context: Context) -> tuple[KnownRoot, ...]:
    own, keys = await context.database.read(lambda tx: (tx.checkpoints.all(), tx.checkpoints.signing_keys()))
    outside: tuple[KnownRoot, ...] = ()
    if context.checkpoint_store is not None:
        outside = await context.checkpoint_store.roots(tuple(each.key for each in keys))
    return tuple({*(KnownRoot(each.size, each.root) for each in own), *outside})


def _alarm(report: AuditReport, arrived: Arrived) -> Notice:
    seq, what = report.first_bad or (0, "changed")
    which = f"Entry {seq} of the audit log" if seq else "The newest part of the audit log"
    return Notice(
        text=f"{which} is not what was sealed ({what}).",
        next_step="Keep the database as it is, and have compliance run: countersign audit verify.",
        reference=arrived.reference,
    )
