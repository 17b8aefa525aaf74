"""Which time it is: the database server's, held against what Slack says where the two could mislead us."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.clock import AgreedClock, SystemClock, lived_s
from storage.database import Database
from storage.errors import StorageError
from storage.transaction import Transaction

log = logging.getLogger(__name__)

QUICK_S = 0.5
CONFIRMED = "time_confirmed"
"""The setting that holds the latest time on which Slack agreed."""
CONFIRMED_EVERY_S = 3600.0
ASKED_AGAIN_S = 60.0
APART = timedelta(minutes=2)
"""Two clocks further apart than this do not agree."""
FAR = timedelta(days=1)
"""What goes by a time that is off by less can be put right afterwards; beyond it things are deleted."""

AskSlack = Callable[[], Awaitable[datetime | None]]
"""Returns what time it is at Slack; None when it cannot be asked."""


def last_confirmed(tx: Transaction) -> datetime | None:
    """Return the latest time on which Slack agreed; None when it never did."""
    found = tx.settings.get(CONFIRMED)
    return datetime.fromisoformat(found) if isinstance(found, str) else None


def is_far_from(confirmed: datetime, now: datetime) -> bool:
    """Say whether it can hardly be *now*: before Slack agreed, or so long after it that it would know."""
    return not -APART <= now - confirmed <= FAR


class TimeKeeper:
    """Has *agreed* follow the database server's clock, or the machine's where there is none.

    Either may be days ahead for a while, and what is deleted, sent or declared to have run out meanwhile
    cannot be taken back. So a leap is followed only where Slack's clock shows it too; one of a day or more
    not even while Slack cannot be asked. A process that starts so far from where Slack last agreed, and one
    that Slack contradicts, counts its time as doubtful until both say the same.
    """

    def __init__(
        self,
        database: Database,
        agreed: AgreedClock,
        ask: AskSlack,
        lived: Callable[[], float] = lived_s,
    ) -> None:
        self._database, self._agreed, self._ask, self._lived = database, agreed, ask, lived
        self._confirm_at = 0.0
        self._asked_at, self._asked_about = float("-inf"), timedelta()
        self._opinion: datetime | None = None

    async def begin(self) -> None:
        """Follow the reference from the start; raises UnavailableError when the database does not answer.

        A machine days off would else write its time into leases, deadlines and the audit log.
        """
        reference, _ = await self._reference()
        self._agreed.begin(reference)  # however long it took: the machine's own clock may be days off
        confirmed = await self._database.read(last_confirmed)
        if confirmed and is_far_from(confirmed, reference):
            self._doubt(reference - confirmed)
            await self._confirm()

    @property
    def has_doubts(self) -> bool:
        """Say whether the next look should be soon: a leap was seen and nothing is decided yet."""
        return self._agreed.has_doubts

    async def look(self) -> bool:
        """Compare the agreed time with the reference; True when it was set back.

        What was agreed holds on while the database does not answer.
        """
        try:
            reference, took = await self._reference()
        except StorageError:
            return False
        apart = reference - self._agreed.now()
        set_back = False
        if took <= QUICK_S or abs(apart.total_seconds()) > took:
            # A slow answer says nothing of a difference smaller than its delay.
            set_back = await self._follow(reference)
        if self._agreed.is_doubtful or self._lived() >= self._confirm_at:
            await self._confirm()
        return set_back

    async def _follow(self, reference: datetime) -> bool:
        apart = self._agreed.apart_from(reference)
        if abs(apart) <= APART:
            return self._agreed.look(reference)
        await self._ask_about(apart)
        if self._opinion is None and abs(apart) <= FAR:
            return self._agreed.look(reference)
        if self._opinion is None or abs(apart - (self._opinion_now() - self._agreed.now())) > APART:
            self._agreed.not_followed = apart
            return False
        set_back = self._agreed.look(reference, is_certain=True)
        self._confirm_at = 0.0
        return set_back

    async def _ask_about(self, apart: timedelta) -> None:
        """Ask Slack once a minute, and at once when the clocks are apart in another way than before."""
        is_new = abs(apart - self._asked_about) > APART
        if is_new or self._lived() >= self._asked_at + ASKED_AGAIN_S:
            self._asked_about = apart
            await self._hear()

    async def _hear(self) -> None:
        self._opinion, self._asked_at = await self._ask(), self._lived()

    def _opinion_now(self) -> datetime:
        return (self._opinion or self._agreed.now()) + timedelta(seconds=self._lived() - self._asked_at)

    async def _confirm(self) -> None:
        """Hold the agreed time against Slack's, and remember until when both were the same."""
        await self._hear()
        now = self._agreed.now()
        self._confirm_at = self._lived() + (ASKED_AGAIN_S if self._opinion is None else CONFIRMED_EVERY_S)
        if self._opinion is None:
            return
        ahead = self._opinion - now
        if abs(ahead) > FAR:
            self._doubt(-ahead)
        else:
            self._agreed.is_doubtful = False
        self._agreed.slack_is_ahead = ahead if abs(ahead) > APART else timedelta()
        if abs(ahead) <= APART:
            try:
                await self._database.write(lambda tx: tx.settings.put(CONFIRMED, now.isoformat(), now))
            except StorageError as error:
                log.warning("not remembered that the time is right", extra={"code": error.code})

    def _doubt(self, ahead: timedelta) -> None:
        if not self._agreed.is_doubtful:
            log.error("the time is in doubt", extra={"seconds_ahead": round(ahead.total_seconds())})
        self._agreed.is_doubtful = True

    async def _reference(self) -> tuple[datetime, float]:
        """Return the reference's time as it is now, and how many seconds the answer took."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        stated = await self._database.read(lambda tx: tx.replicas.clock()) or SystemClock().now()
        took = loop.time() - asked_at
        return stated + timedelta(seconds=took / 2), took
