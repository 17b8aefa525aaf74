"""Whatever people, time and broken neighbours do, in any order: at most one effect, never without a yes."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handlers.commands import (
    ApprovalClicked,
    ChatUser,
    DeclineClicked,
    DeferralClicked,
    ReplyAddress,
)
from policy.decide import CompiledPolicy
from policy.donor import LifecycleStage
from policy.escalation import EscalationState, may_move
from storage.escalations import Escalation
from tests.examples import examples
from tests.handlers.conftest import GUEST, MANAGER, OWNER, STRANGER, House, house_in

DONOR = "donor-1"
S = EscalationState
FINAL = {S.EXECUTED, S.DECLINED, S.EXPIRED, S.FAILED}

# What each audit entry makes of the state before it.
AUDITED = {
    "escalation.opened": S.OPEN,
    "escalation.approved": S.APPROVED,
    "escalation.declined": S.DECLINED,
    "escalation.deferred": S.DEFERRED,
    "escalation.reopened": S.OPEN,
    "escalation.passed_on": S.ESCALATED,
    "escalation.handed_over": S.OPEN,
    "escalation.expired": S.EXPIRED,
    "escalation.changed_since": S.OPEN,
    "action.begun": S.EXECUTING,
    "action.not_found": S.EXECUTING,
    "action.outcome_unknown": S.OUTCOME_UNKNOWN,
    "action.executed": S.EXECUTED,
    "action.stopped": S.FAILED,
}

Step = tuple[str, Any]

people = st.sampled_from([OWNER, OWNER, OWNER, MANAGER, STRANGER, GUEST])
health = st.sampled_from(["well", "well", "down", "loses answers", "loses requests"])
stages = st.sampled_from(
    [LifecycleStage.REACTIVATION, LifecycleStage.CULTIVATION, LifecycleStage.STEWARDSHIP]
)
steps = st.one_of(
    st.tuples(st.just("approve"), people),
    st.tuples(st.just("decline"), people),
    st.tuples(st.just("defer"), st.tuples(people, st.sampled_from(["tomorrow", "next_week"]))),
    st.tuples(st.just("work"), st.integers(1, 4)),
    st.tuples(st.just("work"), st.just(50)),
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 3600, 86_400, 8 * 86_400])),
    st.tuples(st.just("crm"), health),
    st.tuples(st.just("chat"), health),
    st.tuples(st.just("stale"), st.integers(1, 2)),
    st.tuples(st.just("stage"), stages),
    st.tuples(st.just("repeat"), st.just(None)),
    st.tuples(st.just("merge"), st.just(None)),
)

YES: Step = ("approve", OWNER)


class Play:
    """One history: what people do goes in, what is left is examined."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.clicks: list[tuple[Any, str]] = []

    async def open(self) -> str:
        """Let the gift arrive; return the escalation it opens."""
        [opened] = await self.house.gift()
        return opened.id

    async def take(self, step: Step, about: str) -> None:
        what, given_ = step
        house = self.house
        match what:
            case "approve" | "decline" | "defer":
                await self._click(what, given_, about)
            case "repeat":
                for command, key in self.clicks[-1:]:
                    await house.accept(command, order=f"escalation:{about}", key=key)
            case "work":
                await house.work(given_)
            case "wait":
                house.clock.move(seconds=given_)
            case "crm":
                house.crm.health = given_
            case "chat":
                house.chat.health = given_
            case "stale":
                house.crm.stale_next = given_
            case "stage":
                house.crm.change(DONOR, lifecycle_stage=given_)
            case "merge":
                house.crm.change(DONOR, merged_into="donor-2")

    async def _click(self, what: str, given_: Any, about: str) -> None:
        person, preset = given_ if what == "defer" else (given_, None)
        by = ChatUser(id=person.id)
        to = ReplyAddress(channel_id="COWNER", user_id=person.id)
        command: Any
        if what == "approve":
            command = ApprovalClicked(escalation_id=about, by=by, reply_to=to)
        elif what == "decline":
            command = DeclineClicked(escalation_id=about, by=by, reply_to=to)
        else:
            chosen = cast("Literal['tomorrow', 'next_week']", preset)
            command = DeferralClicked(escalation_id=about, preset=chosen, by=by, reply_to=to)
        self.clicks.append((command, await self.house.accept(command, order=f"escalation:{about}")))

    async def heal_and_finish(self, about: str) -> Escalation:
        """Everything works again and time goes on until nothing can happen any more."""
        self.house.crm.health = self.house.chat.health = "well"
        for _ in range(60):
            await self.house.work_all()
            found = await self.house.database.read(lambda tx: tx.escalations.get(about))
            assert found is not None
            if found.state in FINAL and not await self._waiting():
                return found
            self.house.clock.move(days=1)
        raise AssertionError(f"stuck in {found.state}")

    async def _waiting(self) -> bool:
        soon = self.house.clock.now() + timedelta(minutes=1)
        return await self.house.database.read(
            lambda tx: bool(tx.inbox.standing(soon).counts["due"] or tx.outbox.standing(soon).counts["later"])
        )


async def _is_right(house: House, end: Escalation) -> None:
    trail = [
        e
        for e in await house.database.read(lambda tx: tx.audit.trace(DONOR))
        if e.payload and e.payload.get("escalation_id") == end.id and e.kind in AUDITED
    ]
    kinds = [e.kind for e in trail]

    assert len(house.crm.written) == (1 if end.state is S.EXECUTED else 0), "at most one effect"
    for effect in house.crm.written:
        before = kinds[: kinds.index("action.executed")]
        last_yes = max(i for i, kind in enumerate(before) if kind == "escalation.approved")
        whose = MANAGER if "escalation.handed_over" in before[:last_yes] else OWNER
        assert trail[last_yes].actor == f"slack:{whose.id}", "a yes by the person whose decision it is"
        assert effect.actor.startswith(f"countersign for {whose.name} (ref ")
        assert "escalation.changed_since" not in before[last_yes:], "and nothing took it back"

        approved = next(iter(house.chat.cards.values())).card.changes
        assert [change.before for change in approved] == [effect.before.lifecycle_stage.value], (
            "as it was shown"
        )

    states = [AUDITED[kind] for kind in kinds]
    assert all(may_move(one, other) for one, other in itertools.pairwise(states)), kinds
    assert (states[0], states[-1]) == (S.OPEN, end.state), "the audit tells the whole story"
    assert len(states) == end.revision, "every single move"
    report = await house.database.read(lambda tx: tx.audit.verify())
    assert report.ok

    shown = [card.status.state for card in house.chat.cards.values()]
    assert shown == [end.state] * (1 + kinds.count("escalation.handed_over")), (
        "one card in every place, honest"
    )
    assert {code for kind, code in house.dead} == set(), "nothing was given up"


@settings(
    max_examples=examples(12),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(steps, max_size=25))
@example(history=[YES, ("work", 50)])
@example(history=[YES, YES, ("repeat", None), ("work", 50)])
@example(history=[YES, ("crm", "down"), ("work", 50), ("stage", LifecycleStage.CULTIVATION), ("crm", "well")])
@example(history=[YES, ("crm", "loses answers"), ("work", 50), ("wait", 60), ("crm", "well"), ("work", 50)])
@example(
    history=[
        YES,
        ("crm", "loses requests"),
        ("work", 50),
        ("stage", LifecycleStage.CULTIVATION),
        ("crm", "well"),
    ]
)
@example(history=[YES, ("work", 1), ("stage", LifecycleStage.CULTIVATION), ("work", 50), YES])
@example(history=[("chat", "loses answers"), YES, ("work", 50), ("wait", 60), ("work", 50)])
@example(history=[YES, ("work", 1), ("stale", 2), ("work", 50), ("wait", 60), ("work", 50)])
@example(
    history=[YES, ("crm", "down"), ("work", 50), ("wait", 8 * 86_400), ("stage", LifecycleStage.CULTIVATION)]
)
@example(history=[("defer", (OWNER, "tomorrow")), ("work", 50), ("wait", 8 * 86_400), ("work", 50), YES])
@example(history=[("wait", 8 * 86_400), ("work", 50), YES, ("approve", MANAGER), ("work", 50)])
@example(history=[YES, ("merge", None), ("work", 50)])
@example(history=[("approve", STRANGER), ("approve", GUEST), ("decline", MANAGER), ("work", 50)])
def test_any_history_ends_well(history: list[Step], migrated: Path, default_policy: CompiledPolicy) -> None:
    async def run(house: House) -> None:
        try:
            play = Play(house)
            about = await play.open()
            for step in history:
                await play.take(step, about)
            await _is_right(house, await play.heal_and_finish(about))
        finally:
            await house.database.close()

    with ExitStack() as stack:
        asyncio.run(run(stack.enter_context(house_in(migrated, default_policy))))
