"""The agreed time: a machine's clock may be set to anything, and nobody's lease or deadline moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot import heartbeat
from bot.clock import AgreedClock
from bot.heartbeat import look_at_clock
from storage.errors import UnavailableError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Machine:
    """A machine whose clock anybody may set, and which lives on regardless."""

    def __init__(self) -> None:
        self.lived, self.off = 1000.0, timedelta()

    def wall(self) -> datetime:
        return self.true() + self.off

    def true(self) -> datetime:
        return NOON + timedelta(seconds=self.lived - 1000)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> AgreedClock:
    return AgreedClock(machine.wall, lambda: machine.lived)


@pytest.mark.parametrize("off", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=7)])
def test_a_machines_clock_that_is_set_moves_nothing(
    machine: Machine, clock: AgreedClock, off: timedelta
) -> None:
    machine.off, machine.lived = off, machine.lived + 20
    assert clock.now() == NOON + timedelta(seconds=20)
    assert clock.machine_is_off_s == off.total_seconds()


def test_what_creeps_is_followed_at_once(machine: Machine, clock: AgreedClock) -> None:
    clock.look(NOON + timedelta(seconds=0.7))
    assert clock.now() == NOON + timedelta(seconds=0.7)
    assert clock.leapt_lately == timedelta()


@pytest.mark.parametrize(
    ("leaps", "believed", "forwards"),
    [
        ([3600], 0, 0),
        ([3600, 3600], 0, 0),
        ([3600, 3600, 3600], 3600, 3600),
        ([3600, -3600, 3600], 0, 0),
        ([3600, 3600, 0, 3600, 3600], 0, 0),
        ([-3600, -3600, -3600], -3600, 0),
    ],
)
def test_a_leap_is_believed_when_it_is_seen_three_times_in_a_row(
    machine: Machine, clock: AgreedClock, leaps: list[int], believed: int, forwards: int
) -> None:
    for leap in leaps:
        machine.lived += 10
        clock.look(machine.true() + timedelta(seconds=leap))
    assert clock.now() == machine.true() + timedelta(seconds=believed)
    assert clock.leapt_lately == timedelta(seconds=forwards)
    machine.lived += 61
    assert clock.leapt_lately == timedelta(), "everybody has heard of it"
    assert clock.is_settled == (leaps[-1] == 0 or believed != 0), "a leap that was seen is a doubt"


@pytest.mark.parametrize("apart", [0, 3600, -3600])
def test_whether_all_count_by_the_same_time_is_told(machine: Machine, clock: AgreedClock, apart: int) -> None:
    machine.lived += 59
    assert not clock.is_settled, "it has just begun"
    machine.lived += 1
    assert clock.is_settled
    for looks in range(1, 4):
        clock.look(machine.true() + timedelta(seconds=apart))
        assert clock.is_settled == (apart == 0), looks
    machine.lived += 60
    assert clock.is_settled, "everybody has had the time to follow"


def test_it_begins_with_the_database_wherever_the_machine_stands(
    machine: Machine, clock: AgreedClock
) -> None:
    machine.off = timedelta(days=-7)
    clock.begin(NOON)
    assert (clock.now(), clock.machine_is_off_s) == (NOON, -7 * 86400)


class Server:
    """A database of which nothing is asked but the time."""

    def __init__(self, now: datetime | None) -> None:
        self.now = now

    async def read(self, _work: object) -> datetime:
        if self.now is None:
            raise UnavailableError("away")
        return self.now


@pytest.mark.parametrize(
    ("server", "first", "shown"),
    [
        (NOON, True, NOON),
        (NOON, False, NOON + timedelta(days=7)),
        (None, False, NOON + timedelta(days=7)),
    ],
)
async def test_a_slow_server_is_believed_at_the_start(
    machine: Machine,
    server: datetime | None,
    first: bool,
    shown: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "QUICK_S", -1.0)  # no answer is quick on this machine
    machine.off = timedelta(days=7)
    clock = AgreedClock(machine.wall, lambda: machine.lived)
    await look_at_clock(Server(server), clock, first=first)  # type: ignore[arg-type]
    assert abs(clock.now() - shown) < timedelta(seconds=5)


async def test_nobody_starts_by_a_time_that_could_not_be_agreed(machine: Machine) -> None:
    machine.off = timedelta(days=7)
    clock = AgreedClock(machine.wall, lambda: machine.lived)
    with pytest.raises(UnavailableError):
        await look_at_clock(Server(None), clock, first=True)  # type: ignore[arg-type]


async def test_a_leap_is_seen_through_slow_answers(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "QUICK_S", -1.0)
    machine.off = timedelta(days=7)
    clock = AgreedClock(machine.wall, lambda: machine.lived)
    for _ in range(3):
        await look_at_clock(Server(NOON), clock)  # type: ignore[arg-type]
    assert abs(clock.now() - NOON) < timedelta(seconds=5)
