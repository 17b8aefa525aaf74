"""The agreed time: a machine's clock may be set to anything, and nobody's lease or deadline moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot import time_keeping
from bot.clock import AgreedClock
from bot.slack.time import time_at_slack
from bot.time_keeping import TimeKeeper
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


class Installation:
    """A database of which nothing is asked but the time, and a Slack that knows it too, or is away."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.server: timedelta | None = timedelta()
        self.slack: timedelta | None = timedelta()
        self.kept: dict[str, str] = {}
        self.asked = 0
        self.agreed = AgreedClock(machine.wall, lambda: machine.lived)
        self.keeper = TimeKeeper(self, self.agreed, self.ask, lambda: machine.lived)  # type: ignore[arg-type]

    async def ask(self) -> datetime | None:
        self.asked += 1
        return None if self.slack is None else (self.machine.true() + self.slack).replace(microsecond=0)

    async def read(self, work: Any) -> Any:
        if self.server is None:
            raise UnavailableError("away")
        return work(self._transaction())

    async def write(self, work: Any) -> Any:
        return await self.read(work)

    def _transaction(self) -> SimpleNamespace:
        assert self.server is not None
        stated = self.machine.true() + self.server
        settings = SimpleNamespace(
            get=self.kept.get, put=lambda key, value, _: self.kept.update({key: value})
        )
        return SimpleNamespace(replicas=SimpleNamespace(clock=lambda: stated), settings=settings)

    async def looks(self, times: int = 1) -> list[bool]:
        """Look so often, ten seconds apart, and return when the time was set back."""
        found = []
        for _ in range(times):
            self.machine.lived += 10
            found.append(await self.keeper.look())
        return found

    @property
    def is_off(self) -> timedelta:
        """How far the agreed time is from the true one, to the second."""
        return timedelta(seconds=round((self.agreed.now() - self.machine.true()).total_seconds()))


@pytest.fixture
def here(machine: Machine) -> Installation:
    return Installation(machine)


DAY, WEEK, YEARS = timedelta(days=1), timedelta(days=7), timedelta(days=8 * 365)
HOUR, MINUTE, NONE = timedelta(hours=1), timedelta(minutes=1), timedelta()


async def test_it_begins_with_the_database_however_slow_and_wherever_the_machine_stands(
    machine: Machine, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_keeping, "QUICK_S", -1.0)  # no answer is quick on this machine
    machine.off = WEEK
    await here.keeper.begin()
    assert (here.is_off, here.asked) == (NONE, 0), "nobody waits for Slack where nothing is in doubt"


async def test_nobody_starts_by_a_time_that_could_not_be_agreed(here: Installation) -> None:
    here.server = None
    with pytest.raises(UnavailableError):
        await here.keeper.begin()


async def test_what_was_agreed_holds_on_while_the_database_is_away(here: Installation) -> None:
    await here.keeper.begin()
    here.server = None
    assert await here.looks(4) == [False] * 4
    assert here.is_off == NONE


@pytest.mark.parametrize("leap", [MINUTE, HOUR, -HOUR, WEEK, -WEEK, YEARS])
async def test_a_leap_that_slack_does_not_show_is_never_followed(here: Installation, leap: timedelta) -> None:
    await here.keeper.begin()
    await here.looks()
    here.server = leap
    await here.looks(9)
    is_far = abs(leap) > 2 * MINUTE
    assert here.is_off == (NONE if is_far else leap), "of little nothing is made"
    assert round(here.agreed.reference_is_off_s) == (leap.total_seconds() if is_far else 0)
    assert not here.agreed.is_doubtful
    assert here.asked == (3 if is_far else 1), "once for the start, then once a minute"


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("leap", [HOUR, -HOUR, WEEK, YEARS])
async def test_a_leap_that_slack_shows_too_is_followed_at_once(
    here: Installation, leap: timedelta, slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.keeper.begin()
    await here.looks()
    if slow:
        monkeypatch.setattr(time_keeping, "QUICK_S", -1.0)
    here.server = here.slack = leap
    assert await here.looks() == [leap < NONE], "as after a machine was held and went on"
    assert here.is_off == leap
    assert here.agreed.leapt_lately == pytest.approx(max(leap, NONE), abs=timedelta(seconds=1))


@pytest.mark.parametrize(("leap", "shown"), [(HOUR, HOUR), (-HOUR, -HOUR), (WEEK, NONE), (-WEEK, NONE)])
async def test_while_slack_is_away_a_leap_of_less_than_a_day_is_believed_the_third_time(
    here: Installation, leap: timedelta, shown: timedelta
) -> None:
    here.slack = None
    await here.keeper.begin()
    here.server = leap
    await here.looks(2)
    assert here.is_off == NONE
    await here.looks(2)
    assert here.is_off == shown


async def _agreed_once(here: Installation) -> None:
    await here.keeper.begin()
    await here.looks()
    assert here.kept, "Slack has agreed"


@pytest.mark.parametrize("off", [YEARS, -HOUR])
async def test_a_start_far_from_where_slack_last_agreed_is_in_doubt_until_it_agrees(
    machine: Machine, here: Installation, off: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    await _agreed_once(here)
    again = Installation(machine)
    again.kept, again.server, again.slack = here.kept, off, None
    await again.keeper.begin()
    assert again.agreed.is_doubtful
    assert "the time is in doubt" in caplog.text
    await again.looks(12)
    assert again.agreed.is_doubtful, "nobody has said otherwise"
    again.server, again.slack = NONE, NONE
    assert await again.looks() == [off > NONE]
    assert (again.is_off, again.agreed.is_doubtful) == (NONE, False)


@pytest.mark.parametrize(("rest", "slack", "asked"), [(90 * DAY, NONE, 1), (DAY - MINUTE, None, 0)])
async def test_a_start_is_in_no_doubt_a_day_after_slack_agreed_and_later_when_it_agrees_again(
    machine: Machine, here: Installation, rest: timedelta, slack: timedelta | None, asked: int
) -> None:
    await _agreed_once(here)
    machine.lived += rest.total_seconds()
    again = Installation(machine)
    again.kept, again.slack = here.kept, slack
    await again.keeper.begin()
    assert (again.agreed.is_doubtful, again.asked) == (False, asked)


async def test_a_doubt_ends_with_the_next_look_after_slack_has_come_back(
    machine: Machine, here: Installation
) -> None:
    await _agreed_once(here)
    machine.lived += WEEK.total_seconds()
    again = Installation(machine)
    again.kept, again.slack = here.kept, None
    await again.keeper.begin()
    await again.looks()
    assert again.agreed.is_doubtful
    again.slack = NONE
    await again.looks()
    assert not again.agreed.is_doubtful


async def test_a_slow_answer_says_nothing_of_what_is_less_than_its_delay(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.keeper.begin()
    slow = SimpleNamespace(time=count(step=20).__next__)
    monkeypatch.setattr(time_keeping, "asyncio", SimpleNamespace(get_running_loop=lambda: slow))
    await here.looks(4)
    assert here.is_off == NONE
    await here.keeper.begin()
    assert here.is_off == timedelta(seconds=10), "it is taken for the middle of its delay"


@pytest.mark.parametrize(("off", "is_doubtful"), [(timedelta(minutes=5), False), (YEARS, True)])
async def test_a_clock_that_slack_contradicts_is_told_and_beyond_a_day_in_doubt(
    machine: Machine, here: Installation, off: timedelta, is_doubtful: bool
) -> None:
    machine.off = here.server = off  # as with a database in a file: there is only the machine's
    await here.keeper.begin()
    await here.looks()
    assert here.agreed.is_doubtful == is_doubtful
    assert round(here.agreed.machine_is_off_s) == off.total_seconds()
    assert not here.kept
    machine.off = here.server = NONE
    await here.looks()
    assert (here.is_off, here.agreed.is_doubtful) == (NONE, False)
    assert abs(here.agreed.machine_is_off_s) < 2
    assert here.kept


@pytest.mark.parametrize("lag", [timedelta(seconds=20), timedelta(minutes=1), HOUR, WEEK])
async def test_a_machine_that_was_held_takes_nothing_by_a_time_that_is_over(
    machine: Machine, here: Installation, lag: timedelta
) -> None:
    """Its clocks stood still: what it claims would be anybody's at once."""
    await here.keeper.begin()
    await here.looks()
    here.server = here.slack = lag
    assert here.agreed.server_before() < machine.true() + lag
    looks = 0
    while here.is_off != lag:
        await here.looks()
        looks += 1
        assert here.keeper.has_doubts == (here.is_off != lag)
    assert looks == (1 if lag > 2 * MINUTE else 3)
    assert here.agreed.server_before() > machine.true() + lag


async def test_a_servers_clock_that_is_known_to_be_wrong_stops_nobody(
    machine: Machine, here: Installation
) -> None:
    await here.keeper.begin()
    here.server = HOUR
    await here.looks()
    assert here.is_off == NONE
    assert not here.keeper.has_doubts
    assert here.agreed.server_before() > machine.true() + HOUR
    here.server = NONE
    await here.looks()
    assert here.agreed.server_before() < machine.true() + MINUTE


@pytest.mark.parametrize(("slack", "times"), [(NONE, 2), (None, 120)])
async def test_slack_is_asked_once_an_hour_and_once_a_minute_while_it_is_silent(
    here: Installation, slack: timedelta | None, times: int
) -> None:
    await here.keeper.begin()
    here.slack = slack
    await here.looks(2 * 360)
    assert here.asked == times


async def test_slack_says_what_time_it_is() -> None:
    dates = iter(({}, {"Date": "yesterday"}, {"Date": "Mon, 23 Nov 2026 12:00:00 -0000"}))

    async def slack(request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.Response(status=500, headers=next(dates))

    app = web.Application()
    app.router.add_post("/api/api.test", slack)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    [(_, port)] = runner.addresses
    async with aiohttp.ClientSession() as session:
        found, *unclear = [await time_at_slack(session, f"http://127.0.0.1:{port}/api/") for _ in range(3)]
        await runner.cleanup()
        gone = await time_at_slack(session, f"http://127.0.0.1:{port}/api/")
    assert found is not None
    assert abs(found - datetime.now(UTC)) < timedelta(seconds=30)
    assert [*unclear, gone] == [None, None, None]
