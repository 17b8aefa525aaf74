"""What a worker takes next: people first, then the oldest, without a look each time at all that must wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from bot.clock import server_before
from bot.lease_keeper import LEASE
from handlers.context import Context
from handlers.enqueueing import EVENTS, PEOPLE_FIRST
from storage.errors import StorageError
from storage.lease import Item, LeasedQueue, Place
from storage.transaction import Transaction

log = logging.getLogger(__name__)

AFRESH_S = 1.0
LONG_S = 0.02
SHARE = 20
LONGEST_REST_S = 5.0
SAID_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Claimed:
    """What was claimed; *is_full* says that there may be more that could be begun at once."""

    items: tuple[Item, ...] = ()
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far the queue was looked through: up to *after*; *rests* when nothing else could be claimed."""

    after: Place | None = None
    afresh_at: float = 0.0
    rests: bool = False


_Claim = Callable[..., list[Item]]


class Claims:
    """Claims items of one queue for *owner*; each look begins behind the place where the last one ended.

    In a long queue most of what stands first has to wait: for an item of its donor that is being worked on,
    or for its time. It is looked through once a second, and less often where that takes long: a twentieth of
    the time at most goes into it. What people caused is looked for from the start each time, and what comes
    next of a donor for whom something was just finished is looked for by that donor.
    """

    def __init__(
        self,
        queue: Callable[[Transaction], LeasedQueue],
        context: Context,
        *,
        owner: str,
        leapt: Callable[[], timedelta],
        clocks_agree: Callable[[], bool],
        monotonic: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._queue, self._context, self._owner = queue, context, owner
        self._leapt, self._clocks_agree, self._monotonic = leapt, clocks_agree, monotonic
        self._progress = _Progress()
        self._freed: set[str] = set()
        self._unreadable_since: float | None = None
        self._said_at = 0.0

    async def take(self, free: int, for_anything: int) -> Claimed:
        """Claim up to *free* items, of which *for_anything* may be of any kind; the others are for people."""
        freed = sorted(self._freed) if for_anything > 0 else []
        try:
            claimed, self._progress = await self._context.database.write(
                partial(self._take, free, for_anything, freed)
            )
        except StorageError as error:
            self._say_unreadable(error.code)
            return Claimed()
        self._freed.difference_update(freed)
        if self._unreadable_since is not None:
            lasted = round(self._monotonic() - self._unreadable_since)
            log.warning("queue readable again", extra={"owner": self._owner, "after_s": lasted})
            self._unreadable_since = None
        return claimed

    @property
    def unreadable_s(self) -> float:
        """Return for how many seconds nothing could be claimed."""
        return 0.0 if self._unreadable_since is None else self._monotonic() - self._unreadable_since

    def finished(self, item: Item) -> None:
        """Note that nothing of the order of *item* is worked on any more: its next may be begun."""
        if item.entity_key is not None:
            self._freed.add(item.entity_key)

    def _say_unreadable(self, code: str) -> None:
        """Say so when it begins and then once a minute: it is looked for every second and more often."""
        now = self._monotonic()
        if self._unreadable_since is None:
            self._unreadable_since = now
        elif now < self._said_at + SAID_EVERY_S:
            return
        self._said_at = now
        lasts = round(now - self._unreadable_since)
        log.warning("queue not readable", extra={"owner": self._owner, "code": code, "for_s": lasts})

    def those(self, tx: Transaction, ids: Sequence[str]) -> list[Item]:
        """Claim what is due of the items with those *ids*, in the transaction that stores them."""
        return self._claim(tx)(limit=len(ids), ids=ids)

    def _claim(self, tx: Transaction) -> _Claim:
        return partial(
            self._queue(tx).claim,
            owner=self._owner,
            now=self._context.clock.now(),
            lease=LEASE,
            leapt=self._leapt(),
            clocks_agree=self._clocks_agree(),
            server_before=server_before(self._context.clock),
        )

    def _take(
        self, free: int, for_anything: int, freed: Sequence[str], tx: Transaction
    ) -> tuple[Claimed, _Progress]:
        claim = self._claim(tx)
        before = self._progress
        if for_anything <= 0:
            return Claimed(tuple(claim(limit=free, at_most=PEOPLE_FIRST))), before
        is_due = self._monotonic() >= before.afresh_at
        if is_due or not (before.after or before.rests):
            return self._from_the_start(claim, free, for_anything)
        claimed, progress = self._onwards(claim, free, for_anything)
        left = min(for_anything, free) - len(claimed.items)
        if not (progress.rests and freed and left > 0):
            return claimed, progress
        # The long look rests, and however long the queue is, each of these is one look into an index.
        ids = self._queue(tx).next_of(freed)
        nexts = claim(limit=left, ids=ids) if ids else []
        return Claimed((*claimed.items, *nexts), is_full=len(nexts) == left), progress

    def _from_the_start(self, claim: _Claim, free: int, for_anything: int) -> tuple[Claimed, _Progress]:
        began = self._monotonic()
        items = claim(limit=for_anything)
        took = self._monotonic() - began
        is_full = len(items) == for_anything
        if is_full and free > len(items):
            items += claim(limit=free - len(items), at_most=PEOPLE_FIRST)
        progress = _Progress(
            after=items[-1].place if is_full else None,
            afresh_at=began + min(max(AFRESH_S, SHARE * took), LONGEST_REST_S),
            rests=not is_full and took > LONG_S,
        )
        return Claimed(tuple(items), is_full), progress

    def _onwards(self, claim: _Claim, free: int, for_anything: int) -> tuple[Claimed, _Progress]:
        items = claim(limit=for_anything, at_most=EVENTS - 1)
        if for_anything == len(items) < free:  # with fewer, no person waits: they were among those asked for
            items += claim(limit=free - len(items), at_most=PEOPLE_FIRST)
        after, left = self._progress.after, min(for_anything, free) - len(items)
        if after is None or left <= 0:
            return Claimed(tuple(items), is_full=left <= 0), self._progress
        others = claim(limit=left, after=after)
        if len(others) == left:
            return Claimed((*items, *others), is_full=True), replace(self._progress, after=others[-1].place)
        # What stood before may be free by now.
        rest, progress = self._from_the_start(claim, free - len(items) - len(others), left - len(others))
        return Claimed((*items, *others, *rest.items), rest.is_full), progress
