"""Agreeing to a change of the rules, or turning it down: who clicked, may they, does it still stand."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.commands import PolicyApprovalClicked, PolicyRejectionClicked, PolicyShadowClicked
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.ports import Colleague, Unavailable
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from handlers.rules.policy_change import (
    APPROVALS,
    MAY_DECIDE,
    PolicyApproval,
    approve,
    refresh_proposal,
    reject,
    withdraw,
)
from handlers.rules.shadow_report import run_in_shadow
from policy.decision import Role
from storage.policies import PolicyProposal
from storage.transaction import Transaction

NOTHING_CHANGED = "Nothing was changed by your click."
UNKNOWN = Notice(
    text="I do not know this proposal. It may belong to a database that was replaced.",
    next_step="countersign policy versions lists what was proposed.",
)
NOT_YOURS = Notice(
    text="Changes of the rules are decided by admins and compliance.",
    next_step=f"{NOTHING_CHANGED} Tell them in the thread of the card what you think.",
)
OWN = Notice(
    text="You put this change forward, so others have to agree to it.",
    next_step=f"{NOTHING_CHANGED} You can take it back with Reject.",
)
ONCE = Notice(
    text="You have already agreed to this change; it counts once.",
    next_step="Somebody else with the role admin or compliance has to agree as well.",
)
OUTDATED = Notice(
    text="The rules in force changed since this was put forward, so its report is out of date.",
    next_step="It was withdrawn. Run countersign policy activate again to rehearse it on the present rules.",
)
SHADOWED = Notice(
    text="From now on these rules are asked beside those in force, and decide nothing.",
    next_step="“Why?” on the card and countersign policy shadow --report say where they would differ.",
)
_STANDING = {
    "in_force": "These rules are in force already.",
    "retired": "These rules were in force and have been replaced since.",
    "rejected": "This change was already turned down by {who}.",
    "withdrawn": "This change was withdrawn, because other rules came into force first.",
}


async def approve_policy(command: PolicyApprovalClicked, arrived: Arrived, context: Context) -> Write:
    """Count the yes of whoever may give one; with the last one the new rules are in force."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: _refuse(tx, command, arrived, colleague)
    return lambda tx: _approve(tx, command, arrived, colleague, context)


async def reject_policy(command: PolicyRejectionClicked, arrived: Arrived, context: Context) -> Write:
    """Turn the change down, by whoever may decide it or put it forward."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: _refuse(tx, command, arrived, colleague)
    return lambda tx: _reject(tx, command, arrived, colleague, context)


async def shadow_policy(command: PolicyShadowClicked, arrived: Arrived, context: Context) -> Write:
    """Ask the proposed rules beside those in force from now on; they decide nothing."""
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return lambda tx: _refuse(tx, command, arrived, colleague)
    return lambda tx: _shadow(tx, command, arrived, colleague, context)


def _shadow(
    tx: Transaction, command: PolicyShadowClicked, arrived: Arrived, colleague: Colleague, context: Context
) -> None:
    proposal = tx.policies.proposal(command.proposal_id)
    refusal = _no_longer(tx, proposal)
    if proposal is None or refusal:
        _refuse(tx, command, arrived, refusal or UNKNOWN)
    elif not (_roles(colleague, context) & MAY_DECIDE or _is_author(proposal, colleague)):
        _refuse(tx, command, arrived, NOT_YOURS)
    else:
        run_in_shadow(tx, arrived, proposal.version, slack_actor(colleague.id), colleague.email)
        refresh_proposal(tx, arrived, proposal, again=f":shadow:{arrived.item_id}")
        answer(tx, arrived, SHADOWED, command.reply_to)


def _approve(
    tx: Transaction, command: PolicyApprovalClicked, arrived: Arrived, colleague: Colleague, context: Context
) -> None:
    proposal = tx.policies.proposal(command.proposal_id)
    refusal = _no_longer(tx, proposal) or _not_allowed(proposal, colleague, context)
    if proposal is None or refusal:
        if refusal is OUTDATED and proposal:
            withdraw(tx, arrived, proposal)
        _refuse(tx, command, arrived, refusal or UNKNOWN)
        return
    given = PolicyApproval(person=slack_actor(colleague.id), name=colleague.name, at=arrived.now)
    moved = approve(tx, arrived, proposal, given, context.organisation)
    if moved is None:  # somebody else's yes was counted in the same instant: look again
        raise Unavailable("policy", "decided_meanwhile")
    if moved.state == "proposed":
        left = moved.people_needed - len(APPROVALS.validate_json(moved.approvals))
        notice = Notice(text="Your approval is recorded.", next_step=f"{left} more must agree.")
        answer(tx, arrived, notice, command.reply_to)


def _reject(
    tx: Transaction, command: PolicyRejectionClicked, arrived: Arrived, colleague: Colleague, context: Context
) -> None:
    proposal = tx.policies.proposal(command.proposal_id)
    standing = _no_longer(tx, proposal)
    if proposal is None or (standing and standing is not OUTDATED):
        _refuse(tx, command, arrived, standing or UNKNOWN)
    elif not (_roles(colleague, context) & MAY_DECIDE or _is_author(proposal, colleague)):
        _refuse(tx, command, arrived, NOT_YOURS)
    else:
        reject(tx, arrived, proposal, slack_actor(colleague.id), colleague.name)


def _no_longer(tx: Transaction, proposal: PolicyProposal | None) -> Notice | None:
    """Say why there is nothing to decide any more; None when there is."""
    if proposal is None:
        return UNKNOWN
    if proposal.state != "proposed":
        who = proposal.decided_by_name or "somebody"
        return Notice(text=_STANDING[proposal.state].format(who=who), next_step=NOTHING_CHANGED)
    return None if tx.policies.version_in_force() == proposal.base_version else OUTDATED


def _not_allowed(proposal: PolicyProposal | None, colleague: Colleague, context: Context) -> Notice | None:
    if proposal is None or not _roles(colleague, context) & MAY_DECIDE:
        return NOT_YOURS
    if _is_author(proposal, colleague):
        return OWN
    person = slack_actor(colleague.id)
    already = any(each.person == person for each in APPROVALS.validate_json(proposal.approvals))
    return ONCE if already else None


def _roles(colleague: Colleague, context: Context) -> set[str]:
    return {Role(role).value for role in context.organisation.roles_of(colleague.email) if role in set(Role)}


def _is_author(proposal: PolicyProposal, colleague: Colleague) -> bool:
    return proposal.author.casefold() == colleague.email.casefold()


def _refuse(
    tx: Transaction,
    command: PolicyApprovalClicked | PolicyRejectionClicked | PolicyShadowClicked,
    arrived: Arrived,
    refusal: Notice,
) -> None:
    proposal = tx.policies.proposal(command.proposal_id)
    write_down(
        tx,
        arrived,
        "policy.click_refused",
        subject=None,
        actor=slack_actor(command.by.id),
        correlation_id=proposal.correlation_id if proposal else None,
        proposal_id=command.proposal_id,
        asked=command.type,
        reason=refusal.text,
    )
    answer(tx, arrived, refusal, command.reply_to)
