"""Working through the inbox and the outbox: claim, handle, and settle each item in one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.claiming import LEASE, Claims
from bot.doorstep import INBOX, OUTBOX
from bot.failpoints import hit
from bot.logs import CORRELATION
from handlers import ARRIVALS, DEPARTURES, Handler
from handlers.answers.answering import answer
from handlers.commands import COMMAND
from handlers.context import Arrived, Context, Discard, NotBefore
from handlers.effects import EFFECT, PEOPLE_FIRST, ExecuteAction, TakeBack
from handlers.execution.give_up import tell_it_was_given_up
from handlers.execution.take_back import undo_given_up
from handlers.outcomes import Notice
from handlers.ports import OutcomeUnknown, Refused, Unavailable
from handlers.record.case import case_of, names_a_case
from handlers.record.evidence import record, witnessed
from handlers.rules.paused import PAUSED
from handlers.spans import span
from storage.bell import Bell
from storage.errors import LeaseLostError, StorageError, UnavailableError
from storage.lease import Item, LeasedQueue, error_code
from storage.transaction import Transaction

log = logging.getLogger(__name__)

HEARTBEAT_S = 5.0
HELD_S = LEASE.total_seconds() - 2.0  # so much sooner than others do we take a lease to have run out
SWEEP_S = 1.0
DRAIN_S = 10.0
MOST_FAILURES = 5
KEPT_FOR_PEOPLE = 4
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0

FAILED = Notice(
    text="Something went wrong on our side while I was working on this.",
    next_step="Nothing was changed by this request. Try again; if it happens again, tell IT the reference.",
)


@dataclass(frozen=True, slots=True)
class Lane:
    """One of the two queues with what reads its items and what handles them."""

    name: str
    queue: Callable[[Transaction], LeasedQueue]
    read: TypeAdapter[Any]
    handlers: Mapping[type[Any], Handler]


INBOUND = Lane(INBOX, lambda tx: tx.inbox, COMMAND, ARRIVALS)
OUTBOUND = Lane(OUTBOX, lambda tx: tx.outbox, EFFECT, DEPARTURES)


_OF_A_CASE = frozenset(
    kind.model_fields["type"].default for kind in (*ARRIVALS, *DEPARTURES) if names_a_case(kind)
)

Observe = Callable[[str, str, float], None]
"""Hears of each attempt: the lane, what became of it in a word, and the seconds it took."""

SET_ASIDE = "set_aside"


class Worker:
    """Works through one lane with up to *slots* items at a time; several may run, in one process or many.

    A quarter of the slots is for what people wait for: an import that fills all others never delays a click.
    """

    def __init__(
        self,
        lane: Lane,
        context: Context,
        bell: Bell,
        *,
        owner: str,
        slots: int,
        random: Random,
        observe: Observe = lambda _lane, _outcome, _seconds: None,
        leapt: Callable[[], timedelta] = timedelta,
        clocks_agree: Callable[[], bool] = lambda: True,
    ) -> None:
        self._lane, self._context, self._bell = lane, context, bell
        self._owner, self._slots, self._random, self._observe = owner, slots, random, observe
        self._claims = Claims(lane.queue, context, owner=owner, leapt=leapt, clocks_agree=clocks_agree)
        self._for_anything = slots - slots // KEPT_FOR_PEOPLE
        self._running: set[asyncio.Task[None]] = set()
        self._not_urgent = 0
        self._freed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set, then let what is running finish."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._freed.clear()
                if not await self._started_all_it_could():
                    await self._pause(stopping)
        finally:
            stopping.cancel()
            await self._drain()

    async def _started_all_it_could(self) -> bool:
        """Start what is due; True when there may be more that can be started at once."""
        free = self._slots - len(self._running)
        for_anything = min(free, self._for_anything - self._not_urgent)
        if free <= 0:
            return False
        claimed = await self._claims.take(free, for_anything)
        for item in claimed.items:
            self._start(item)
        return claimed.is_full and bool(claimed.items)

    def _start(self, item: Item) -> None:
        self._not_urgent += item.priority > PEOPLE_FIRST
        task = asyncio.create_task(self._work(item))
        self._running.add(task)
        task.add_done_callback(partial(self._finished, item))

    def _finished(self, item: Item, task: asyncio.Task[None]) -> None:
        was_full = len(self._running) >= self._slots or self._not_urgent >= self._for_anything
        self._running.discard(task)
        self._not_urgent -= item.priority > PEOPLE_FIRST
        if was_full or item.entity_key is not None:
            self._freed.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("worker task failed", extra={"lane": self._lane.name, "error": type(error).__name__})

    async def _pause(self, stopping: asyncio.Task[bool]) -> None:
        """Wait for the bell, for a free slot, for the sweep, or for the end; whichever comes first."""
        if self._heard():  # while what was due before was being claimed
            return
        if self._listening is None:
            # Kept across pauses: cancelling it would cost a Redis bell its connection each time.
            self._listening = asyncio.create_task(self._bell.wait(self._lane.name, SWEEP_S))
        freed = asyncio.create_task(self._freed.wait())
        await asyncio.wait(
            (self._listening, freed, stopping), return_when=asyncio.FIRST_COMPLETED, timeout=SWEEP_S
        )
        freed.cancel()
        await asyncio.gather(freed, return_exceptions=True)
        self._heard()

    def _heard(self) -> bool:
        """Say whether the bell has rung or its wait has ended, and forget it."""
        ended = self._listening is not None and self._listening.done()
        if ended:
            self._listening = None
        return ended

    async def _drain(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN_S)
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        with contextlib.suppress(StorageError):
            await self._context.database.write(lambda tx: self._lane.queue(tx).release(self._owner))

    async def _work(self, item: Item) -> None:
        working = asyncio.current_task()
        beating = asyncio.create_task(self._keep_lease(item, working))
        CORRELATION.set(item.correlation_id)
        try:
            case = await self._within_its_case(item)
            CORRELATION.set(case.correlation_id)
            traced: dict[str, str | int] = {"attempt": item.attempts, "caused_by": item.correlation_id}
            with span(f"{self._lane.name} {item.kind}", case.correlation_id, **traced):
                await self._handle(case)
        except LeaseLostError:
            log.info("item was taken over", extra={"lane": self._lane.name, "item": item.id})
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _within_its_case(self, item: Item) -> Item:
        """Return *item* with the correlation id of the case it is about; the log ties its own to that."""
        if item.kind not in _OF_A_CASE:
            return item
        try:
            message = self._read(item)
            case = await self._context.database.read(lambda tx: case_of(tx, message))
        except (Discard, StorageError):  # met again, and dealt with, when it is handled
            return item
        if case in (None, item.correlation_id):
            return item
        log.info("part of a case", extra={"kind": item.kind, "case": case})
        return replace(item, correlation_id=case)

    async def _keep_lease(self, item: Item, working: asyncio.Task[None] | None) -> None:
        """Hold *item* as long as it is worked on, and end that work once somebody else may have it.

        A database that does not answer for a moment is asked again: it cannot give the item away meanwhile.
        Once the lease may have run out, whoever takes the item over must find nobody still at it.
        """
        loop = asyncio.get_running_loop()
        held_until = loop.time() + HELD_S
        while loop.time() < held_until:
            await asyncio.sleep(HEARTBEAT_S)
            asked_at = loop.time()
            try:
                async with asyncio.timeout_at(held_until):
                    if not await self._extended(item):
                        break
            except TimeoutError:
                break
            except StorageError as error:
                log.warning("lease not extended", extra={"lane": self._lane.name, "code": error.code})
            else:
                held_until = asked_at + HELD_S
        log.warning("lease lost", extra={"lane": self._lane.name, "item": item.id})
        if working:
            working.cancel()

    async def _extended(self, item: Item) -> bool:
        return await self._context.database.write(
            lambda tx: self._lane.queue(tx).extend(item, self._context.clock.now(), LEASE)
        )

    async def _handle(self, item: Item) -> None:
        began = time.perf_counter()
        try:
            outcome = await self._handled(item)
        finally:
            took = time.perf_counter() - began
        self._observe(self._lane.name, outcome, took)

    async def _handled(self, item: Item) -> str:
        """Handle and settle *item*; return in a word what became of it."""
        try:
            hit(f"claimed.{item.kind}")
            arrived = self._arrived(item)
            message = self._read(item)
            write = await self._lane.handlers[type(message)](message, arrived, self._context)
            hit(f"handled.{item.kind}")
            if self._lane.name == INBOX:
                write = witnessed(message, arrived, write)
            await self._commit(lambda tx: self._settle(tx, item, arrived, write))
            hit(f"settled.{item.kind}")
        except (LeaseLostError, asyncio.CancelledError):
            raise
        except Discard as discard:
            await self._bury(item, discard.code, tell=False)
            return SET_ASIDE
        except NotBefore as later:
            await self._park(item, later)
            return "put_off"
        except Unavailable as unavailable:
            await self._try_later(item, f"{unavailable.who}_{unavailable.code}", unavailable.retry_after)
            return "unavailable"
        except OutcomeUnknown:
            await self._try_later(item, "outcome_unknown", None)
            return "outcome_unknown"
        except Refused as refused:
            await self._bury(item, f"{refused.who}_{refused.code}", tell=False)
            return SET_ASIDE
        except UnavailableError:  # our own database: it will be back, and nothing is wrong with the item
            await self._try_later(item, "database_away", None)
            return "unavailable"
        except Exception as error:  # noqa: BLE001 - the one funnel for what nobody expected
            await self._stumble(item, error)
            return "failed"
        return "done"

    async def _commit(self, work: Callable[[Transaction], None]) -> None:
        """Commit *work*, and ring for the outbox when something was put into it."""

        def counted(tx: Transaction) -> bool:
            before = tx.outbox.enqueued
            work(tx)
            return tx.outbox.enqueued > before

        if await self._context.database.write(counted):
            await self._bell.ring(OUTBOX)

    def _read(self, item: Item) -> Any:
        try:
            return self._lane.read.validate_json(item.body)
        except ValidationError:
            raise Discard("unreadable") from None

    def _arrived(self, item: Item) -> Arrived:
        return Arrived(
            item_id=item.id,
            correlation_id=item.correlation_id,
            attempts=item.attempts,
            first_attempt_at=item.first_attempt_at,
            now=self._context.clock.now(),
            ids=self._context.ids,
        )

    def _settle(
        self, tx: Transaction, item: Item, arrived: Arrived, write: Callable[[Transaction], None]
    ) -> None:
        write(tx)
        queue = tx.inbox if self._lane.name == INBOX else tx.outbox
        queue.finish(item, arrived.now)

    async def _stumble(self, item: Item, error: Exception) -> None:
        """Meet the unexpected: log a reference and the kind of error, never its text, which may hold data."""
        log.error(
            "unexpected error",
            extra={
                "lane": self._lane.name,
                "kind": item.kind,
                "reference": item.correlation_id[-6:].lower(),
                "error": type(error).__name__,
                "where": _where(error),
                "attempt": item.attempts,
            },
        )
        if item.attempts >= MOST_FAILURES:
            await self._bury(item, f"unexpected_{type(error).__name__}", tell=True)
        else:
            await self._try_later(item, f"unexpected_{type(error).__name__}", None)

    async def _try_later(self, item: Item, code: str, after: timedelta | None) -> None:
        now = self._context.clock.now()
        pause = after or self._backoff(item.attempts)
        log.info("trying again later", extra={"lane": self._lane.name, "kind": item.kind, "code": code})
        await self._put_off(item, now + pause, code)

    async def _put_off(self, item: Item, until: datetime, code: str) -> None:
        now = self._context.clock.now()
        await self._context.database.write(lambda tx: self._lane.queue(tx).retry(item, now, until, code))

    async def _park(self, item: Item, later: NotBefore) -> None:
        now = self._context.clock.now()

        def write(tx: Transaction) -> None:
            # What was resumed between the attempt and here must not wait for the next look.
            resumed = later.code == PAUSED and not tx.pauses.in_force(now)
            self._lane.queue(tx).park(item, now if resumed else later.moment, later.code)

        await self._context.database.write(write)

    def _backoff(self, attempts: int) -> timedelta:
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempts - 1, 10))
        return timedelta(seconds=longest * self._random.uniform(0.75, 1.0))

    async def _bury(self, item: Item, code: str, *, tell: bool) -> None:
        now = self._context.clock.now()
        log.warning(
            "set aside as a dead letter",
            extra={"lane": self._lane.name, "kind": item.kind, "code": code, "item": item.id},
        )

        def write(tx: Transaction) -> None:
            self._lane.queue(tx).bury(item, now, code)
            record(
                tx,
                self._arrived(item),
                f"{self._lane.name}.set_aside",
                subject=None,
                item=item.id,
                asked=item.kind,
                code=error_code(code),
            )
            if tell:
                self._tell(tx, item)

        await self._commit(write)

    def _tell(self, tx: Transaction, item: Item) -> None:
        """Tell whoever is waiting for an answer that there will be none, with the reference."""
        message, arrived = self._lane.read.validate_json(item.body), self._arrived(item)
        if isinstance(message, ExecuteAction):
            tell_it_was_given_up(tx, arrived, message.escalation_id)
        if isinstance(message, TakeBack):
            undo_given_up(tx, arrived, message.escalation_id)
        reply_to = getattr(message, "reply_to", None)
        if reply_to is not None:
            answer(tx, arrived, FAILED.model_copy(update={"reference": arrived.reference}), reply_to)


def _where(error: BaseException) -> str:
    """Return file and line of the innermost frame."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
