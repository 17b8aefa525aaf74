"""Changing the rules: proposed with a report, agreed to by people other than the author, in force at once."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, TypeAdapter

from handlers.answers.answering import post
from handlers.context import Arrived
from handlers.effects import ShowProposal
from handlers.enqueueing import PEOPLE_FIRST, enqueue
from handlers.execution.publishing import publish_data
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.rules.shadowing import SHADOWED
from policy.backtest_report import BacktestReport
from policy.canonical import canonical_json
from policy.decide import CompiledPolicy
from policy.decision import Role
from policy.events import PublishedEventType
from policy.organisation import Organisation
from policy.value import Value
from storage.policies import FORGOTTEN_REPORT, NO_REPORT, PolicyProposal, ProposalKind
from storage.transaction import Transaction

MAY_DECIDE = frozenset({Role.ADMIN.value, Role.COMPLIANCE.value})
LOOSENING_NEEDS, TIGHTENING_NEEDS = 2, 1


class PolicyApproval(Value):
    """One person's yes to a change of the rules; *person* is an actor such as "slack:U123"."""

    person: str
    name: str
    at: AwareDatetime


APPROVALS: TypeAdapter[tuple[PolicyApproval, ...]] = TypeAdapter(tuple[PolicyApproval, ...])


class ProposalRefused(Exception):
    """A change cannot be put forward; the message says why and what to do."""


def deciders(organisation: Organisation, author: str) -> tuple[str, ...]:
    """Return the e-mail addresses of everybody who may agree to a change that *author* puts forward."""
    return tuple(
        person.email
        for person in organisation.people
        if MAY_DECIDE & set(person.roles) and person.email.casefold() != author.casefold()
    )


def people_needed(report: BacktestReport) -> int:
    """Return how many people have to agree: a change that could loosen anything needs two."""
    return LOOSENING_NEEDS if report.may_loosen else TIGHTENING_NEEDS


def propose(
    tx: Transaction,
    arrived: Arrived,
    compiled: CompiledPolicy,
    source: str,
    *,
    author: str,
    report: BacktestReport,
    kind: ProposalKind,
) -> PolicyProposal:
    """Store *compiled* as a proposal against the policy in force and have its card posted.

    Raises ProposalRefused when it is in force already, waits already, or the rules changed since the report.
    """
    base = tx.policies.version_in_force()
    if base == compiled.version:
        raise ProposalRefused("These rules are in force already; there is nothing to change.")
    if any(each.version == compiled.version for each in tx.policies.open_proposals()):
        raise ProposalRefused("These rules are proposed already; the card in the governance channel decides.")
    if report.before.version != base:
        raise ProposalRefused("The rules in force changed while this was rehearsed. Run the command again.")
    tx.policies.keep(compiled.version, compiled.policy.title, source, arrived.now)
    proposal = PolicyProposal(
        id=arrived.ids.new(),
        version=compiled.version,
        base_version=base,
        kind=kind,
        author=author,
        people_needed=people_needed(report),
        report=canonical_json(without_donors(report)),
        proposed_at=arrived.now,
        correlation_id=arrived.correlation_id,
    )
    tx.policies.propose(proposal)
    _note(tx, arrived, "policy.proposed", proposal, f"cli:{author.casefold()}")
    refresh_proposal(tx, arrived, proposal)
    return proposal


def put_back(
    tx: Transaction, arrived: Arrived, compiled: CompiledPolicy, source: str, *, author: str
) -> bool:
    """Put the text of the rules in force back where it was altered; False when there is nothing to put right.

    Nobody has to agree to it: a version is the digest of what it means, so these are the very rules that
    people agreed to before.
    """
    stored = tx.policies.version(compiled.version)
    if tx.policies.version_in_force() != compiled.version or (stored and stored.is_intact):
        return False
    tx.policies.put_back(compiled.version, compiled.policy.title, source, arrived.now)
    actor = f"cli:{author.casefold()}"
    write_down(tx, arrived, "policy.put_back", subject=None, actor=actor, version=compiled.version)
    return True


def approve(
    tx: Transaction,
    arrived: Arrived,
    proposal: PolicyProposal,
    by: PolicyApproval,
    organisation: Organisation,
) -> PolicyProposal | None:
    """Add a yes to *proposal*; with the last one needed it is in force. None when somebody was first."""
    given = (*APPROVALS.validate_json(proposal.approvals), by)
    approvals = canonical_json([each.model_dump(mode="json") for each in given])
    if len(given) < proposal.people_needed:
        moved = tx.policies.move(
            proposal.id, ("proposed",), "proposed", revision=proposal.revision, approvals=approvals
        )
        if moved:
            _note(tx, arrived, "policy.approval_given", moved, by.person)
            refresh_proposal(tx, arrived, moved)
        return moved
    names = " and ".join(each.name for each in given)
    moved = tx.policies.move(
        proposal.id, ("proposed",), "proposed", revision=proposal.revision, approvals=approvals
    )
    return _activate(tx, arrived, moved, names, by.person, organisation) if moved else None


def reject(
    tx: Transaction, arrived: Arrived, proposal: PolicyProposal, actor: str, name: str
) -> PolicyProposal | None:
    """Turn *proposal* down for good. None when somebody was first."""
    moved = tx.policies.move(
        proposal.id, ("proposed",), "rejected", decided_at=arrived.now, decided_by_name=name
    )
    if moved:
        _note(tx, arrived, "policy.rejected", moved, actor)
        refresh_proposal(tx, arrived, moved)
    return moved


def withdraw(tx: Transaction, arrived: Arrived, proposal: PolicyProposal) -> None:
    """Take *proposal* off the table because the rules it was compared with are no longer in force."""
    moved = tx.policies.move(proposal.id, ("proposed",), "withdrawn", decided_at=arrived.now)
    if moved:
        _note(tx, arrived, "policy.withdrawn", moved, SYSTEM)
        refresh_proposal(tx, arrived, moved)


def put_in_force(
    tx: Transaction,
    arrived: Arrived,
    compiled: CompiledPolicy,
    source: str,
    *,
    kind: ProposalKind,
    author: str,
) -> None:
    """Record rules that nobody has to agree to: the very first, and the same ones under a new digest."""
    base = _retire(tx, arrived.now)
    tx.policies.keep(compiled.version, compiled.policy.title, source, arrived.now)
    proposal = PolicyProposal(
        id=arrived.ids.new(),
        version=compiled.version,
        base_version=base,
        kind=kind,
        state="in_force",
        author=author,
        people_needed=0,
        report=NO_REPORT,
        proposed_at=arrived.now,
        decided_at=arrived.now,
        correlation_id=arrived.correlation_id,
    )
    tx.policies.propose(proposal)
    _note(tx, arrived, "policy.activated", proposal, SYSTEM)
    for other in tx.policies.open_proposals():
        withdraw(tx, arrived, other)


def refresh_proposal(tx: Transaction, arrived: Arrived, proposal: PolicyProposal, again: str = "") -> None:
    """Have the card show the proposal as it stands after this change, or after *again*."""
    enqueue(
        tx,
        ShowProposal(proposal_id=proposal.id),
        key=f"proposal:{proposal.id}:{proposal.revision}{again}",
        order=f"proposal:{proposal.id}",
        arrived=arrived,
        priority=PEOPLE_FIRST,
    )


def without_donors(report: BacktestReport) -> BacktestReport:
    """Return *report* without donor ids: an erased donor must not live on in it. Entries are named still."""
    lists = {
        name: tuple(change.model_copy(update={"donor_id": None}) for change in getattr(report, name))
        for name in ("loosened_list", "tightened_list")
    }
    return report.model_copy(update=lists)


def _activate(
    tx: Transaction,
    arrived: Arrived,
    proposal: PolicyProposal,
    names: str,
    actor: str,
    organisation: Organisation,
) -> PolicyProposal | None:
    _retire(tx, arrived.now)
    moved = tx.policies.move(
        proposal.id, ("proposed",), "in_force", decided_at=arrived.now, decided_by_name=names
    )
    if moved is None:
        return None
    _note(tx, arrived, "policy.activated", moved, actor)
    _end_shadow(tx, arrived, moved.version)
    data: dict[str, object] = {
        "version": moved.version,
        "base_version": moved.base_version,
        "kind": moved.kind,
    }
    publish_data(tx, arrived, PublishedEventType.POLICY_CHANGED, moved.id, data)
    refresh_proposal(tx, arrived, moved)
    for other in tx.policies.open_proposals():
        withdraw(tx, arrived, other)
    notice = Notice(
        text=f"New rules are in force: version {moved.version[:12]}, put forward by {moved.author}, "
        f"agreed to by {names}.",
        next_step="/donor policy shows them. Going back is: countersign policy rollback --by YOUR-E-MAIL",
        reference=arrived.reference,
    )
    post(tx, arrived, notice, organisation.operations, by=SYSTEM)
    return moved


def _retire(tx: Transaction, now: datetime) -> str | None:
    """Retire what is in force, and return its version."""
    in_force = tx.policies.in_force()
    if in_force is None:
        return None
    tx.policies.move(in_force.id, ("in_force",), "retired", retired_at=now)
    return in_force.version


def _end_shadow(tx: Transaction, arrived: Arrived, version: str) -> None:
    stored = tx.settings.get(SHADOWED)
    if isinstance(stored, dict) and stored.get("version") == version:
        tx.settings.put(SHADOWED, None, arrived.now)


def _note(tx: Transaction, arrived: Arrived, kind: str, proposal: PolicyProposal, actor: str) -> None:
    """Write down what became of a proposal, with everything it was decided on."""
    kept = proposal.report not in (NO_REPORT, FORGOTTEN_REPORT)
    report = BacktestReport.model_validate_json(proposal.report) if kept else None
    write_down(
        tx,
        arrived,
        kind,
        subject=None,
        actor=actor,
        correlation_id=proposal.correlation_id,
        proposal_id=proposal.id,
        kind_of_change=proposal.kind,
        version=proposal.version,
        base_version=proposal.base_version,
        author=proposal.author,
        people_needed=proposal.people_needed,
        approvals=[each.model_dump(mode="json") for each in APPROVALS.validate_json(proposal.approvals)],
        report=report.model_dump(mode="json") if report else None,
    )
