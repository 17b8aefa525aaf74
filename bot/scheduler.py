"""What happens by the clock: every replica ticks, and a unique row per occurrence decides who acts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial, wraps

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import is_in_doubt
from bot.doorstep import INBOX
from bot.occurrences import INSTALLED_AT, Occurrence, owed, owed_since
from handlers.commands import (
    CheckpointDue,
    DigestDue,
    DriftDue,
    MeetingsDue,
    PulseDue,
    ReplayDue,
    RetentionDue,
    SetAsideReportDue,
    StrandedDue,
)
from handlers.context import Context
from handlers.digests.add_up import STEP_EVERY_S, add_up_some
from handlers.digests.schedules import schedules_in_force
from handlers.enqueueing import WHEN_DUE
from handlers.execution.resume_stranded import stranded
from handlers.ports import Unavailable
from handlers.service.report_set_aside import report_owed
from policy.organisation import Organisation
from storage.bell import Bell
from storage.errors import StorageError
from storage.queue import Received
from storage.transaction import Transaction

log = logging.getLogger(__name__)

TICK_S = 10
KEEP_DONE = timedelta(days=30)
KEEP_GONE = timedelta(days=1)
FORGET_AT_ONCE = 2000
SEAL_AT_ONCE = 1000
SEAL_EVERY_S = 2
MEETINGS_EVERY_MINUTES = 5
LOOK_EVERY = timedelta(minutes=1)


EvidenceDue = CheckpointDue | RetentionDue | ReplayDue | DriftDue
Due = EvidenceDue | SetAsideReportDue | StrandedDue | MeetingsDue | PulseDue
Job = Callable[[], Awaitable[None]]


class Scheduler:
    """APScheduler with an in-memory store; what is owed is computed from the clock and the rows."""

    def __init__(self, context: Context, bell: Bell, poll: Job | None, *, poll_s: float) -> None:
        self._context, self._bell = context, bell
        self._nothing_missing_until = context.clock.now()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        every = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        by_the_clock = (
            (self.deliver_digests, TICK_S),
            (self.keep_house, 3600),
            (self.add_up, STEP_EVERY_S),
            (self.prepare_meetings, 60),
            (self.ask_pulse, 300),
            (self.keep_evidence, 60),
            (self.report_set_aside, 60),
            (self.resume_stranded, 300),
        )
        jobs: list[tuple[Job, float]] = [(self._when_sure(job), seconds) for job, seconds in by_the_clock]
        if not context.database.is_sqlite:
            jobs.append((self.seal, SEAL_EVERY_S))
        if poll:
            jobs.append((poll, poll_s))
        for job, seconds in jobs:
            self._scheduler.add_job(_calmly(job), IntervalTrigger(seconds=seconds, timezone=UTC), **every)

    def _when_sure(self, job: Job) -> Job:
        """Have *job* do nothing while the time is in doubt: what it sends or deletes nobody takes back."""

        @wraps(job)
        async def run() -> None:
            if not is_in_doubt(self._context.clock):
                await job()

        return run

    async def start(self) -> None:
        """Remember when this installation began, and start ticking."""
        now = self._context.clock.now()

        def write(tx: Transaction) -> None:
            if tx.settings.get(INSTALLED_AT) is None:
                tx.settings.put(INSTALLED_AT, now.isoformat(), now)

        await self._context.database.write(write)
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def deliver_digests(self) -> None:
        """Put every digest that is owed and that nobody took yet into the inbox."""
        now = self._context.clock.now()
        try:
            installed, schedules = await self._context.database.read(
                lambda tx: (
                    tx.settings.get(INSTALLED_AT),
                    schedules_in_force(tx, self._context.organisation),
                )
            )
            since = owed_since(installed, now)
            for occurrence in owed(self._context.organisation, schedules, since, now):
                await self._context.database.write(partial(self._claim, occurrence, now))
        except StorageError as error:
            log.warning("digests not checked", extra={"code": error.code})
            return
        self._bell.ring(INBOX)

    async def keep_house(self) -> None:
        """Forget finished queue rows and occurrences that are older than anybody repeats a delivery.

        A few thousand rows at a time, so that no click waits for a year's import to be forgotten. Processes
        that left are forgotten too.
        """
        now = self._context.clock.now()
        digests = [each.id for each in self._context.organisation.digests]
        try:
            while await self._context.database.write(lambda tx: _forget(tx, now - KEEP_DONE)):
                log.debug("old rows forgotten")
            await self._context.database.write(lambda tx: tx.replicas.purge(now - KEEP_GONE))
            await self._context.database.write(lambda tx: tx.occurrences.purge(now - KEEP_DONE, digests))
        except StorageError as error:
            log.warning("old rows not forgotten", extra={"code": error.code})

    async def add_up(self) -> None:
        """Add up some of what is over for those who look at figures, and look again soon or in a minute."""
        now = self._context.clock.now()
        if now < self._nothing_missing_until:
            return
        is_more = False
        try:
            is_more = await add_up_some(self._context)
        except (StorageError, Unavailable) as error:
            log.warning("days not added up", extra={"code": error.code})
        if not is_more:
            self._nothing_missing_until = now + LOOK_EVERY

    async def keep_evidence(self) -> None:
        """Have done what the audit needs: checkpoints, retention, replay."""
        now = self._context.clock.now()
        await self._have_done(evidence_due(self._context.organisation, now), now, "evidence not checked")

    async def report_set_aside(self) -> None:
        """Have operations told what was set aside, if that is owed and nobody else does it."""
        now = self._context.clock.now()

        def take(tx: Transaction) -> bool:
            key = report_owed(tx, now)
            return bool(key) and self._take(SetAsideReportDue(period_key=str(key)), now, tx)

        try:
            taken = await self._context.database.write(take)
        except StorageError as error:
            log.warning("what was set aside is not known", extra={"code": error.code})
            return
        if taken:
            self._bell.ring(INBOX)

    async def resume_stranded(self) -> None:
        """Have approved decisions carried out that nothing carries out any more, should there be any."""
        now = self._context.clock.now()
        due = StrandedDue(period_key=f"{now.astimezone(UTC):%Y-%m-%dT%H:%M}")
        try:
            found = await self._context.database.read(lambda tx: stranded(tx, now))
            taken = bool(found) and await self._context.database.write(partial(self._take, due, now))
        except StorageError as error:
            log.warning("stranded decisions not looked for", extra={"code": error.code})
            return
        if taken:
            log.error("approved decisions without an effect", extra={"count": len(found)})
            self._bell.ring(INBOX)

    async def prepare_meetings(self) -> None:
        """Have it looked every few minutes whether somebody is about to meet a donor."""
        now = self._context.clock.now()
        slot = int(now.timestamp()) // (60 * MEETINGS_EVERY_MINUTES)
        due = MeetingsDue(period_key=f"{MEETINGS_EVERY_MINUTES}:{slot}")
        await self._have_done([due], now, "meetings not checked")

    async def ask_pulse(self) -> None:
        """Have it looked once an hour who is to be asked how far they trust the suggestions."""
        now = self._context.clock.now()
        due = PulseDue(period_key=f"{now.astimezone(UTC):%Y-%m-%dT%H}")
        await self._have_done([due], now, "the monthly question not checked")

    async def _have_done(self, due: Sequence[Due], now: datetime, problem: str) -> None:
        """Put each of what is *due*, and nobody took yet, into the inbox; *problem* names it in the log."""
        try:
            taken = [await self._context.database.write(partial(self._take, each, now)) for each in due]
        except StorageError as error:
            log.warning(problem, extra={"code": error.code})
            return
        if any(taken):
            self._bell.ring(INBOX)

    def _take(self, due: Due, now: datetime, tx: Transaction) -> bool:
        fresh = tx.occurrences.claim(due.type, due.period_key, now)
        if fresh:
            tx.inbox.accept(self._received(due, f"{due.type}:{due.period_key}", now))
        return fresh

    async def seal(self) -> None:
        """Seal audit entries that wait for their place in the chain."""
        try:
            await self._context.database.write(lambda tx: tx.audit.seal(SEAL_AT_ONCE))
        except StorageError as error:
            log.warning("audit entries not sealed", extra={"code": error.code})

    def _claim(self, occurrence: Occurrence, now: datetime, tx: Transaction) -> None:
        if not tx.occurrences.claim(occurrence.schedule.id, occurrence.key, now):
            return
        due = DigestDue(schedule_id=occurrence.schedule.id, period_key=occurrence.at.isoformat())
        tx.inbox.accept(self._received(due, f"digest:{occurrence.schedule.id}:{occurrence.key}", now))

    def _received(self, due: DigestDue | Due, key: str, now: datetime) -> Received:
        return Received(
            id=self._context.ids.new(),
            source="timer",
            dedupe_key=key,
            kind=due.type,
            entity_key=None,
            body=due.model_dump_json().encode(),
            correlation_id=self._context.ids.new(),
            received_at=now,
            priority=WHEN_DUE,
        )


def _calmly(job: Job) -> Job:
    """Have *job* end without a word where stopping cuts it off, which the library reports as an error."""

    @wraps(job)
    async def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await job()

    return run


def _forget(tx: Transaction, before: datetime) -> int:
    return tx.inbox.purge(before, FORGET_AT_ONCE) + tx.outbox.purge(before, FORGET_AT_ONCE)


def evidence_due(organisation: Organisation, now: datetime) -> tuple[EvidenceDue, ...]:
    """Return what the audit needs in this period: a checkpoint every so often, the rest once a day (UTC)."""
    day = now.astimezone(UTC).date().isoformat()
    slot = int(now.timestamp()) // (60 * organisation.checkpoint_minutes)
    return (
        CheckpointDue(period_key=day, for_everybody=True),
        CheckpointDue(period_key=f"{organisation.checkpoint_minutes}:{slot}"),
        RetentionDue(period_key=day),
        ReplayDue(period_key=day),
        DriftDue(period_key=day),
    )
