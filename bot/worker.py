"""Working through the inbox and the outbox: claim what is due, within bounds, and let each be handled."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random

from bot.attempts import Attempts, Observe, Taker
from bot.cases import Cases
from bot.claiming import Claims
from bot.clock import server_before
from bot.doorstep import OUTBOX
from bot.lanes import Lane
from bot.lease_keeper import LEASE, LeaseKeeper, check_it_is_held
from bot.logs import CORRELATION
from handlers.context import Context, Discard
from handlers.enqueueing import PEOPLE_FIRST
from handlers.record.case import names_a_case
from handlers.spans import span
from handlers.tables import ARRIVALS, DEPARTURES
from storage.bell import Bell
from storage.errors import LeaseLostError, StorageError
from storage.lease import Item
from storage.transaction import Transaction

log = logging.getLogger(__name__)

SWEEP_S = 1.0
LATEST = 1.25
DRAIN_S = 10.0
KEPT_FOR_PEOPLE = 4
MOST_TAKEN_ALONG = 4
GATHERED_S = 0.01

_OF_A_CASE = frozenset(
    kind.model_fields["type"].default for kind in (*ARRIVALS, *DEPARTURES) if names_a_case(kind)
)


class Worker:
    """Works through one lane with up to *slots* items at a time; several may run, in one process or many.

    A quarter of the slots is for what people wait for: an import that fills all others never delays a click.
    What its commits put into the outbox is taken along by the worker on that, *outbound*, if it is here.
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
        outbound: Worker | None = None,
        cases: Cases | None = None,
    ) -> None:
        self._lane, self._context, self._bell = lane, context, bell
        self._owner, self._slots = owner, slots
        self._claims = Claims(lane.queue, context, owner=owner, leapt=leapt, clocks_agree=clocks_agree)
        taker: Taker | None = self if lane.name == OUTBOX else outbound
        self._attempts = Attempts(lane, context, bell, random, observe, taker)
        self._cases = cases or Cases(context.database)
        self._for_anything = slots - slots // KEPT_FOR_PEOPLE
        self._running: set[asyncio.Task[None]] = set()
        self._not_urgent = self._reserved = 0
        self._is_taking = False
        self._again = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until *stop* is set, then let what is running finish."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _stopped: self._again.set())
        self._is_taking = True
        try:
            while not stop.is_set():
                self._again.clear()
                if not await self._started_all_it_could():
                    await self._pause()
        finally:
            self._is_taking = False
            stopping.cancel()
            await self._drain()

    @property
    def unreadable_s(self) -> float:
        """Return for how many seconds its queue could not be read."""
        return self._claims.unreadable_s

    def reserve(self) -> int:
        """Keep room for what a commit under way is about to take along; return for how many items."""
        reserved = min(self._room(), MOST_TAKEN_ALONG) if self._is_taking else 0
        self._reserved += reserved
        return reserved

    def claim_in(self, tx: Transaction, ids: Sequence[str]) -> list[Item]:
        """Claim what is due of the items with those *ids* in the transaction of the caller, in its thread."""
        return self._claims.those(tx, ids)

    def begin(self, items: list[Item], reserved: int, asked_at: float) -> None:
        """Work on *items*, which a commit took along, and give back what was *reserved* for them.

        *asked_at* is the event loop's time before that commit.
        """
        was_full = self._room() <= 0
        self._reserved -= reserved
        for item in items:
            self._start(item, asked_at)
        if reserved and (was_full or not self._is_taking):
            self._again.set()

    def _room(self) -> int:
        """Return how many more items of any priority there is room for."""
        free = self._slots - len(self._running)
        return min(free, self._for_anything - self._not_urgent) - self._reserved

    async def _started_all_it_could(self) -> bool:
        """Start what is due; True when there may be more that can be started at once."""
        free = self._slots - len(self._running) - self._reserved
        for_anything = self._room()
        if free <= 0:
            return False
        asked_at = asyncio.get_running_loop().time()
        claimed = await self._claims.take(free, for_anything)
        for item in claimed.items:
            self._start(item, asked_at)
        return claimed.is_full and bool(claimed.items)

    def _start(self, item: Item, asked_at: float) -> None:
        self._not_urgent += item.priority > PEOPLE_FIRST
        task = asyncio.create_task(self._work(item, asked_at))
        self._running.add(task)
        task.add_done_callback(partial(self._finished, item))

    def _finished(self, item: Item, task: asyncio.Task[None]) -> None:
        was_full = len(self._running) >= self._slots or self._room() <= 0
        self._running.discard(task)
        self._not_urgent -= item.priority > PEOPLE_FIRST
        self._claims.finished(item)
        if was_full or item.entity_key is not None:
            self._look_again(at_once=item.priority <= PEOPLE_FIRST)
        if not task.cancelled() and (error := task.exception()):
            log.error("worker task failed", extra={"lane": self._lane.name, "error": type(error).__name__})

    def _look_again(self, *, at_once: bool) -> None:
        """Look for more, together for all that ends in the same moment unless half of the room is free."""
        if at_once or 2 * self._not_urgent <= self._for_anything:
            self._again.set()
        else:
            asyncio.get_running_loop().call_later(GATHERED_S, self._again.set)

    async def _pause(self) -> None:
        """Wait for the bell, for a free slot, for the sweep, or for the end; whichever comes first.

        The bell's wait ends in time for the sweep; only where it hangs does this one end it, a little later.
        """
        if self._listening is None:
            # Kept across pauses: cancelling it would cost a Redis bell its connection each time.
            self._listening = asyncio.create_task(self._bell.wait(self._lane.name, SWEEP_S))
            self._listening.add_done_callback(self._heard)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LATEST * SWEEP_S):
                await self._again.wait()

    def _heard(self, listening: asyncio.Task[None]) -> None:
        """Note that the bell has rung or its wait has ended: what is due now may not have been seen."""
        self._listening = None
        self._again.set()
        if not listening.cancelled() and (error := listening.exception()):
            log.error("bell failed", extra={"lane": self._lane.name, "error": type(error).__name__})

    async def _drain(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while self._reserved:  # a commit under way may still take something along
                    self._again.clear()
                    await self._again.wait()
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN_S)
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        with contextlib.suppress(StorageError):
            await self._context.database.write(lambda tx: self._lane.queue(tx).release(self._owner))

    async def _work(self, item: Item, asked_at: float) -> None:
        keeper = LeaseKeeper(partial(self._extended, item), asked_at, lane=self._lane.name, item=item.id)
        CORRELATION.set(item.correlation_id)
        try:
            check_it_is_held()
            case = await self._within_its_case(item)
            CORRELATION.set(case.correlation_id)
            with span(
                f"{self._lane.name} {item.kind}",
                case.correlation_id,
                kind="CONSUMER",
                attempt=item.attempts,
                caused_by=item.correlation_id,
            ):
                await self._attempts.handle(case)
        except LeaseLostError:
            log.info("left to whoever holds its lease now", extra={"lane": self._lane.name, "item": item.id})
        finally:
            await keeper.end()

    async def _within_its_case(self, item: Item) -> Item:
        """Return *item* with the correlation id of the case it is about; the log ties its own to that."""
        if item.kind not in _OF_A_CASE:
            return item
        try:
            message = self._attempts.read(item)
            case = await self._cases.of(message)
        except (Discard, StorageError):  # met again, and dealt with, when it is handled
            return item
        if case in (None, item.correlation_id):
            return item
        log.info("part of a case", extra={"kind": item.kind, "case": case})
        return replace(item, correlation_id=case)

    async def _extended(self, item: Item) -> bool:
        clock = self._context.clock
        return await self._context.database.write(
            lambda tx: self._lane.queue(tx).extend(item, clock.now(), LEASE, server_before(clock))
        )
