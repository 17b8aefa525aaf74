"""Whatever people, time and broken neighbours do, in any order: `lives_hold.py` says what must always hold.

A longer search: COUNTERSIGN_TEST_LIVES=500 pytest tests/handlers/test_any_life.py
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from policy.decide import CompiledPolicy
from policy.donor import LifecycleStage
from tests.handlers.circumstances import SEASONS, SETTINGS, Rules, rules_around
from tests.handlers.conftest import GUEST, MANAGER, OWNER, STRANGER, house_on
from tests.handlers.lives import DONOR, SPOUSE, Life
from tests.handlers.lives_hold import ends_well, holds
from tests.loop.databases import copied_postgres

LIVES = int(os.environ.get("COUNTERSIGN_TEST_LIVES", "0"))

people = st.sampled_from([*[OWNER] * 7, MANAGER, STRANGER, GUEST])
health = st.sampled_from(["well", "well", "down", "loses answers", "loses requests"])
stages = st.sampled_from(
    [LifecycleStage.REACTIVATION, LifecycleStage.CULTIVATION, LifecycleStage.STEWARDSHIP]
)
donors = st.sampled_from([DONOR, DONOR, SPOUSE])
which = st.sampled_from([-1, -1, 0, 1])
worked = st.sampled_from([0, 0, 1, 3, 40, 40, 40])
marks = ("do_not_contact", "deceased", "legal_review", "sensitive", "gives_anonymously")
changes = st.one_of(
    st.tuples(st.sampled_from(["gift", "record"]), st.none()),
    st.tuples(st.just("lifecycle_stage"), stages),
    st.tuples(st.sampled_from(marks), st.sampled_from([True, False, False])),
    st.tuples(st.just("merged_into"), st.sampled_from(["donor-2", None, None])),
)
Trouble = tuple[Any, Any, int | None, tuple[str, Any] | None]
trouble: st.SearchStrategy[Trouble] = st.tuples(
    health, health, st.none() | st.integers(0, 30), st.none() | st.none() | changes
)


class AnyLife(RuleBasedStateMachine):
    """Decisions about one donor; the rules are what can happen to them."""

    open_url: ClassVar[Callable[[ExitStack], str]]
    variations: ClassVar[Rules]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.loop = asyncio.Runner()
        self.now(self._begin())

    def now(self, doing: Awaitable[Any]) -> Any:
        return self.loop.run(cast("Any", doing))

    async def _begin(self) -> None:
        house = house_on(type(self).open_url(self.stack), self.variations.usual)
        self.life = Life(house, self.variations, self.variations.usual)

    async def about(self, number: int) -> str | None:
        every = await self.life.escalations()
        return every[number % len(every)].id if every else None

    @initialize(
        settings=st.sampled_from(list(SETTINGS)), season=st.sampled_from(list(SEASONS)), spouse=st.booleans()
    )
    def a_gift_arrives(self, settings: str, season: str, *, spouse: bool) -> None:
        self.life.begin(SETTINGS[settings], SEASONS[season])

        async def do() -> None:
            await self.life.gift()
            if spouse:
                await self.life.gift(SPOUSE)
            await self.life.work(40)

        self.now(do())

    @precondition(lambda self: len(self.life.house.crm.gifts) < 12)
    @rule(whose=donors, worked=worked)
    def another_gift_arrives(self, whose: str, worked: int) -> None:
        self.now(self._and_then(self.life.gift(whose), worked))

    @rule(whose=donors, worked=worked)
    def a_standing_gift_fails(self, whose: str, worked: int) -> None:
        self.now(self._and_then(self.life.missed_payment(whose), worked))

    @rule(staff=st.sampled_from(["staff-1", "staff-2", None]), told=st.booleans(), worked=worked)
    def the_owner_changes(self, staff: str | None, told: bool, worked: int) -> None:
        self.now(self._and_then(self.life.another_owner(staff, told=told), worked))

    @rule(who=people, number=which, worked=worked)
    def somebody_approves(self, who: Any, number: int, worked: int) -> None:
        self._about(number, lambda about: self.life.click("approve", who, about), worked)

    @rule(number=which, trouble=trouble)
    def the_owner_approves_in_troubled_times(self, number: int, trouble: Trouble) -> None:
        self._about(number, lambda about: self._in_trouble("approve", about, trouble), 40)

    @rule(number=which, trouble=trouble)
    def the_owner_undoes_in_troubled_times(self, number: int, trouble: Trouble) -> None:
        self._about(number, lambda about: self._in_trouble("undo", about, trouble), 40)

    @rule(
        what=st.sampled_from(["decline", "defer", "defer to a gift", "bring back", "bring back", "card"]),
        who=people,
        number=which,
        worked=worked,
    )
    def somebody_does_not_approve(self, what: Any, who: Any, number: int, worked: int) -> None:
        self._about(number, lambda about: self.life.click(what, who, about), worked)

    @rule(what=st.sampled_from(["undo", "undo", "undo the rest"]), who=people, number=which, worked=worked)
    def somebody_undoes(self, what: Any, who: Any, number: int, worked: int) -> None:
        self._about(number, lambda about: self.life.click(what, who, about), worked)

    @rule(who=people, stale=st.sampled_from([False, False, True]), worked=worked)
    def somebody_approves_all_at_once(self, who: Any, stale: bool, worked: int) -> None:
        self.now(self._and_then(self.life.together(who, stale=stale), worked))

    @rule(who=people, worked=worked)
    def somebody_looks_at_their_home(self, who: Any, worked: int) -> None:
        self.now(self._and_then(self.life.open_home(who), worked))

    @rule(minutes=st.sampled_from([None, 5, 600]), worked=worked)
    def everything_is_paused(self, minutes: int | None, worked: int) -> None:
        self.now(self._and_then(self.life.pause(minutes), worked))

    @rule(worked=worked)
    def everything_is_resumed(self, worked: int) -> None:
        self.now(self._and_then(self.life.resume(), worked))

    @rule(which=st.sampled_from(["usual", "usual", "manager_too", "unasked", "nothing"]))
    def other_rules_come_into_force(self, which: str) -> None:
        self.life.in_force = getattr(self.life.rules, which)

    @rule(whose=st.sampled_from([DONOR, DONOR, SPOUSE]), sure=st.integers(0, 2), worked=worked)
    def a_donor_is_erased(self, whose: str, sure: int, worked: int) -> None:
        if sure == 0:
            self.now(self._and_then(self.life.erase(whose), worked))

    @rule(worked=worked)
    def a_card_is_deleted(self, worked: int) -> None:
        self.life.lose_card()
        self.now(self.life.work(worked))

    @rule(
        who=people, to=st.sampled_from([None, MANAGER, STRANGER, GUEST, OWNER]), number=which, worked=worked
    )
    def somebody_passes_on(self, who: Any, to: Any, number: int, worked: int) -> None:
        self._about(number, lambda about: self.life.pass_on(who, to, about), worked)

    @rule(who=people, number=which, worked=worked)
    def somebody_sends_back(self, who: Any, number: int, worked: int) -> None:
        self._about(number, lambda about: self.life.send_back(who, about), worked)

    @rule(who=st.sampled_from([MANAGER, MANAGER, OWNER, GUEST]), fixed=st.booleans(), worked=worked)
    def somebody_answers_the_cleanup(self, who: Any, fixed: bool, worked: int) -> None:
        self.now(self._and_then(self.life.answer_cleanup(who, fixed=fixed), worked))

    @rule(who=people, number=which, versions=st.integers(0, 2), approved=st.booleans(), worked=worked)
    def somebody_edits(self, who: Any, number: int, versions: int, approved: bool, worked: int) -> None:
        self._about(number, lambda about: self._edit(who, versions, about, approved=approved), worked)

    @precondition(lambda self: self.life.form is not None)
    @rule(who=people, worked=worked)
    def somebody_approves_a_version(self, who: Any, worked: int) -> None:
        self.now(self._and_then(self.life.approve_edit(who), worked))

    @rule(back=st.booleans(), worked=worked)
    def the_owner_goes_away_or_comes_back(self, back: bool, worked: int) -> None:
        self.now(self._and_then(self.life.go_away(back=back), worked))

    @rule(back=st.integers(1, 4), worked=worked)
    def a_delivery_is_repeated(self, back: int, worked: int) -> None:
        self.now(self._and_then(self.life.repeat(back), worked))

    @rule(most=st.sampled_from([1, 2, 4, 40, 40]))
    def the_worker_works(self, most: int) -> None:
        self.now(self.life.work(most))

    @rule(beats=st.integers(0, 25), worked=worked)
    def the_worker_dies(self, beats: int, worked: int) -> None:
        self.now(self._and_then(self.life.die(beats), worked))

    @rule(seconds=st.sampled_from([-30, 1, 60, 60, 3600, 86_400, 6 * 86_400, 40 * 86_400]), worked=worked)
    def time_passes(self, seconds: int, worked: int) -> None:
        self.life.wait(seconds)
        self.now(self.life.work(worked))

    @rule(crm=health, chat=health, stale=st.sampled_from([0, 0, 1, 2]))
    def neighbours_break_or_heal(self, crm: Any, chat: Any, stale: int) -> None:
        self.life.house.crm.health, self.life.house.chat.health = crm, chat
        self.life.house.crm.stale_next = stale

    @rule(change=changes)
    def the_crm_is_changed(self, change: tuple[str, Any]) -> None:
        self._change(change)

    def _change(self, change: tuple[str, Any]) -> None:
        match change:
            case ("gift", _):
                self.life.correct_gift()
            case ("record", _):
                self.life.edit_what_was_written()
            case (name, value):
                self.life.change(**{name: value})

    @invariant()
    def everything_holds(self) -> None:
        self.now(holds(self.life))

    def teardown(self) -> None:
        try:
            self.now(ends_well(self.life))
        finally:
            self.now(self.life.database.close())
            self.loop.close()
            self.stack.close()

    async def _in_trouble(self, what: Any, about: str, trouble: Trouble) -> None:
        """The neighbours fail, the worker dies, the world changes; then the neighbours are well again."""
        house, (crm, chat, beats, change) = self.life.house, trouble
        await self.life.click(what, OWNER, about)
        house.crm.health, house.chat.health = crm, chat
        if beats is None:
            await self.life.work(3)
        else:
            await self.life.die(beats)
        if change:
            self._change(change)
        house.crm.health = house.chat.health = "well"
        self.life.wait(61)

    async def _edit(self, who: Any, versions: int, about: str, *, approved: bool) -> None:
        await self.life.press_edit(who, about)
        for _ in range(versions):
            await self.life.submit_edit(who)
            await self.life.work(6)
        if approved:
            await self.life.approve_edit(who)

    async def _and_then(self, doing: Awaitable[None], worked: int) -> None:
        await doing
        await self.life.work(worked)

    def _about(self, number: int, do: Callable[[str], Awaitable[None]], worked: int) -> None:
        async def act() -> None:
            about = await self.about(number)
            if about:
                await do(about)
                await self.life.work(worked)

        self.now(act())


def _live(machine: type[AnyLife], lives: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=LIVES or lives,
            stateful_step_count=60 if LIVES else steps,
            deadline=None,
            derandomize=not LIVES,
            database=None,
            phases=[Phase.generate, Phase.shrink] if LIVES else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(0 if LIVES else 400)
def test_any_life_ends_well(migrated: Path, default_policy: CompiledPolicy, tmp_path: Path) -> None:
    numbers = iter(range(1_000_000))

    def copied(stack: ExitStack) -> str:
        path = shutil.copy(migrated, tmp_path / f"{next(numbers)}.db")
        stack.callback(path.unlink)
        return f"sqlite:///{path}"

    class OnSqlite(AnyLife):
        open_url = staticmethod(copied)
        variations = rules_around(default_policy)

    _live(OnSqlite, 10, 25)


@pytest.mark.timeout(0 if LIVES else 180)
@pytest.mark.postgres
def test_any_life_ends_well_on_postgresql(
    template_of_postgres: tuple[str, str], default_policy: CompiledPolicy
) -> None:
    def copied(stack: ExitStack) -> str:
        return stack.enter_context(copied_postgres(*template_of_postgres))

    class OnPostgres(AnyLife):
        open_url = staticmethod(copied)
        variations = rules_around(default_policy)

    _live(OnPostgres, 2, 20)
