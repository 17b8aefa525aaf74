"""The real time, and the time that all processes of an installation agree on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from handlers.ports import Clock

log = logging.getLogger(__name__)

CREEP = timedelta(seconds=1)
"""What two clocks may differ by without anybody's noticing; followed at once."""
SIGHTINGS = 3
"""So many looks in a row have to agree before a leap of the clock is believed."""
LAG = timedelta(seconds=5)
"""Whoever is further behind the server's clock takes no work: the lease would be over too soon."""
SETTLED_S = 60.0
"""After so many seconds every process has heard of a leap and holds its leases by the new time."""


def lived_s() -> float:
    """Return seconds that only ever grow, also while the machine sleeps, where it can tell."""
    return time.clock_gettime(_LIVED) if _LIVED is not None else time.monotonic()


def slept_s() -> float:
    """Return for how many seconds the machine has slept, which timers do not count, as far as it can tell."""
    return lived_s() - time.monotonic()


_LIVED: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC)


class AgreedClock:
    """The time by which leases, deadlines and schedules are counted, whatever happens to a machine's clock.

    Between two looks at a reference, the database's clock where there is a server, it goes on as the process
    lives, so that a machine's clock set forwards takes nobody's work away and one set back stops nothing. A
    reference that leaps is believed when it says the same three times in a row.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: SystemClock().now(),
        monotonic: Callable[[], float] = lived_s,
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._at, self._since = wall(), monotonic()
        self._leap = timedelta()
        self._sightings = 0
        self._leapt, self._leapt_at = timedelta(), 0.0
        self._changed_at = monotonic()
        self._apart = timedelta()
        self.is_doubtful = False
        """Whether nothing is to be sent, ended or deleted because of what time it is."""
        self.not_followed = timedelta()
        """By how much the reference is ahead while it is known to be wrong."""
        self.slack_is_ahead = timedelta()
        """By how much Slack's clock shows another time than this one, none where it is about the same."""

    def now(self) -> datetime:
        """Return the present instant."""
        return self._at + timedelta(seconds=self._monotonic() - self._since)

    @property
    def leapt_lately(self) -> timedelta:
        """Return by how much the agreed time was set forwards in the last minute.

        Others may not have heard of it yet, so what they hold must not count as run out.
        """
        return self._leapt if self._monotonic() - self._leapt_at < SETTLED_S else timedelta()

    @property
    def is_settled(self) -> bool:
        """Say whether every process counts by this time: none has just begun, leapt, or seen a leap.

        Until then what others hold may look as if it were held for ever.
        """
        seen = self._sightings > 0 or abs(self._apart) > CREEP
        return not seen and self._monotonic() - self._changed_at >= SETTLED_S

    @property
    def has_doubts(self) -> bool:
        """Say whether a leap was seen of which it is not known yet whether it is to be followed."""
        return abs(self._apart - self.not_followed) > CREEP

    def server_before(self) -> datetime:
        """Return what the server's clock shows at most, unless this machine has stood still."""
        return self.now() + max(self.not_followed, timedelta()) + LAG

    @property
    def machine_is_off_s(self) -> float:
        """Return how many seconds the machine's own clock is ahead, of Slack's where that is known."""
        return (self._wall() - self.now() - self.slack_is_ahead).total_seconds()

    @property
    def reference_is_off_s(self) -> float:
        """Return how many seconds the reference was ahead when it was last looked at."""
        return (self._apart - self.slack_is_ahead).total_seconds()

    def apart_from(self, reference: datetime) -> timedelta:
        """Return how far *reference* is ahead, and remember it as how the two stand."""
        self._apart = reference - self.now()
        return self._apart

    def look(self, reference: datetime, *, is_certain: bool = False) -> bool:
        """Follow *reference*, at once where it has crept or *is_certain*, after three looks where it leapt.

        True when it has leapt backwards: what was written until now seems to come from the future.
        """
        apart = self.apart_from(reference)
        if abs(apart) <= CREEP:
            self._set(reference)
            return False
        same = abs(apart - self._leap) <= CREEP
        self._leap, self._sightings = apart, self._sightings + 1 if same else 1
        if is_certain or self._sightings >= SIGHTINGS:
            log.warning("the clock has leapt", extra={"seconds": round(apart.total_seconds())})
            self._set(reference)
            self._leapt, self._leapt_at = max(apart, timedelta()), self._monotonic()
            self._changed_at = self._leapt_at
            return apart < timedelta()
        return False

    def begin(self, reference: datetime) -> None:
        """Follow *reference* from the start, wherever the machine's clock stands."""
        self._set(reference)
        self._changed_at = self._monotonic()

    def _set(self, reference: datetime) -> None:
        self._at, self._since = reference, self._monotonic()
        self._leap = self._apart = self.not_followed = timedelta()
        self._sightings = 0


def is_in_doubt(clock: Clock) -> bool:
    """Say whether *clock* may be so wrong that nothing is to be done because of it."""
    return isinstance(clock, AgreedClock) and clock.is_doubtful


def server_before(clock: Clock) -> datetime | None:
    """Return what the server's clock shows at most if *clock* is right; None where none agrees with it."""
    return clock.server_before() if isinstance(clock, AgreedClock) else None
