"""One attempt at an item: handle it, and settle it in one transaction with everything that came of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Protocol

from pydantic import ValidationError

from bot.clock import is_in_doubt
from bot.doorstep import INBOX, OUTBOX
from bot.doubts import begin_noting
from bot.failpoints import hit
from bot.lanes import Lane
from bot.logs import place_of
from handlers.answers.answering import answer
from handlers.commands import RetentionDue
from handlers.context import Arrived, Context, Discard, NotBefore, Write
from handlers.effects import ExecuteAction, TakeBack
from handlers.execution.give_up import tell_it_was_given_up
from handlers.execution.take_back import undo_given_up
from handlers.outcomes import Notice
from handlers.ports import OutcomeUnknown, PerhapsTwice, Refused, Unavailable
from handlers.record.evidence import record, witnessed
from handlers.rules.paused import PAUSED
from handlers.service.take_away_twins import look_later
from handlers.spans import tell
from storage.bell import Bell
from storage.errors import LeaseLostError, UnavailableError
from storage.lease import Item, error_code
from storage.transaction import Transaction

log = logging.getLogger(__name__)

MOST_FAILURES = 5
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 60.0
DOUBTED_FOR = timedelta(minutes=1)

FAILED = Notice(
    text="Something went wrong on our side while I was working on this.",
    next_step="Nothing was changed by this request. Try again; if it happens again, tell IT the reference.",
)

Observe = Callable[[str, str, float], None]
"""Hears of each attempt: the lane, what became of it in a word, and the seconds it took."""

SET_ASIDE, UNEXPECTED = "set_aside", "unexpected_"


class Taker(Protocol):
    """Whoever works on the outbox in this process: takes effects in the transaction that puts them there."""

    def reserve(self) -> int:
        """Keep free for that what can be kept; return for how many items."""

    def claim_in(self, tx: Transaction, ids: Sequence[str]) -> list[Item]:
        """Claim what is due of the items with those *ids* in the caller's transaction."""

    def begin(self, items: list[Item], reserved: int, asked_at: float) -> None:
        """Work on *items*, committed by what was asked for at that time, and reserve no longer."""


class Attempts:
    """Makes attempts at the items of one lane; what leaves is taken along by *taker* where there is one."""

    def __init__(
        self, lane: Lane, context: Context, bell: Bell, random: Random, observe: Observe, taker: Taker | None
    ) -> None:
        self._lane, self._context, self._bell, self._random = lane, context, bell, random
        self._observe, self._taker = observe, taker

    async def handle(self, item: Item) -> None:
        """Handle and settle *item*; raises LeaseLostError when it became somebody else's."""
        began = time.perf_counter()
        try:
            outcome = await self._handled(item)
        finally:
            took = time.perf_counter() - began
        tell(outcome=outcome)
        self._observe(self._lane.name, outcome, took)

    def read(self, item: Item) -> Any:
        """Return what *item* says; raises Discard when it cannot be read."""
        try:
            return self._lane.read.validate_json(item.body)
        except ValidationError:
            raise Discard("unreadable") from None

    async def _handled(self, item: Item) -> str:
        """Handle and settle *item*; return in a word what became of it."""
        try:
            await self._do(item)
        except LeaseLostError:
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
        except OutcomeUnknown as unknown:
            await self._try_later(item, "outcome_unknown", unknown.look_after)
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

    async def _do(self, item: Item) -> None:
        hit(f"claimed.{item.kind}")
        arrived = self._arrived(item)
        message, doubts = self.read(item), begin_noting()
        if self._goes_by_a_doubtful_time(item, message):
            raise NotBefore(arrived.now + DOUBTED_FOR, "time_doubtful")
        write = await self._lane.handlers[type(message)](message, arrived, self._context)
        hit(f"handled.{item.kind}")
        if self._lane.name == INBOX:
            write = witnessed(message, arrived, write)
        await self._commit(lambda tx: self._settle(tx, item, arrived, write, doubts))
        hit(f"settled.{item.kind}")

    def _goes_by_a_doubtful_time(self, item: Item, message: object) -> bool:
        """Say whether *item* is due only because of a time that may be days off.

        A reminder, an end of a deferral or a deadline can wait until that is known; what was deleted or
        has run out stays so.
        """
        was_planned = item.place is not None and item.place.first_due_at > item.received_at
        by_the_clock = isinstance(message, RetentionDue) or (self._lane.name == INBOX and was_planned)
        return by_the_clock and is_in_doubt(self._context.clock)

    def _arrived(self, item: Item) -> Arrived:
        return Arrived(
            item_id=item.id,
            correlation_id=item.correlation_id,
            attempts=item.attempts,
            first_attempt_at=item.first_attempt_at,
            now=self._context.clock.now(),
            ids=self._context.ids,
            position=item.place.position if item.place else None,
        )

    def _settle(
        self, tx: Transaction, item: Item, arrived: Arrived, write: Write, doubts: Sequence[PerhapsTwice]
    ) -> None:
        write(tx)
        look_later(tx, arrived, doubts)
        queue = tx.inbox if self._lane.name == INBOX else tx.outbox
        queue.finish(item, arrived.now)

    async def _commit(self, work: Callable[[Transaction], None]) -> None:
        """Commit *work* and take along what it puts into the outbox; ring for what is left there.

        So an effect needs no transaction of its own to be claimed. When nobody knows whether the commit
        happened, what it claimed may lie until its lease is over.
        """
        reserved = self._taker.reserve() if self._taker else 0
        taken: list[Item] = []
        left = False

        def along(tx: Transaction) -> tuple[list[Item], bool]:
            before = len(tx.outbox.enqueued)
            work(tx)
            added = tx.outbox.enqueued[before:]
            found = self._taker.claim_in(tx, added[:reserved]) if self._taker and added and reserved else []
            return found, len(found) < len(added)

        asked_at = asyncio.get_running_loop().time()
        try:
            taken, left = await self._context.database.write(along)
        finally:
            if self._taker:
                self._taker.begin(taken, reserved, asked_at)
        if left:
            self._bell.ring(OUTBOX)

    async def _stumble(self, item: Item, error: Exception) -> None:
        """Meet the unexpected: log a reference and the kind of error, never its text, which may hold data."""
        log.error(
            "unexpected error",
            extra={
                "lane": self._lane.name,
                "kind": item.kind,
                "reference": item.correlation_id[-6:].lower(),
                "error": type(error).__name__,
                "where": place_of(error.__traceback__),
                "attempt": item.attempts,
            },
        )
        code = f"{UNEXPECTED}{type(error).__name__}"
        # Attempts while a counterpart was away count too, and say nothing of what is done now.
        failed_before = (item.last_error or "").startswith(UNEXPECTED)
        if item.attempts >= MOST_FAILURES and failed_before:
            await self._bury(item, code, tell=True)
        else:
            await self._try_later(item, code, None)

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
            undo_given_up(tx, arrived, message)
            return
        reply_to = getattr(message, "reply_to", None)
        if reply_to is not None:
            answer(tx, arrived, FAILED.model_copy(update={"reference": arrived.reference}), reply_to)
