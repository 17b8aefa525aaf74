"""Editing a proposal: what a version is checked against, what its approval is bound to, who is too late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.files import policy_source
from bot.policy_in_force import PolicyInForce
from bot.starting import settle_policy
from handlers.commands import (
    ApprovalClicked,
    ChatUser,
    DeclineClicked,
    EditApproved,
    EditRequested,
    EditSubmitted,
    ReadInFullRequested,
    ReplyAddress,
)
from handlers.context import Arrived
from handlers.editing.approve_edit import approve_edit
from handlers.outcomes import CheckedEdit, EditForm, Notice, Window
from handlers.ports import Colleague
from handlers.proposals.escalation_view import card_of, requirement_of
from handlers.proposals.ruling import decided_on
from handlers.proposals.touches import waiting_touches
from handlers.record.recorded_decisions import DECISION_KINDS, decisions_about
from handlers.rules.rehearse_policy import backtest_report
from handlers.rules.shadow_report import shadow_report, start_shadow
from policy.actions import (
    Action,
    AddNote,
    AssignOwner,
    CreateTask,
    DraftMessage,
    RemoveFromSegment,
    ScheduleFollowUp,
    UpdateStage,
)
from policy.canonical import canonical_json, digest
from policy.decide import CompiledPolicy, compile_policy
from policy.donor import Channel, Consent, ConsentStatus, LifecycleStage, StaffMember
from policy.editing import EDIT
from policy.escalation import EscalationState
from policy.language import parse_policy
from policy.override_reasons import GivenReason, OverrideReason
from storage.escalations import Changes, Escalation
from storage.schema import CARD_SHOWINGS
from storage.transaction import Transaction
from tests.handlers.conftest import MANAGER, OWNER, STRANGER, House, house_in

DONOR = "donor-1"
S = EscalationState
TASK = CreateTask(donor_id=DONOR, title="Thank Margaret", details="Say it.", due_on=date(2026, 11, 24))
CALL = ScheduleFollowUp(donor_id=DONOR, title="Call", channel=Channel.PHONE, due_on=date(2026, 11, 24))
SHIPPED = policy_source(None)[0]
STRICTER = SHIPPED.replace(
    "guards:\n",
    "guards:\n  - id: nobody_at_all\n    reason: Nothing is to happen until the audit is over.\n"
    "    when: action.is_write\n    deny: true\n",
    1,
)
BETTER = GivenReason(code=OverrideReason.WRONG_WORDING, text="")


@dataclass
class Desk:
    """People at one proposal, and what they see."""

    house: House
    about: str = ""
    numbers: list[int] = field(default_factory=lambda: [0])

    async def open(self, action: Action | None = None) -> Escalation:
        opened = (await self.house.gift(f"evt-{self._number()}"))[-1]
        self.about = opened.id
        if action:
            await self._replace(action)
        return await self.now()

    async def _replace(self, action: Action) -> None:
        """Have another action in its place that answers the donor: contact that is no ask."""
        now, facts = self.house.clock.now(), decided_on(await self.now())
        care = facts.action.model_copy(update={"purpose": "stewardship"})
        changes = Changes(
            action=action,
            action_digest=digest(action),
            decision_facts=canonical_json(facts.model_copy(update={"action": care})),
        )
        await self.house.database.write(
            lambda tx: tx.escalations.move(self.about, (S.OPEN,), S.OPEN, now, **changes)
        )

    async def now(self) -> Escalation:
        found = await self.house.database.read(lambda tx: tx.escalations.get(self.about))
        assert found is not None
        return found

    async def press(self, person: Colleague = OWNER) -> Any:
        by, to = _from(person)
        view = f"V{self._number()}"
        await self.house.accept(EditRequested(escalation_id=self.about, view_id=view, by=by, reply_to=to))
        await self.house.work_all()
        return self.shown(view)

    async def submit(self, form: EditForm, person: Colleague = OWNER, **changes: Any) -> Any:
        by, to = _from(person)
        window = f"cs:checking:{self._number()}"
        held = {f.name: None if f.value == "nobody" else f.value for f in form.fields}
        command = EditSubmitted(
            escalation_id=form.escalation_id,
            revision=form.revision,
            action_digest=form.action_digest,
            edit=EDIT.validate_python({"kind": form.action_kind, **held, **changes}),
            window=window,
            by=by,
            reply_to=to,
        )
        await self.house.accept(command)
        await self.house.work_all()
        return self.shown(window)

    async def version(self, person: Colleague = OWNER, **changes: Any) -> CheckedEdit:
        checked = await self.submit(await self.press(person), person, **changes)
        assert isinstance(checked, CheckedEdit), checked
        return checked

    def approval(self, edit_id: str, person: Colleague = OWNER, about: str = "") -> EditApproved:
        by, to = _from(person)
        return EditApproved(
            escalation_id=about or self.about, edit_id=edit_id, reason=BETTER, by=by, reply_to=to
        )

    async def approve(self, checked: CheckedEdit, person: Colleague = OWNER, **more: str) -> None:
        await self.house.accept(self.approval(checked.edit_id, person, **more))
        await self.house.work_all()

    async def click(self, kind: type[Any], person: Colleague = OWNER) -> None:
        by, to = _from(person)
        await self.house.accept(kind(escalation_id=self.about, by=by, reply_to=to))
        await self.house.work_all()

    async def decline(self, person: Colleague = OWNER) -> None:
        by, to = _from(person)
        await self.house.accept(DeclineClicked(escalation_id=self.about, reason=BETTER, by=by, reply_to=to))
        await self.house.work_all()

    async def read_in_full(self, person: Colleague) -> Window | None:
        by, _ = _from(person)
        view = f"V{self._number()}"
        await self.house.accept(ReadInFullRequested(escalation_id=self.about, view_id=view, by=by))
        await self.house.work_all()
        return self.shown(view)

    def forget_showing(self, tx: Transaction, escalation_id: str) -> None:
        tx.considerations._connection.execute(
            delete(CARD_SHOWINGS).where(CARD_SHOWINGS.c.escalation_id == escalation_id)
        )

    def shown(self, view: str) -> Window | None:
        return next((shown for name, shown in self.house.chat.views if name == view), None)

    def told(self) -> str:
        user, notice = self.house.chat.whispers[-1]
        assert isinstance(notice, Notice)
        return f"{user}: {notice.text} {notice.next_step}"

    async def kinds(self) -> list[str]:
        entries = await self.house.database.read(lambda tx: tx.audit.trace(DONOR))
        return [e.kind for e in entries]

    def written(self) -> list[Action]:
        return [each.action for each in self.house.crm.written]

    def arrived(self) -> Arrived:
        ids = self.house.ids
        return Arrived(ids.new(), ids.new(), 1, None, self.house.clock.now(), ids)

    def _number(self) -> int:
        self.numbers[0] += 1
        return self.numbers[0]


def _from(person: Colleague) -> tuple[ChatUser, ReplyAddress]:
    return ChatUser(id=person.id), ReplyAddress(channel_id="COWNER", user_id=person.id)


def may_mail(desk: Desk) -> None:
    yes = Consent(
        id="c-1", donor_id=DONOR, channel=Channel.EMAIL, purpose="all", status=ConsentStatus.OPTED_IN
    )
    desk.house.crm.consents.append(yes)


@pytest.fixture
async def desk(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[Desk]:
    with house_in(migrated, default_policy) as house:
        house.crm.staff += (StaffMember(id="staff-2", name=STRANGER.name, email=STRANGER.email),)
        yield Desk(house)
        await house.database.close()


async def test_the_version_is_written_and_the_proposal_never(desk: Desk) -> None:
    before = await desk.open(TASK)
    checked = await desk.version(title="Thank her  warmly \U0001f490", assignee_id="staff-2")
    assert (checked.verdict, [d.field for d in checked.differences]) == ("approve", ["Title", "Assigned to"])
    assert (await desk.now()) == before, "checking moves nothing"
    await desk.approve(checked)
    wanted = TASK.model_copy(update={"title": "Thank her  warmly \U0001f490", "assignee_id": "staff-2"})
    assert desk.written() == [wanted]
    end = await desk.now()
    assert (end.state, end.action, end.action_digest) == (S.EXECUTED, wanted, digest(wanted))
    [effect] = desk.house.crm.written
    assert effect.key == f"{end.id}:{digest(wanted)[:16]}"
    [edit] = card_of(end).edits
    assert (edit.by_user_id, edit.by_name, edit.reason) == (OWNER.id, OWNER.name, "Not the right words")
    assert edit.differences == checked.differences
    assert card_of(end).proposal.startswith("Create a task for Fiona Reyes: Thank her")
    kinds = await desk.kinds()
    assert kinds.index("edit.checked") < kinds.index("escalation.edited") < kinds.index("escalation.approved")


@pytest.mark.parametrize(
    ("action", "change"),
    [
        (TASK, {"details": "\u05e9\u05dc\u05d5\u05dd \u202bab\u202c\n" + "\U0001f469\u200d\U0001f3a4" * 900}),
        (TASK, {"title": " \u0645\u0631\u062d\u0628\u0627 <!channel> & *b*"}),
        (AddNote(donor_id=DONOR, text="n" * 9_999), {"text": "n" * 9_998 + "\U0001f600\U0001f600"}),
        (CALL, {"channel": "email", "due_on": "2026-12-31"}),
        (UpdateStage(donor_id=DONOR, stage=LifecycleStage.CULTIVATION), {"stage": "qualification"}),
        (
            DraftMessage(donor_id=DONOR, channel=Channel.EMAIL, subject="Thanks", body="Dear"),
            {"body": "x" * 3000},
        ),
    ],
)
async def test_what_was_typed_is_what_is_written(desk: Desk, action: Action, change: dict[str, str]) -> None:
    may_mail(desk)
    await desk.open(action)
    form = await desk.press()
    assert {f.name: f.value for f in form.fields}.keys() == EDIT.validate_python(
        {"kind": action.kind, **{f.name: f.value for f in form.fields}}
    ).model_dump().keys() - {"kind"}
    checked = await desk.submit(form, **change)
    assert checked.verdict == "approve", checked.reasons
    await desk.approve(checked)
    [written] = desk.written()
    assert written.model_dump(mode="json") == action.model_dump(mode="json") | change


async def test_a_version_that_policy_denies_is_written_by_nobody(desk: Desk) -> None:
    await desk.open(CALL)
    form = await desk.press()
    desk.house.crm.change(DONOR, do_not_contact=True)
    checked = await desk.submit(form, channel="email")
    assert checked.verdict == "denied"
    assert "asked not to be contacted" in " ".join(checked.reasons)
    await desk.approve(checked)
    assert "cannot be approved: This donor asked not to be contacted" in desk.told()
    assert ((await desk.now()).state, (await desk.now()).action, desk.written()) == (S.OPEN, CALL, [])
    assert "escalation.edited" not in await desk.kinds()


async def test_what_policy_said_about_a_version_is_rehearsed_and_compared(desk: Desk) -> None:
    candidate = parse_policy(STRICTER, "stricter")
    rules, arrived = compile_policy(candidate), desk.arrived()
    desk.house.context = replace(desk.house.context, rules=PolicyInForce())
    await settle_policy(desk.house.context, None)
    await desk.house.database.write(lambda tx: start_shadow(tx, arrived, rules, STRICTER, "mara@x.example"))
    await desk.open(TASK)
    await desk.approve(await desk.version(title="Ring her"))
    entries = await desk.house.database.read(lambda tx: tx.audit.trace(DONOR))
    asked = [e for e in entries if e.kind in DECISION_KINDS]
    assert [e.kind for e in asked] == ["recommendation.decided", "edit.checked", "escalation.edited"]
    assert all(e.payload and {"decision", "decision_facts"} <= set(e.payload) for e in asked)
    before = await desk.house.database.read(desk.house.context.rules.current)
    report = await backtest_report(desk.house.database, before, rules)
    assert (report.replayed, report.tightened.decisions, report.not_replayed) == (2, 2, ())
    shadow = await desk.house.database.read(shadow_report)
    assert shadow is not None
    # The proposal is asked about twice, the version when it is checked, and what was approved once more.
    assert (shadow.decisions, shadow.disagreed) == (4, 4)
    [explained] = await desk.house.database.read(lambda tx: decisions_about(tx, DONOR))
    assert explained.entry_id == asked[-1].id, "the card stands on the version now"


async def test_a_version_is_approved_only_as_it_was_checked(desk: Desk) -> None:
    opened = await desk.open()
    checked = await desk.version(stage="qualification")
    desk.house.crm.change(DONOR, lifecycle_stage=LifecycleStage.RETENTION)
    await desk.approve(checked)
    told = desk.told()
    assert "Lifecycle stage is now retention (it was reactivation)" in told
    assert "Nothing was changed" in told
    assert (await desk.now(), desk.written()) == (opened, [])


async def test_policy_may_change_its_mind_before_the_approval(desk: Desk) -> None:
    await desk.open()
    checked = await desk.version(stage="qualification")
    desk.house.crm.change(DONOR, sensitive=True)
    await desk.approve(checked)
    assert "policy now says something else about it" in desk.told()
    desk.house.crm.change(DONOR, sensitive=False, deceased=True)
    await desk.approve(checked)
    assert "cannot be approved: This donor has died" in desk.told()
    assert desk.written() == []


async def test_earlier_approvals_were_for_something_else(desk: Desk) -> None:
    desk.house.crm.change(DONOR, sensitive=True)
    await desk.open()
    await desk.click(ApprovalClicked, MANAGER)
    assert [g.person for g in requirement_of(await desk.now()).granted] == [MANAGER.id]
    checked = await desk.version(stage="qualification")
    assert (checked.verdict, checked.void, checked.needs) == ("approve_first", ("manager",), "manager")
    await desk.approve(checked)
    waiting = await desk.now()
    assert (waiting.state, [g.person for g in requirement_of(waiting).granted]) == (S.OPEN, [OWNER.id])
    assert "Still needed: the approval of manager" in desk.told()
    assert desk.written() == []
    await desk.click(ApprovalClicked, MANAGER)
    assert desk.written() == [UpdateStage(donor_id=DONOR, stage=LifecycleStage.QUALIFICATION)]


async def test_of_two_people_editing_the_second_is_told_what_the_first_did(desk: Desk) -> None:
    desk.house.crm.change(DONOR, sensitive=True)
    await desk.open()
    mine = await desk.version(stage="qualification")
    theirs = await desk.version(MANAGER, stage="retention")
    late = await desk.press(MANAGER)
    await desk.approve(mine)
    await desk.approve(theirs, MANAGER)
    assert f"{MANAGER.id}: While you were editing: Edited the proposal by {OWNER.name}; " in desk.told()
    refused = await desk.submit(late, MANAGER, stage="retention")
    assert isinstance(refused, Notice)
    assert "Edited the proposal" in refused.text
    assert (await desk.now()).action == UpdateStage(donor_id=DONOR, stage=LifecycleStage.QUALIFICATION)


async def test_of_two_approvals_at_the_same_moment_one_counts(desk: Desk) -> None:
    await desk.open(TASK)
    first, second = await desk.version(title="One"), await desk.version(title="Two")
    context, now = desk.house.context, desk.house.clock.now()
    arrivals = [
        Arrived(desk.house.ids.new(), desk.house.ids.new(), 1, now, now, desk.house.ids) for _ in range(2)
    ]
    writes = await asyncio.gather(
        *(
            approve_edit(desk.approval(checked.edit_id), arrived, context)
            for checked, arrived in zip((first, second), arrivals, strict=True)
        )
    )
    for write in writes:
        await desk.house.database.write(write)
    await desk.house.work_all()
    assert [getattr(a, "title", "") for a in desk.written()] == ["One"]
    assert (await desk.kinds()).count("escalation.edited") == 1
    assert "already approved" in desk.told()


async def test_somebody_approves_the_proposal_while_a_version_is_looked_at(desk: Desk) -> None:
    opened = await desk.open()
    checked = await desk.version(stage="qualification")
    await desk.click(ApprovalClicked)
    await desk.approve(checked)
    assert "already approved by Olivia Hart" in desk.told()
    assert desk.written() == [opened.action]


async def test_what_is_decided_cannot_be_edited(desk: Desk) -> None:
    await desk.open(TASK)
    form = await desk.press()
    checked = await desk.submit(form, title="Later")
    await desk.decline()
    for refused in (await desk.press(), await desk.submit(form, title="Later")):
        assert isinstance(refused, Notice)
        assert "already declined by Olivia Hart" in refused.text
    await desk.approve(checked)
    assert "already declined" in desk.told()
    assert desk.written() == []


async def test_whoever_may_not_decide_may_not_edit(desk: Desk) -> None:
    await desk.open(TASK)
    form = await desk.press()
    for refused in (await desk.press(STRANGER), await desk.submit(form, STRANGER, title="Mine")):
        assert isinstance(refused, Notice)
        assert refused.text == "This decision is for Olivia Hart."
    assert (await desk.kinds())[-2:] == ["click.refused", "click.refused"]


async def test_a_version_belongs_to_whoever_wrote_it_and_to_one_card(desk: Desk) -> None:
    desk.house.crm.change(DONOR, sensitive=True)
    await desk.open()
    checked = await desk.version(stage="qualification")
    await desk.approve(checked, MANAGER)
    assert "written by somebody else" in desk.told()
    await desk.approve(checked, about="000001")
    assert "I do not know this card" in desk.told()
    await desk.approve(checked.model_copy(update={"edit_id": "000001"}))
    assert "I do not know this version" in desk.told()
    other = replace(await desk.now(), id="another", fold_key=None, channel_id=None, message_ts=None)
    await desk.house.database.write(lambda tx: tx.escalations.add(other))
    await desk.approve(checked, about=other.id)
    assert "I do not know this version" in desk.told()
    assert ((await desk.now()).state, desk.written()) == (S.OPEN, [])


async def test_a_form_of_another_proposal_is_refused(desk: Desk) -> None:
    await desk.open(TASK)
    form = await desk.press()
    forged = form.model_copy(update={"action_digest": "0" * 64, "revision": 99})
    refused = await desk.submit(forged, title="x")
    assert isinstance(refused, Notice)
    assert "no longer what it was" in refused.text
    by, to = _from(OWNER)
    await desk.house.accept(
        EditSubmitted(
            escalation_id=desk.about,
            revision=form.revision,
            action_digest=form.action_digest,
            edit=EDIT.validate_python({"kind": "assign_owner", "owner_id": "staff-1"}),
            window="cs:other",
            by=by,
            reply_to=to,
        )
    )
    await desk.house.work_all()
    other = desk.shown("cs:other")
    assert isinstance(other, Notice)
    assert "does not belong to the proposal" in other.text


@pytest.mark.parametrize(
    ("action", "change", "words"),
    [
        (TASK, {"due_on": "2026-11-10"}, "This day is over"),
        (TASK, {"due_on": "2099-01-01"}, "more than two years away"),
        (TASK, {"assignee_id": "staff-9"}, "not active in the CRM any more"),
        (RemoveFromSegment(donor_id=DONOR, segment="A"), {"segment": "B"}, "not in the segment “B”"),
    ],
)
async def test_what_cannot_be_done_is_said(
    desk: Desk, action: Action, change: dict[str, str], words: str
) -> None:
    await desk.open(action)
    checked = await desk.version(**change)
    assert checked.verdict == "impossible"
    assert words in checked.reasons[0]
    await desk.approve(checked)
    assert words in desk.told()
    assert desk.written() == []


async def test_an_edit_that_changes_nothing_approves_nothing(desk: Desk) -> None:
    await desk.open(TASK)
    checked = await desk.version()
    assert checked.verdict == "unchanged"
    await desk.approve(checked)
    assert ((await desk.now()).state, desk.written()) == (S.OPEN, [])


async def test_nobody_alone_gives_a_relationship_to_themselves(desk: Desk) -> None:
    await desk.open(AssignOwner(donor_id=DONOR, owner_id="staff-2"))
    checked = await desk.version(owner_id="staff-1")
    assert (checked.verdict, checked.needs) == ("approve_first", "manager")
    await desk.approve(checked)
    waiting = await desk.now()
    assert (waiting.state, waiting.route, desk.written()) == (S.OPEN, "CDESK", [])
    await desk.click(ApprovalClicked, MANAGER)
    assert desk.written() == [AssignOwner(donor_id=DONOR, owner_id="staff-1")]


async def test_a_version_only_others_can_approve_is_put_forward(desk: Desk) -> None:
    desk.house.crm.change(DONOR, sensitive=True)
    await desk.open()
    desk.house.crm.change(DONOR, sensitive=False)
    checked = await desk.version(MANAGER, stage="qualification")
    assert (checked.verdict, checked.needs) == ("propose", "owner")
    await desk.approve(checked, MANAGER)
    waiting = await desk.now()
    assert (waiting.state, requirement_of(waiting).granted, desk.written()) == (S.OPEN, (), [])
    assert (waiting.route, card_of(waiting).decider) == ("COWNER", OWNER.name)
    assert "escalation.approval_given" not in await desk.kinds()
    await desk.click(ApprovalClicked)
    assert desk.written() == [], "the card still marks the relationship as sensitive"
    await desk.click(ApprovalClicked)
    assert desk.written() == [UpdateStage(donor_id=DONOR, stage=LifecycleStage.QUALIFICATION)]


async def test_waiting_contacts_are_counted_by_the_edited_version(desk: Desk) -> None:
    desk.house.crm.change(DONOR, sensitive=True)
    may_mail(desk)
    await desk.open(CALL)
    await desk.approve(await desk.version(channel="email"))
    today = desk.house.context.today()
    [waiting] = await desk.house.database.read(lambda tx: waiting_touches(tx, (DONOR,), today))
    assert getattr(waiting.action, "channel", None) is Channel.EMAIL


async def test_replayed_submissions_do_nothing_twice(desk: Desk) -> None:
    await desk.open(TASK)
    checked = await desk.version(title="Once")
    for _ in range(3):
        await desk.house.accept(desk.approval(checked.edit_id), key="the same")
    await desk.house.work_all()
    await desk.approve(checked)
    assert len(desk.written()) == 1
    assert (await desk.kinds()).count("escalation.edited") == 1


async def test_a_window_closed_before_it_is_filled_disturbs_nobody(desk: Desk) -> None:
    await desk.open(TASK)
    desk.house.chat.closed_views |= {"V2"}
    assert await desk.press() is None
    form = await desk.press()
    desk.house.chat.late_views = 2
    assert await desk.submit(form, title="Late") is None
    desk.house.clock.move(seconds=2)
    await desk.house.work_all()
    desk.house.clock.move(seconds=2)
    await desk.house.work_all()
    assert isinstance(desk.house.chat.views[-1][1], CheckedEdit), "as soon as Slack has put the window up"
    desk.house.chat.late_views = 99
    await desk.submit(form, title="Never")
    for _ in range(9):
        desk.house.clock.move(seconds=2)
        await desk.house.work_all()
    assert desk.house.dead == []
    waiting = await desk.house.database.read(
        lambda tx: tx.outbox.standing(desk.house.clock.now()).waiting_since
    )
    assert waiting is None


async def test_without_the_crm_nothing_is_decided_and_everybody_is_told(desk: Desk) -> None:
    opened = await desk.open(TASK)
    form = await desk.press()
    checked = await desk.submit(form, title="Other")
    desk.house.crm.health = "down"
    for told in (await desk.press(), await desk.submit(form, title="Other")):
        assert isinstance(told, Notice)
        assert "The CRM does not answer" in told.text
    await desk.approve(checked)
    assert "The CRM does not answer" in desk.told()
    assert (await desk.now()) == opened
    desk.house.crm.health = "well"
    await desk.approve(checked)
    assert [getattr(a, "title", "") for a in desk.written()] == ["Other"]


@pytest.mark.parametrize(
    ("field", "value", "words"), [("merged_into", "donor-2", "merged"), (None, "", "no longer has")]
)
async def test_a_record_that_is_gone_or_merged_is_explained(
    desk: Desk, field: str | None, value: str, words: str
) -> None:
    await desk.open(TASK)
    if field:
        desk.house.crm.add(desk.house.crm.donors[DONOR].model_copy(update={"id": "donor-2"}))
        desk.house.crm.change(DONOR, merged_into=value)
    else:
        del desk.house.crm.donors[DONOR]
    told = await desk.press()
    assert isinstance(told, Notice)
    assert words in told.text


async def test_a_form_names_colleagues_who_know_the_donor_first(desk: Desk) -> None:
    many = tuple(
        StaffMember(id=f"s-{n:03}", name=f"Person {n:03}", email=f"p{n}@x.example") for n in range(150)
    )
    desk.house.crm.staff += many
    await desk.open(TASK)
    form = await desk.press()
    [assignee] = [f for f in form.fields if f.name == "assignee_id"]
    assert [c.label for c in assignee.choices[:2]] == ["Nobody yet", OWNER.name]
    assert (len(assignee.choices), assignee.hint) == (
        100,
        "53 more colleagues are not listed here; choose them in the CRM.",
    )
