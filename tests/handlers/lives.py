"""Whole lives of decisions: all that people, time and broken neighbours can do, and what must always hold."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

from handlers.commands import (
    ApprovalClicked,
    AwayRequested,
    BackRequested,
    ChatUser,
    CleanupFixed,
    CleanupGivenUp,
    CrmEventArrived,
    DeclineClicked,
    DeferralClicked,
    EditApproved,
    EditRequested,
    EditSubmitted,
    PassOnRequested,
    ReplyAddress,
    SendBackRequested,
    UndoClicked,
)
from handlers.escalation_view import execution_of
from handlers.outcomes import CheckedEdit, EditForm
from handlers.ports import Colleague
from policy.donor import Acknowledgement, Gift
from policy.editing import EDIT
from policy.escalation import UNDECIDED, EscalationState, may_move
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from policy.override_reasons import GivenReason, OverrideReason
from storage.audit import AuditRecord
from storage.escalations import Escalation
from tests.handlers.conftest import LEASE, MANAGER, OWNER, House, margaret

DONOR, SURVIVOR = "donor-1", "donor-2"
S = EscalationState
SETTLED = {S.EXECUTED, S.DECLINED, S.EXPIRED, S.FAILED, S.UNDONE, S.SUPERSEDED}
NOT_NOW = GivenReason(code=OverrideReason.WRONG_TIMING)
WORDS = GivenReason(code=OverrideReason.WRONG_WORDING)
SENIOR = GivenReason(code=OverrideReason.NEEDS_SENIORITY)
STALE = GivenReason(code=OverrideReason.STALE_FACTS)

MADE_OF_IT: dict[str, EscalationState] = {
    "escalation.opened": S.OPEN,
    "escalation.approved": S.APPROVED,
    "escalation.allowed": S.APPROVED,
    "escalation.approval_given": S.OPEN,
    "escalation.declined": S.DECLINED,
    "escalation.deferred": S.DEFERRED,
    "escalation.reopened": S.OPEN,
    "escalation.passed_on": S.ESCALATED,
    "escalation.handed_over": S.OPEN,
    "escalation.sent_back": S.SENT_BACK,
    "escalation.given_back": S.OPEN,
    "escalation.came_back": S.SUPERSEDED,
    "escalation.withdrawn": S.SUPERSEDED,
    "escalation.superseded": S.SUPERSEDED,
    "escalation.expired": S.EXPIRED,
    "escalation.changed_since": S.OPEN,
    "action.begun": S.EXECUTING,
    "action.not_found": S.EXECUTING,
    "action.outcome_unknown": S.OUTCOME_UNKNOWN,
    "action.executed": S.EXECUTED,
    "action.stopped": S.FAILED,
    "undo.requested": S.EXECUTED,
    "undo.refused": S.EXECUTED,
    "action.undone": S.UNDONE,
}
"""What each audit entry makes of the decision it is about."""


class PlugPulled(BaseException):
    """The worker is gone, without any farewell."""


@dataclass
class Pulse:
    """How many more times the worker breathes: once before, and once after, everything it waits for."""

    left: int | None = None

    def beat(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            raise PlugPulled


class Mortal:
    """A neighbour of a worker that may die before it is asked, or before its answer is heard."""

    def __init__(self, neighbour: Any, pulse: Pulse) -> None:
        self._neighbour, self._pulse = neighbour, pulse

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked: Callable[..., Any] = getattr(self._neighbour, name)
        if not inspect.iscoroutinefunction(asked):
            return asked  # reckoned here, without asking anybody

        async def ask(*given: Any, **named: Any) -> Any:
            self._pulse.beat()
            answer = await asked(*given, **named)
            self._pulse.beat()
            return answer

        return ask


@dataclass
class Life:
    """One history: what people do goes in, and after each step everything that must hold is looked at."""

    house: House
    pulse: Pulse = field(default_factory=Pulse)
    delivered: list[tuple[Any, str | None, str]] = field(default_factory=list)
    form: EditForm | None = None
    delegates: set[str] = field(default_factory=set)
    changed_by_colleagues: bool = False
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.house.crm.add(margaret().model_copy(update={"id": SURVIVOR}))
        self.database = self.house.context.database
        self.house.context = replace(
            self.house.context,
            database=Mortal(self.database, self.pulse),  # type: ignore[arg-type]
            crm=Mortal(self.house.crm, self.pulse),  # type: ignore[arg-type]
            chat=Mortal(self.house.chat, self.pulse),  # type: ignore[arg-type]
        )

    # What happens

    async def gift(self) -> None:
        number = next(self.numbers)
        gift_id = "gift-new" if number == 1 else f"gift-{number}"
        if number > 1:
            self.house.crm.gifts.append(_gift(gift_id, 10_000 + number, self.house.clock.now().date()))
        event = CrmEvent(
            id=f"evt-{number}",
            source="/crm",
            type=CrmEventType.DONATION_RECEIVED,
            time=self.house.clock.now(),
            donor_id=DONOR,
            record_id=gift_id,
        )
        await self._deliver(CrmEventArrived(event=event), f"donor:{DONOR}")

    async def click(
        self,
        what: Literal["approve", "decline", "defer", "undo", "undo the rest"],
        who: Colleague,
        about: str,
    ) -> None:
        common = _from(who) | {"escalation_id": about}
        commands: dict[str, Any] = {
            "approve": lambda: ApprovalClicked(**common),
            "decline": lambda: DeclineClicked(reason=NOT_NOW, **common),
            "defer": lambda: DeferralClicked(preset="tomorrow", **common),
            "undo": lambda: UndoClicked(**common),
            "undo the rest": lambda: UndoClicked(rest=True, **common),
        }
        await self._deliver(commands[what](), f"escalation:{about}")

    async def pass_on(self, who: Colleague, to: Colleague | None, about: str) -> None:
        to_user = to.id if to else None
        command = PassOnRequested(escalation_id=about, to_user_id=to_user, reason=SENIOR, **_from(who))
        await self._deliver(command, f"escalation:{about}")

    async def send_back(self, who: Colleague, about: str) -> None:
        command = SendBackRequested(escalation_id=about, reason=STALE, **_from(who))
        await self._deliver(command, f"escalation:{about}")

    async def answer_cleanup(self, who: Colleague, *, fixed: bool) -> None:
        waiting = [shown for _, shown in self.house.chat.cleanups.values()]
        if not waiting:
            return
        item = waiting[-1].item_id
        if fixed:
            await self._deliver(CleanupFixed(item_id=item, **_from(who)), f"cleanup:{item}")
        else:
            await self._deliver(CleanupGivenUp(item_id=item, note="No idea", **_from(who)), f"cleanup:{item}")

    async def press_edit(self, who: Colleague, about: str) -> None:
        view = f"V{next(self.numbers)}"
        await self._deliver(EditRequested(escalation_id=about, view_id=view, **_from(who)), None)
        await self.work(6)
        shown = self._window(view)
        self.form = shown if isinstance(shown, EditForm) else self.form

    async def submit_edit(self, who: Colleague) -> None:
        """The form may be of another card, or of a version of it that is gone."""
        if self.form is None:
            return
        held = {f.name: None if f.value == "nobody" else f.value for f in self.form.fields}
        if "title" in held:
            held["title"] = f"Version {next(self.numbers)}"
        if "stage" in held:
            held["stage"] = "cultivation"
        command = EditSubmitted(
            escalation_id=self.form.escalation_id,
            revision=self.form.revision,
            action_digest=self.form.action_digest,
            edit=EDIT.validate_python({"kind": self.form.action_kind, **held}),
            window=f"W{next(self.numbers)}",
            **_from(who),
        )
        await self._deliver(command, None)

    async def approve_edit(self, who: Colleague) -> None:
        checked = [shown for _, shown in self.house.chat.views if isinstance(shown, CheckedEdit)]
        if not checked:
            return
        about, edit = checked[-1].escalation_id, checked[-1].edit_id
        command = EditApproved(escalation_id=about, edit_id=edit, reason=WORDS, **_from(who))
        await self._deliver(command, f"escalation:{about}")

    async def go_away(self, *, back: bool) -> None:
        if back:
            await self._deliver(BackRequested(**_from(OWNER)), None)
        else:
            self.delegates.add(MANAGER.id)
            words = AwayRequested(words="until Friday", delegates=(MANAGER.id,), **_from(OWNER))
            await self._deliver(words, None)

    async def repeat(self, back: int) -> None:
        """Slack, or the CRM, delivers once more what it delivered before."""
        for command, order, key in self.delivered[-back:][:1]:
            await self.house.accept(command, order=order, key=key)

    async def work(self, most: int) -> None:
        await self.house.work(most)

    async def die(self, beats: int) -> None:
        """The worker dies somewhere in the middle, and its lease runs out."""
        self.pulse.left = beats
        try:
            await self.house.work(8)
        except PlugPulled:
            self.house.clock.move(seconds=LEASE.total_seconds() + 1)
        finally:
            self.pulse.left = None

    def wait(self, seconds: int) -> None:
        self.house.clock.move(seconds=seconds)

    def change(self, **fields: object) -> None:
        self.changed_by_colleagues = True
        self.house.crm.change(DONOR, **fields)

    def correct_gift(self) -> None:
        gifts = self.house.crm.gifts
        gifts[-1] = gifts[-1].model_copy(update={"amount": Money(minor=next(self.numbers), currency="USD")})

    def edit_what_was_written(self) -> None:
        for effect in self.house.crm.written[-1:]:
            self.house.crm.edit_record(effect.key)

    async def escalations(self) -> list[Escalation]:
        return await self.database.read(lambda tx: tx.escalations.page(tuple(S), limit=50))

    async def trail(self) -> list[AuditRecord]:
        return await self.database.read(lambda tx: [*tx.audit.trace(DONOR), *tx.audit.trace(SURVIVOR)])

    async def _deliver(self, command: Any, order: str | None) -> None:
        self.delivered.append((command, order, await self.house.accept(command, order=order)))

    def _window(self, view: str) -> Any:
        return next((shown for name, shown in self.house.chat.views if name == view), None)

    # What must always hold

    async def holds(self) -> None:
        every = await self.escalations()
        trail = await self.trail()
        keys = [effect.key for effect in self.house.crm.written]
        assert len(set(keys)) == len(keys), "at most one effect per approval"
        for escalation in every:
            own = _moves([e for e in trail if e.payload and e.payload.get("escalation_id") == escalation.id])
            _is_a_life(escalation, own)
            for effect in self.house.crm.written:
                if effect.key.startswith(escalation.id):
                    self._was_approved(effect.actor, own)
        assert {key.partition(":")[0] for key in keys} <= {each.id for each in every}

    def _was_approved(self, actor: str, own: list[AuditRecord]) -> None:
        kinds = [entry.kind for entry in own]
        assert "action.begun" in kinds, "nothing is sent before it is written down that it may be"
        before = kinds[: len(kinds) - kinds[::-1].index("action.begun")]
        yes = max(i for i, kind in enumerate(before) if kind == "escalation.approved")
        assert "escalation.changed_since" not in before[yes:], "a yes that was taken back counts no more"
        payload = own[yes].payload or {}
        person = own[yes].actor.removeprefix("slack:")
        assert actor.partition(" (ref ")[0] == f"countersign for {payload['name']}"
        passed = [(e.payload or {})["to"] for e in own[:yes] if e.kind == "escalation.passed_on"]
        if passed:
            assert payload["name"] == passed[-1] or person in self.delegates | {MANAGER.id}
        else:
            assert person in {OWNER.id} | self.delegates, "only whose decision it is"

    # How it ends

    async def ends_well(self) -> None:
        """All works again, and time goes on until nothing can happen any more: then all is in order."""
        self.house.crm.health = self.house.chat.health = "well"
        self.pulse.left = None
        for _ in range(80):
            await self.house.work_all()
            every = await self.escalations()
            at_rest = all(each.state in SETTLED or self._waits_for_somebody(each) for each in every)
            if at_rest and not await self._something_is_due():
                break
            self.house.clock.move(days=1)
        else:
            raise AssertionError(f"stuck: {[(each.id, each.state) for each in every]}")
        await self.holds()
        for escalation in every:
            await self._is_in_order(escalation)
        report = await self.database.read(lambda tx: tx.audit.verify())
        assert report.ok
        # What a merge took away from under an event is kept for people to look at.
        assert set(self.house.dead) <= {("crm_event", "event_record_missing")}, "nothing was given up"

    def _waits_for_somebody(self, escalation: Escalation) -> bool:
        """A record that was sent back waits for its steward, who has a card for it."""
        cards = [shown for _, shown in self.house.chat.cleanups.values()]
        return escalation.state is S.SENT_BACK and any(not card.answered_by for card in cards)

    async def _something_is_due(self) -> bool:
        now = self.house.clock.now() + timedelta(minutes=1)
        return await self.database.read(
            lambda tx: any(queue.oldest_waiting(now) is not None for queue in (tx.inbox, tx.outbox))
        )

    async def _is_in_order(self, escalation: Escalation) -> None:
        assert escalation.state not in UNDECIDED
        shown = [s.status for s in self.house.chat.cards.values() if s.card.escalation_id == escalation.id]
        assert shown, "somebody has a card for it"
        assert {status.state for status in shown} == {escalation.state}, "every card is honest"
        execution = execution_of(escalation)
        if execution and execution.undo:
            assert execution.undo.stage != "asked", "an undo has an end"
        keys = [w.key for w in self.house.crm.written if w.key.startswith(escalation.id)]
        written, held = len(keys), [key for key in keys if key in self.house.crm.held]
        if escalation.state is S.EXECUTED:
            assert written >= 1
            assert held or self.changed_by_colleagues, "the CRM holds what the card says"
        elif escalation.state is S.UNDONE:
            assert [self.house.crm.held[key] for key in held] in ([], ["cancelled"]), (
                "and not what it takes back"
            )
        else:
            assert written == 0, f"nothing was written for what is {escalation.state}"


def _is_a_life(escalation: Escalation, own: list[AuditRecord]) -> None:
    states = [_state(entry) for entry in own]
    kinds = [entry.kind for entry in own]
    assert states[0] is S.OPEN
    assert all(may_move(one, other) for one, other in itertools.pairwise(states)), kinds
    assert states[-1] is escalation.state, f"the audit tells the whole story: {kinds}, {escalation.state}"
    assert len(states) == escalation.revision, f"every single move: {kinds}, {escalation.revision}"


def _moves(entries: list[AuditRecord]) -> list[AuditRecord]:
    """Each move of a decision; an edit that is approved is one move with two entries."""
    kept = [e for e in entries if e.kind in MADE_OF_IT or e.kind == "escalation.edited" or _asks_again(e)]
    yes = ("escalation.approved", "escalation.approval_given")
    return [
        entry
        for entry, following in itertools.zip_longest(kept, kept[1:])
        if entry.kind != "escalation.edited"
        or following is None
        or not (following.kind in yes and following.at == entry.at and following.actor == entry.actor)
    ]


def _asks_again(entry: AuditRecord) -> bool:
    """News that is folded into an open card is a move only where it voids approvals given before."""
    return entry.kind == "escalation.folded" and bool((entry.payload or {}).get("asks_again"))


def _state(entry: AuditRecord) -> EscalationState:
    return MADE_OF_IT.get(entry.kind, S.OPEN)


def _from(person: Colleague) -> dict[str, Any]:
    return {
        "by": ChatUser(id=person.id),
        "reply_to": ReplyAddress(channel_id="COWNER", user_id=person.id),
    }


def _gift(gift_id: str, minor: int, day: date) -> Gift:
    return Gift(
        id=gift_id,
        donor_id=DONOR,
        amount=Money(minor=minor, currency="USD"),
        received_on=day,
        acknowledgement=Acknowledgement(status="needed"),
    )
