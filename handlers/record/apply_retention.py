"""Remove audit payloads whose time of retention is over; the sealed entries stay and keep verifying."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.commands import RetentionDue
from handlers.context import Arrived, Context, Write
from handlers.record.evidence import record as write_down
from policy.retention import ANSWER, PULSE, REHEARSAL, SHADOW, RetentionRule, days_for
from storage.retention import Expiry
from storage.transaction import Transaction

APPLIED, FORGOTTEN = "retention.applied", "retention.forgotten"


async def apply_retention(command: RetentionDue, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Remove what is older than its rule allows, but for donors on legal hold."""

    def write(tx: Transaction) -> None:
        apply_rules(tx, arrived, context.organisation.retention)

    return write


def apply_rules(tx: Transaction, arrived: Arrived, rules: tuple[RetentionRule, ...]) -> int:
    """Remove payloads by *rules* and write down by which; return how many were removed."""
    expiries = expiries_at(arrived.now, rules)
    kept = tx.holds.refs()
    removed = tx.retention.remove(expiries, kept)
    _forget_beside(tx, arrived, rules)
    if removed:
        write_down(
            tx,
            arrived,
            APPLIED,
            subject=None,
            removed=removed,
            rules=[
                {
                    "kinds": list(each.kinds),
                    "but": list(each.but),
                    "before": each.before.isoformat(),
                    "kept": kept,
                }
                for each in expiries
            ],
        )
    return removed


def _forget_beside(tx: Transaction, arrived: Arrived, rules: tuple[RetentionRule, ...]) -> None:
    """Remove what is kept outside the audit by the same rules."""
    shadow, reports = (days_for(kind, rules) for kind in (SHADOW, REHEARSAL))
    compared = tx.shadow.forget(arrived.now - timedelta(days=shadow)) if shadow else 0
    rehearsed = tx.policies.forget_reports(arrived.now - timedelta(days=reports)) if reports else 0
    pulses = days_for(PULSE, rules)
    answered = tx.pulses.forget(arrived.now - timedelta(days=pulses)) if pulses else 0
    shown = days_for(ANSWER, rules)
    answers = tx.answers.forget(arrived.now - timedelta(days=shown)) if shown else 0
    if compared or rehearsed or answered or answers:
        write_down(
            tx,
            arrived,
            FORGOTTEN,
            subject=None,
            comparisons=compared,
            reports=rehearsed,
            pulses=answered,
            answers=answers,
        )


def expiries_at(now: datetime, rules: tuple[RetentionRule, ...]) -> tuple[Expiry, ...]:
    """Return what is over at *now*: of rules that overlap the first one counts."""
    found, before = [], tuple[str, ...]()
    for rule in rules:
        found.append(Expiry(kinds=rule.kinds, but=before, before=now - timedelta(days=rule.days)))
        before += rule.kinds
    return tuple(found)
