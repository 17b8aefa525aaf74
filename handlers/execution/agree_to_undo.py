"""A second person agrees to an undo, or has it left as it is; whoever asked for it never counts twice."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.answers.answering import answer
from handlers.answers.donor_search import read_donor
from handlers.commands import UndoAgreed, UndoKept
from handlers.context import Arrived, Context, Write
from handlers.decisions.clicked import clicked
from handlers.decisions.standing import refuse_click, standing, too_late
from handlers.execution.undo_action import may_undo, send_back_to_crm
from handlers.execution.undo_rules import amounts_to, denial, given_approvals, roles_here, spelled
from handlers.execution.undo_stands import undo_refused, undo_stands
from handlers.outcomes import Notice, UndoShown
from handlers.ports import Colleague, DonorUnknown
from handlers.proposals.deciding import rule_on
from handlers.proposals.escalation_view import requirement_of, undo_waiting
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.refreshing import refresh_card
from policy.decision import Decision, GivenApproval, Outcome, RequiredApproval, may_decide, open_approvals
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

NOTHING_WAITS = Notice(
    text="No undo waits for your agreement here.",
    next_step="Nothing was changed by your click. The card shows how it stands.",
)
OWN = Notice(
    text="You asked for this undo yourself, so somebody else has to agree to it.",
    next_step="Nothing was changed. “Leave it as it is” calls it off.",
)
ONCE = Notice(
    text="You have already agreed; it counts once.", next_step="Somebody else has to agree as well."
)
NOT_YOURS = "Undoing this needs the agreement of {needs}."
ASK_THEM = "Nothing was changed. Tell them in the thread of the card what you think."
EXCLUDED = Notice(
    text="You must not agree to this: the proposal was your own, or it benefits you.", next_step=ASK_THEM
)
NO_DONOR = "The donor is no longer in the CRM, or is hidden from Countersign."
AGREED = "Your agreement is recorded."
STILL = "Still needed: {needs}."
UNDOING = "Everybody has agreed. It is being undone; the card changes when the CRM has confirmed it."
KEPT = "{name} wants it to stay as it is."
CALLED_OFF = "{name} called the undo off."
STAYS = Notice(text="It stays as it is.", next_step="Nothing was changed in the CRM.")


@dataclass(frozen=True, slots=True)
class Agreement:
    """One more yes to an undo, and the approvals that are missing still."""

    escalation: Escalation
    undo: UndoShown
    missing: tuple[RequiredApproval, ...]


async def agree_to_undo(command: UndoAgreed, arrived: Arrived, context: Context) -> Write:
    """Count the agreement by the rules of now; with the last one, what was written is taken back."""
    found = await _waiting(command, context)
    if isinstance(found, Notice):
        return refuse_click(command, arrived, found)
    escalation, undo, colleague = found
    if refusal := _not_by(colleague, escalation, undo):
        return refuse_click(command, arrived, refusal)
    decision = await _decision(escalation, undo, context)
    if isinstance(decision, str):
        return _ending(command, arrived, escalation, undo, decision)
    agreement = await _agreement(escalation, undo, decision, colleague, context)
    if isinstance(agreement, Notice):
        return refuse_click(command, arrived, agreement)
    return lambda tx: _agree(tx, command, arrived, agreement, colleague)


async def keep_it(command: UndoKept, arrived: Arrived, context: Context) -> Write:
    """Leave things as they are, because whoever asked for the undo or has a say in it wants that."""
    found = await _waiting(command, context)
    if isinstance(found, Notice):
        return refuse_click(command, arrived, found)
    escalation, undo, colleague = found
    own = colleague.id == undo.by_user_id
    roles = await roles_here(requirement_of(escalation), colleague, context)
    held = context.organisation.roles_of(colleague.email)
    has_a_say = may_undo(escalation, colleague, held) or any(need.role in roles for need in undo.needs)
    if not own and not has_a_say:
        return refuse_click(command, arrived, _not_theirs(undo))
    reason = (CALLED_OFF if own else KEPT).format(name=colleague.name)
    return _ending(command, arrived, escalation, undo, reason, STAYS)


def _ending(
    command: UndoAgreed | UndoKept,
    arrived: Arrived,
    escalation: Escalation,
    undo: UndoShown,
    reason: str,
    told: Notice | None = None,
) -> Write:
    """Return the write that ends the undo, unless the last yes came first: then it does not stay."""

    def write(tx: Transaction) -> None:
        if not undo_refused(tx, arrived, escalation, undo, reason):
            too_late(tx, command, arrived)
        elif told:
            answer(tx, arrived, told, command.reply_to)

    return write


async def _waiting(
    command: UndoAgreed | UndoKept, context: Context
) -> tuple[Escalation, UndoShown, Colleague] | Notice:
    found = await clicked(command.escalation_id, command.by.id, context)
    if isinstance(found, Notice):
        return found
    escalation, colleague = found
    undo = undo_waiting(escalation)
    if undo is None:
        executed = escalation.state is EscalationState.EXECUTED
        return NOTHING_WAITS if executed else standing(escalation)
    return escalation, undo, colleague


def _not_by(colleague: Colleague, escalation: Escalation, undo: UndoShown) -> Notice | None:
    if colleague.id == undo.by_user_id:
        return OWN
    if colleague.id in requirement_of(escalation).excluded:
        return EXCLUDED
    return ONCE if any(given.person == colleague.id for given in undo.granted) else None


def _not_theirs(undo: UndoShown) -> Notice:
    return Notice(text=NOT_YOURS.format(needs=spelled(undo.needs)), next_step=ASK_THEM)


async def _decision(escalation: Escalation, undo: UndoShown, context: Context) -> Decision | str:
    """Return what the policy in force says about the undo now, or why there can be none."""
    try:
        record = await read_donor(escalation.donor_id, context)
    except DonorUnknown:
        return NO_DONOR
    action = amounts_to(escalation, record, context)
    if action is None:
        return NO_DONOR
    ruling = await rule_on(action, record, escalation, undo.by_user_id, context)
    return denial(ruling, context) if ruling.decision.outcome is Outcome.DENY else ruling.decision


async def _agreement(
    escalation: Escalation, undo: UndoShown, decision: Decision, colleague: Colleague, context: Context
) -> Agreement | Notice:
    asker = await context.chat.colleague(undo.by_user_id)
    given = await given_approvals(escalation, asker, undo, context) if asker else list(undo.granted)
    roles = await roles_here(requirement_of(escalation), colleague, context)
    # Whoever is excluded, or asked for it, has been refused before.
    role = may_decide(decision, colleague.id, roles, granted=given)
    if role is None and open_approvals(decision, given):
        return _not_theirs(undo)
    granted = undo.granted
    if role is not None:
        granted = (*granted, GivenApproval(person=colleague.id, role=role))
    missing = open_approvals(decision, [*given, *granted])
    update = {"granted": granted, "needs": missing, "agreed": (*undo.agreed, colleague.name)}
    stage = "waiting" if missing else "asked"
    return Agreement(escalation, undo.model_copy(update=update | {"stage": stage}), missing)


def _agree(
    tx: Transaction, command: UndoAgreed, arrived: Arrived, agreement: Agreement, colleague: Colleague
) -> None:
    undo = agreement.undo
    moved = undo_stands(tx, arrived, agreement.escalation, EscalationState.EXECUTED, undo)
    if moved is None:
        too_late(tx, command, arrived)
        return
    write_down(
        tx,
        arrived,
        "undo.agreed",
        subject=moved.donor_id,
        actor=slack_actor(colleague.id),
        correlation_id=moved.correlation_id,
        escalation_id=moved.id,
        name=colleague.name,
        role=undo.granted[-1].role.value if undo.granted else None,
        missing=spelled(agreement.missing),
    )
    if agreement.missing:
        refresh_card(tx, arrived, moved)
        told = Notice(text=AGREED, next_step=STILL.format(needs=spelled(agreement.missing)))
    else:
        send_back_to_crm(tx, arrived, moved, undo, command.reply_to)
        told = Notice(text=UNDOING)
    answer(tx, arrived, told, command.reply_to)
