"""The agreed time: a machine's clock may be set to anything, and nobody's lease or deadline moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import AgreedClock

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


def test_it_begins_with_the_database_wherever_the_machine_stands(
    machine: Machine, clock: AgreedClock
) -> None:
    machine.off = timedelta(days=-7)
    clock.begin(NOON)
    assert (clock.now(), clock.machine_is_off_s) == (NOON, -7 * 86400)
