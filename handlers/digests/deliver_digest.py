"""Deliver a digest when its schedule fires, to its channel, once per occurrence."""

from __future__ import annotations

from datetime import datetime, timedelta

from handlers.answers.answering import store
from handlers.commands import DigestDue
from handlers.context import Arrived, Context, Discard, Write
from handlers.digests.figures import digest_shown, period_of, zone_of
from handlers.digests.schedules import schedules_in_force
from handlers.effects import PostDigest
from handlers.enqueueing import enqueue
from handlers.outcomes import DigestShown
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from storage.transaction import Transaction

LATE = timedelta(hours=6)


async def deliver_digest(command: DigestDue, arrived: Arrived, context: Context) -> Write:
    """Count the figures of the period that was over when the schedule fired, and post them."""
    organisation = context.organisation
    in_force = await context.database.read(lambda tx: schedules_in_force(tx, organisation))
    schedule = next((s.schedule for s in in_force if s.schedule.id == command.schedule_id), None)
    if schedule is None:
        raise Discard("schedule_unknown")
    at = datetime.fromisoformat(command.period_key)
    period, zone = period_of(schedule, at, organisation), zone_of(schedule, organisation)
    late = arrived.now - at > LATE
    digest = await digest_shown(schedule.kind, schedule.team, period, zone, context, late=late)

    def write(tx: Transaction) -> None:
        write_down(
            tx,
            arrived,
            "digest.delivered",
            subject=None,
            schedule=schedule.id,
            digest=schedule.kind.value,
            period=command.period_key,
            late=late,
        )
        send_digest(tx, arrived, digest, schedule.channel, by=SYSTEM)

    return write


def send_digest(tx: Transaction, arrived: Arrived, digest: DigestShown, channel: str, *, by: str) -> None:
    """Store a digest and have it posted in *channel*, with its detail in the thread."""
    stored = store(tx, arrived, digest, by)
    effect = PostDigest(answer_id=stored, channel=channel)
    enqueue(tx, effect, key=f"digest:{stored}", order=f"channel:{channel}", arrived=arrived)
