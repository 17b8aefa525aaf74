"""From a stored escalation to what people see of it."""

from __future__ import annotations

from handlers.outcomes import (
    CardStatus,
    EscalationCard,
    Execution,
    PassedOn,
    QueueItem,
    Successor,
    UndoShown,
)
from handlers.rules.paused import CONCERNED
from handlers.rules.paused import shown as pause_shown
from policy.decision import Decision, GivenApproval, Role
from policy.delegation import StandIns
from policy.escalation import UNDECIDED, EscalationState
from policy.override_reasons import GivenReason, OverrideReason
from policy.seen import Seen
from policy.value import Value
from storage.escalations import Escalation
from storage.pauses import Pause
from storage.transaction import Transaction

NO_STAND_INS = StandIns()


class Requirement(Value):
    """Who may decide, fixed when the card was made, and the approvals given since.

    Without *owner_email* nobody owns the relationship in Slack, and a manager stands in for the owner.
    *passed_to* is the e-mail address of whoever decides in the owner's place since it was passed on;
    *with_reviewers* is set when it was passed on to nobody in particular, so that any manager has the owner's
    part. *excluded* are Slack user ids that must not decide, because the proposal is theirs or benefits them;
    *requested_by* is who asked for it. *seen* is what the card was made from: it must still hold when the
    action is carried out.
    """

    decision: Decision
    owner_email: str | None = None
    passed_to: str | None = None
    with_reviewers: bool = False
    passed: tuple[PassedOn, ...] = ()
    requested_by: str | None = None
    excluded: tuple[str, ...] = ()
    granted: tuple[GivenApproval, ...] = ()
    seen: tuple[Seen, ...] = ()

    @property
    def holder(self) -> str | None:
        """The e-mail address of whoever has the owner's part now; None when any manager has."""
        return None if self.with_reviewers else self.passed_to or self.owner_email

    def roles_of(
        self, email: str, roles: tuple[str, ...], stand_ins: StandIns = NO_STAND_INS
    ) -> frozenset[Role]:
        """Return the roles in which somebody may decide here; *stand_ins* have the holder's part as well."""
        held = {Role(role) for role in roles if role in set(Role)}
        owners = {each.casefold() for each in (self.holder, *stand_ins.people) if each}
        stands_in = email.casefold() in owners
        if self.holder is None or stand_ins.reviewers:
            stands_in |= Role.MANAGER in held
        return frozenset(held | {Role.OWNER}) if stands_in else frozenset(held - {Role.OWNER})


def card_of(escalation: Escalation) -> EscalationCard:
    """Return the card as it was made, with the deadline that counts now: putting it off moves that."""
    made = EscalationCard.model_validate_json(escalation.card)
    return made.model_copy(update={"due_at": escalation.due_at})


def requirement_of(escalation: Escalation) -> Requirement:
    """Return who may decide."""
    return Requirement.model_validate_json(escalation.requires)


def who_decided(escalation: Escalation) -> str:
    """Return who decided it, and in whose place: "Sam Lee for Olivia Hart"; empty when nobody did."""
    who = escalation.decided_by_name or ""
    return f"{who} for {escalation.decided_for}" if who and escalation.decided_for else who


def execution_of(escalation: Escalation) -> Execution | None:
    """Return what the CRM said, or what stood in the way; None while nothing was tried."""
    return Execution.model_validate_json(escalation.outcome) if escalation.outcome else None


def undo_asked(escalation: Escalation) -> UndoShown | None:
    """Return the undo that is on its way, if one is."""
    if escalation.state is not EscalationState.EXECUTED:
        return None
    execution = execution_of(escalation)
    return execution.undo if execution and execution.undo and execution.undo.stage == "asked" else None


def undo_waiting(escalation: Escalation) -> UndoShown | None:
    """Return the undo that waits for others to agree, if one does."""
    if escalation.state is not EscalationState.EXECUTED:
        return None
    execution = execution_of(escalation)
    return execution.undo if execution and execution.undo and execution.undo.stage == "waiting" else None


def is_being_undone(escalation: Escalation) -> bool:
    """Say whether an undo is on its way."""
    return undo_asked(escalation) is not None


def status_of(
    escalation: Escalation,
    note: str = "",
    pause: Pause | None = None,
    successor: Successor | None = None,
) -> CardStatus:
    """Return where the decision stands now; *pause* is what holds back writing to the CRM at present.

    *successor* is what took its place.
    """
    execution = execution_of(escalation)
    note = note or (execution.problem if execution else "")
    since = execution.since if execution else ()
    if escalation.state in UNDECIDED:
        # What stood in the way of an earlier approval is a note for whoever decides now, not an outcome.
        execution = None
    return CardStatus(
        state=escalation.state,
        by_user_id=escalation.decided_by,
        by_name=escalation.decided_by_name,
        for_name=escalation.decided_for,
        at=escalation.decided_at,
        deferred_until=escalation.deferred_until,
        execution=execution,
        note=note,
        reason=_reason(escalation),
        reason_text=escalation.reason_text or "",
        passed=next(reversed(requirement_of(escalation).passed), None),
        successor=successor,
        paused=pause_shown(pause) if pause and _waits_or_would(escalation) else None,
        since=since if escalation.state in UNDECIDED else (),
    )


def _waits_or_would(escalation: Escalation) -> bool:
    return escalation.state in CONCERNED or is_being_undone(escalation)


def successor_of(tx: Transaction, escalation: Escalation) -> Successor | None:
    """Return what took the place of a superseded escalation, if that is known."""
    if escalation.state is not EscalationState.SUPERSEDED or escalation.successor_id is None:
        return None
    successor = tx.escalations.get(escalation.successor_id)
    if successor is None:
        return None
    return Successor(proposal=card_of(successor).proposal, permalink=successor.permalink)


def _reason(escalation: Escalation) -> str:
    code = escalation.reason_code
    return GivenReason(code=OverrideReason(code)).label if code else ""


def queue_item(escalation: Escalation) -> QueueItem:
    """Return the escalation as one line of a queue."""
    card = card_of(escalation)
    return QueueItem(
        escalation_id=escalation.id,
        donor_name=card.donor.name,
        proposal=card.proposal,
        state=escalation.state,
        due_at=escalation.due_at,
        deferred_until=escalation.deferred_until,
        permalink=escalation.permalink,
        has_card=escalation.shown == "card",
    )
