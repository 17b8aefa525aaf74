"""Whole lives of decisions: all that people, time and broken neighbours can do; `lives_hold.py` watches."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

from handlers.commands import (
    ApprovalClicked,
    AwayRequested,
    BackRequested,
    BringBackClicked,
    CardWanted,
    ChatUser,
    ChosenItem,
    CleanupFixed,
    CleanupGivenUp,
    CrmEventArrived,
    DeclineClicked,
    DeferralClicked,
    EditApproved,
    EditRequested,
    EditSubmitted,
    HomeOpened,
    PassOnRequested,
    PauseRequested,
    ReplyAddress,
    ResumeRequested,
    SendBackRequested,
    TogetherApproved,
    UndoClicked,
)
from handlers.context import Arrived
from handlers.outcomes import CheckedEdit, EditForm
from handlers.ports import Colleague
from handlers.record.erase_donor import ErasureOrder, erase_donor
from policy.awaited_events import AwaitedEvent
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, Donor, Gift, Household, LifecycleStage, RecurringGift, StaffMember
from policy.editing import EDIT
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from policy.organisation import Organisation
from policy.override_reasons import GivenReason, OverrideReason
from storage.erasure import Erased
from storage.escalations import Escalation
from tests.fakes import FixedRules
from tests.handlers.circumstances import ADMIN, Rules
from tests.handlers.conftest import LEASE, MANAGER, OWNER, STRANGER, House, margaret
from tests.handlers.mortal import Mortal, PlugPulled, Pulse

DONOR, SURVIVOR, SPOUSE = "donor-1", "donor-2", "donor-3"
S = EscalationState
NOT_NOW = GivenReason(code=OverrideReason.WRONG_TIMING)
WORDS = GivenReason(code=OverrideReason.WRONG_WORDING)
SENIOR = GivenReason(code=OverrideReason.NEEDS_SENIORITY)
STALE = GivenReason(code=OverrideReason.STALE_FACTS)
HOUSEHOLD = Household(id="household-1", name="The Okafors", member_ids=(DONOR, SPOUSE))
NEXT_OWNER = StaffMember(id="staff-2", name=STRANGER.name, email=STRANGER.email)


@dataclass
class Life:
    """One history of a household's decisions: what happens goes in, the house does the rest."""

    house: House
    rules: Rules
    in_force: CompiledPolicy
    pulse: Pulse = field(default_factory=Pulse)
    delivered: list[tuple[Any, str | None, str]] = field(default_factory=list)
    form: EditForm | None = None
    delegates: set[str] = field(default_factory=set)
    owners: set[str] = field(default_factory=lambda: {OWNER.id})
    lost: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    changed_by_colleagues: bool = False
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        crm, chat = self.house.crm, self.house.chat
        crm.add(margaret().model_copy(update={"id": SURVIVOR}))
        crm.add(_spouse())
        crm.households.append(HOUSEHOLD)
        crm.change(DONOR, household_id=HOUSEHOLD.id)
        crm.staff += (NEXT_OWNER,)
        crm.recurring += [_failing(DONOR), _failing(SPOUSE)]
        chat.people += (ADMIN,)
        self.database = self.house.context.database
        self.house.context = replace(
            self.house.context,
            database=Mortal(self.database, self.pulse),  # type: ignore[arg-type]
            crm=Mortal(crm, self.pulse),  # type: ignore[arg-type]
            chat=Mortal(chat, self.pulse),  # type: ignore[arg-type]
            rules=FixedRules(lambda: self.in_force),
        )

    def begin(self, organisation: Organisation, moment: datetime) -> None:
        """Settle how the organisation works and when the life begins; the first gift is of that day."""
        self.house.context = replace(self.house.context, organisation=organisation)
        self.house.clock.moment = moment
        gifts = self.house.crm.gifts
        gifts[-1] = gifts[-1].model_copy(update={"received_on": moment.date()})

    # What the CRM reports

    async def gift(self, donor_id: str = DONOR) -> None:
        number = next(self.numbers)
        gift_id = "gift-new" if number == 1 else f"gift-{number}"
        if number > 1:
            today = self.house.clock.now().date()
            self.house.crm.gifts.append(_gift(gift_id, donor_id, 10_000 + number, today))
        await self._report(number, CrmEventType.DONATION_RECEIVED, donor_id, record_id=gift_id)

    async def missed_payment(self, donor_id: str) -> None:
        """A standing gift failed again: what is proposed is a contact, which reserves a touch."""
        await self._report(
            next(self.numbers), CrmEventType.DONOR_UPDATED, donor_id, fields=("recurring_gifts",)
        )

    async def another_owner(self, staff_id: str | None, *, told: bool) -> None:
        """The CRM gives the relationship to somebody else, and may or may not say so."""
        self.house.crm.change(DONOR, owner_id=staff_id)
        if staff_id == NEXT_OWNER.id:
            self.owners.add(STRANGER.id)
        if told:
            await self._report(next(self.numbers), CrmEventType.DONOR_UPDATED, DONOR, fields=("owner_id",))

    async def _report(
        self,
        number: int,
        what: CrmEventType,
        donor_id: str,
        *,
        record_id: str | None = None,
        fields: tuple[str, ...] = (),
    ) -> None:
        event = CrmEvent(
            id=f"evt-{number}",
            source="/crm",
            type=what,
            time=self.house.clock.now(),
            donor_id=donor_id,
            record_id=record_id,
            fields=fields,
        )
        await self._deliver(CrmEventArrived(event=event), f"donor:{donor_id}")

    # What people do

    async def click(
        self,
        what: Literal[
            "approve", "decline", "defer", "defer to a gift", "bring back", "undo", "undo the rest", "card"
        ],
        who: Colleague,
        about: str,
    ) -> None:
        common = _from(who) | {"escalation_id": about}
        commands: dict[str, Any] = {
            "approve": lambda: ApprovalClicked(**common),
            "decline": lambda: DeclineClicked(reason=NOT_NOW, **common),
            "defer": lambda: DeferralClicked(preset="tomorrow", **common),
            "defer to a gift": lambda: DeferralClicked(
                preset="next_week", event=AwaitedEvent.NEXT_GIFT, **common
            ),
            "bring back": lambda: BringBackClicked(**common),
            "card": lambda: CardWanted(**common),
            "undo": lambda: UndoClicked(**common),
            "undo the rest": lambda: UndoClicked(rest=True, **common),
        }
        await self._deliver(commands[what](), f"escalation:{about}")

    async def together(self, who: Colleague, *, stale: bool) -> None:
        """Everything that is open is ticked in one window, which may be older than the cards."""
        every = [each for each in await self.escalations() if each.state is S.OPEN]
        chosen = tuple(ChosenItem(escalation_id=e.id, revision=e.revision - stale) for e in every)
        await self._deliver(TogetherApproved(chosen=chosen, **_from(who)), None)

    async def pause(self, minutes: int | None) -> None:
        everything = ("execute", "recommend", "auto_route")
        command = PauseRequested(capabilities=everything, minutes=minutes, **_from(ADMIN))
        await self._deliver(command, None)

    async def resume(self) -> None:
        everything = ("execute", "recommend", "auto_route")
        await self._deliver(ResumeRequested(capabilities=everything, **_from(ADMIN)), None)

    async def open_home(self, who: Colleague) -> None:
        await self._deliver(HomeOpened(by=ChatUser(id=who.id)), f"home:{who.id}")

    async def erase(self, donor_id: str) -> None:
        """Compliance erases a donor from the command line; a refusal is tried again by people, later."""
        now, ids = self.house.clock.now(), self.house.ids
        arrived = Arrived(ids.new(), ids.new(), 1, now, now, ids)
        gone = {each.id for each in await self.escalations() if each.donor_id == donor_id}
        order = ErasureOrder(donor_id=donor_id, by="Cora", actor="cli:cora", reason="Asked to be forgotten")
        if isinstance(await self.database.write(lambda tx: erase_donor(tx, arrived, order)), Erased):
            self.erased |= gone

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

    async def give_up_on_records(self) -> None:
        """Whoever may, answers what is still to be put right."""
        for _, shown in list(self.house.chat.cleanups.values()):
            for who in (MANAGER, STRANGER):
                command = CleanupGivenUp(item_id=shown.item_id, note="No idea", **_from(who))
                await self._deliver(command, f"cleanup:{shown.item_id}")

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

    def lose_card(self) -> None:
        """Somebody deletes the latest card in Slack."""
        for ts in list(self.house.chat.cards)[-1:]:
            self.lost.add(self.house.chat.cards.pop(ts).card.escalation_id)

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
        return await self.database.read(lambda tx: tx.escalations.page(tuple(S), limit=100))

    async def _deliver(self, command: Any, order: str | None) -> None:
        self.delivered.append((command, order, await self.house.accept(command, order=order)))

    def _window(self, view: str) -> Any:
        return next((shown for name, shown in self.house.chat.views if name == view), None)


def _from(person: Colleague) -> dict[str, Any]:
    return {
        "by": ChatUser(id=person.id),
        "reply_to": ReplyAddress(channel_id="COWNER", user_id=person.id),
    }


def _spouse() -> Donor:
    stage = LifecycleStage.STEWARDSHIP
    update = {"id": SPOUSE, "name": "Tom Okafor", "household_id": HOUSEHOLD.id, "lifecycle_stage": stage}
    return margaret().model_copy(update=update)


def _failing(donor_id: str) -> RecurringGift:
    return RecurringGift(
        id=f"standing-{donor_id}",
        donor_id=donor_id,
        amount=Money(minor=5_000, currency="USD"),
        frequency="monthly",
        status="active",
        started_on=date(2024, 1, 1),
        failed_payments=2,
    )


def _gift(gift_id: str, donor_id: str, minor: int, day: date) -> Gift:
    return Gift(
        id=gift_id,
        donor_id=donor_id,
        amount=Money(minor=minor, currency="USD"),
        received_on=day,
        acknowledgement=Acknowledgement(status="needed"),
    )
