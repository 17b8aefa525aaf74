"""Somebody's version of a proposal as it stands now: what it writes, what policy says, who has to agree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from handlers.context import Context, staff_names
from handlers.decisions.deciding_person import Decider, role_in
from handlers.outcomes import CheckedEdit
from handlers.proposals.deciding import rule_again
from handlers.proposals.escalation_view import Requirement, card_of
from handlers.proposals.obligations import Duties, duties_of, shown_changes
from handlers.proposals.ruling import Ruling
from policy.actions import Action, AssignOwner, FieldChange, RemoveFromSegment
from policy.changes import affected_gift, describe, spell_date
from policy.decision import Decision, GivenApproval, Outcome, Role, open_approvals
from policy.donor import DonorRecord
from policy.editing import date_problem, differences
from policy.seen import seen_of_version
from policy.self_approval import excluded_from
from policy.value import Value

Verdict = Literal["approve", "approve_first", "propose", "denied", "impossible", "unchanged"]

DAY = timedelta(days=1)
NOT_IN_SEGMENT = "The donor is not in the segment “{segment}”, so there is nothing to take them out of."
UNKNOWN_COLLEAGUE = "The colleague you chose is not active in the CRM any more."
BEFORE_GIFT = "The gift was received on {day}; it cannot have been acknowledged before."
UNKNOWN_DUTY = "Policy asks for something with this version that I cannot do ({duties})."


class Checked(Value):
    """What somebody saw when asked to approve their version; any difference since makes it stale."""

    outcome: Outcome
    approvals: tuple[str, ...]
    reasons: tuple[str, ...]
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A version with everything that an approval of it is bound to."""

    action: Action
    record: DonorRecord
    ruling: Ruling
    duties: Duties
    changes: tuple[FieldChange, ...]
    differences: tuple[FieldChange, ...]
    requirement: Requirement
    role: Role | None
    problem: str

    @property
    def verdict(self) -> Verdict:
        """What the person who made it can do with it."""
        if not self.differences:
            return "unchanged"
        if self.problem:
            return "impossible"
        if self.decision.outcome is Outcome.DENY:
            return "denied"
        if self.role is None:
            return "propose"
        return "approve_first" if open_approvals(self.decision, self.requirement.granted) else "approve"

    @property
    def decision(self) -> Decision:
        """What policy says about it."""
        return self.ruling.decision

    @property
    def checked(self) -> Checked:
        """What is shown of it, in a form that can be compared later."""
        needs = tuple(f"{need.role.value}:{need.count}" for need in self.decision.approvals)
        return Checked(
            outcome=self.decision.outcome,
            approvals=needs,
            reasons=self.decision.reasons,
            changes=self.changes,
        )


async def version_of(action: Action, decider: Decider, record: DonorRecord, context: Context) -> Version:
    """Look at *action* as *decider*'s version of their escalation, with *record* and policy as they are now.

    Approvals given so far were for another action: they are void.
    """
    escalation = decider.escalation
    ruling = await rule_again(
        escalation,
        record,
        context,
        action,
        wanted_by=decider.colleague.id,
        shown_at=escalation.channel_id or escalation.route,
    )
    duties = duties_of(ruling.decision)
    names = staff_names(record)
    fresh = decider.requirement.model_copy(
        update={
            "decision": ruling.decision,
            "granted": (),
            "excluded": await _excluded(action, ruling.decision, decider, record, context),
            "seen": seen_of_version(
                decider.requirement.seen, action, record, ruling.facts, names=names, read=ruling.read
            ),
        }
    )
    role = _role(fresh, decider, context)
    given = (GivenApproval(person=decider.colleague.id, role=role),) if role else ()
    return Version(
        action=action,
        record=record,
        ruling=ruling,
        duties=duties,
        changes=shown_changes(action, record, names, duties),
        differences=tuple(
            duties.masked(change, record) for change in differences(decider.escalation.action, action, names)
        ),
        requirement=fresh.model_copy(update={"granted": given}),
        role=role,
        problem=_problem(action, decider, record, duties, context.today()),
    )


async def _excluded(
    action: Action, decision: Decision, decider: Decider, record: DonorRecord, context: Context
) -> tuple[str, ...]:
    """Return who must not decide on the version: whoever was excluded, and whoever it would benefit."""
    chosen = action.owner_id if isinstance(action, AssignOwner) else None
    person = next((member for member in record.staff if member.id == chosen), None)
    colleague = await context.chat.colleague_by_email(person.email) if person else None
    benefits = excluded_from(action, decision, new_owner=colleague.id if colleague else None)
    return tuple(sorted({*decider.requirement.excluded, *benefits}))


def _role(requirement: Requirement, decider: Decider, context: Context) -> Role | None:
    if requirement.decision.outcome is Outcome.ALLOW:
        return decider.role
    return role_in(requirement, decider.colleague, context, decider.stand_ins)


def _problem(action: Action, decider: Decider, record: DonorRecord, duties: Duties, today: date) -> str:
    """Say why the version cannot be carried out as it stands, whatever policy says; empty when it can."""
    if duties.unknown:
        return UNKNOWN_DUTY.format(duties=", ".join(duties.unknown))
    if isinstance(action, RemoveFromSegment) and action.segment not in record.donor.segments:
        return NOT_IN_SEGMENT.format(segment=action.segment)
    return _staff_problem(action, decider, record) or _date_problem(action, record, today)


def _staff_problem(action: Action, decider: Decider, record: DonorRecord) -> str:
    chosen = getattr(action, "assignee_id", None) or getattr(action, "owner_id", None)
    if chosen is None or chosen == getattr(decider.escalation.action, "assignee_id", None):
        return ""
    person = next((member for member in record.staff if member.id == chosen), None)
    if person is None or not person.active:
        return UNKNOWN_COLLEAGUE
    return ""


def _date_problem(action: Action, record: DonorRecord, today: date) -> str:
    # The form was checked by its reader's calendar, which may be a day apart from the organisation's.
    problem = date_problem(action, today - DAY) and date_problem(action, today + DAY)
    if problem:
        return problem[1]
    gift = affected_gift(action, record)
    day = getattr(action, "acknowledged_on", None)
    if gift is None or day is None or day >= gift.received_on:
        return ""
    return BEFORE_GIFT.format(day=spell_date(gift.received_on))


def shown_version(
    version: Version, edit_id: str, decider: Decider, channel: str, thread: str | None
) -> CheckedEdit:
    """Return the version as its author sees it before deciding on it."""
    card = card_of(decider.escalation)
    return CheckedEdit(
        edit_id=edit_id,
        escalation_id=decider.escalation.id,
        donor_name=card.donor.name,
        verdict=version.verdict,
        proposal=describe(version.action, staff_names(version.record)),
        differences=version.differences,
        changes=version.changes,
        reasons=(version.problem,) if version.problem else version.decision.reasons,
        needs=needs(version.decision, version.requirement),
        void=voided(decider),
        undo_text=card.undo_text,
        channel_id=channel,
        thread_ts=thread,
    )


def needs(decision: Decision, requirement: Requirement) -> str:
    """Name whose approval is still missing."""
    missing = open_approvals(decision, requirement.granted)
    return " and ".join(
        need.role.value if need.count == 1 else f"{need.count} people as {need.role.value}"
        for need in missing
    )


def voided(decider: Decider) -> tuple[str, ...]:
    """Name the roles of approvals that were given for the proposal and do not count for another version."""
    return tuple(given.role.value for given in decider.requirement.granted)
