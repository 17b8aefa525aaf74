"""At the start: the first policy is recorded; any other one in the settings is a proposal, never a rule."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum, unique

from handlers.answers.answering import post
from handlers.context import Arrived
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.rules.policy_change import put_in_force
from handlers.rules.repairing import REPAIR, UNREADABLE
from policy.decide import CompiledPolicy
from policy.organisation import Organisation
from storage.policies import PolicyProposal, source_digest
from storage.transaction import Transaction

SEEN = "policy_in_settings"
THE_SETTINGS = "the settings"
THE_RELEASE = "this release"
DIFFERS = (
    "The policy in {where} is not the one in force, and does not rule. In force is version {version}, "
    "activated {when:%Y-%m-%d} by {who}."
)
PROPOSE_IT = (
    "To put it forward, run: countersign policy activate {file} --by YOUR-E-MAIL. It is rehearsed on what "
    "was decided, and the governance channel decides."
)
FAULTY = "The policy in {file} has {count} faults, so it was refused whole. The rules in force stay."
FIND = "countersign policy check {file} names every fault. The first: {first}"


@unique
class AtStart(StrEnum):
    """What became of the policy in the settings."""

    FIRST = "first"
    IN_FORCE = "in_force"
    SAME_RULES = "same_rules"
    ONLY_PROPOSED = "only_proposed"


def establish(
    tx: Transaction,
    arrived: Arrived,
    compiled: CompiledPolicy,
    source: str,
    file: str | None,
    organisation: Organisation,
) -> AtStart:
    """Record *compiled* as the first version, or say that it differs from the one in force, once.

    *file* names it for people; None is the policy that ships. After an upgrade the same text may mean the
    same rules over more facts: then it rules on under its new digest, without anybody having to decide.
    """
    in_force = tx.policies.in_force()
    if in_force is None:
        author = THE_SETTINGS if file else THE_RELEASE
        put_in_force(tx, arrived, compiled, source, kind="first", author=author)
        return AtStart.FIRST
    if in_force.version == compiled.version:
        return AtStart.IN_FORCE
    stored = tx.policies.version(in_force.version)
    if stored and stored.is_intact and stored.source_digest == source_digest(source):
        put_in_force(tx, arrived, compiled, source, kind="upgrade", author=THE_RELEASE)
        return AtStart.SAME_RULES
    _say_it_differs(tx, arrived, compiled, in_force, file, organisation)
    return AtStart.ONLY_PROPOSED


def report_faulty(
    tx: Transaction, arrived: Arrived, file: str, faults: Sequence[str], organisation: Organisation
) -> None:
    """Tell operations that the file in the settings cannot be used."""
    write_down(tx, arrived, "policy.refused", subject=None, faults=list(faults[:20]))
    notice = Notice(
        text=FAULTY.format(file=file, count=len(faults)),
        next_step=FIND.format(file=file, first=faults[0] if faults else ""),
        reference=arrived.reference,
    )
    post(tx, arrived, notice, organisation.operations, by=SYSTEM)


def report_unreadable(
    tx: Transaction, arrived: Arrived, version: str, fault: str, organisation: Organisation
) -> None:
    """Tell operations, once for each version, that the rules cannot be read, where, and what to do."""
    key = f"policy_unreadable:{version}"
    if tx.settings.get(key):
        return
    tx.settings.put(key, arrived.now.isoformat(), arrived.now)
    write_down(tx, arrived, "policy.unreadable", subject=None, version=version)
    notice = Notice(
        text=UNREADABLE.format(version=version[:12], fault=fault).strip(),
        next_step=REPAIR.format(version=version[:12]),
        reference=arrived.reference,
    )
    post(tx, arrived, notice, organisation.operations, by=SYSTEM)


def _say_it_differs(
    tx: Transaction,
    arrived: Arrived,
    compiled: CompiledPolicy,
    in_force: PolicyProposal,
    file: str | None,
    organisation: Organisation,
) -> None:
    seen = f"{compiled.version}:{in_force.version}"
    if tx.settings.get(SEEN) == seen:
        return
    tx.settings.put(SEEN, seen, arrived.now)
    write_down(
        tx,
        arrived,
        "policy.not_in_force",
        subject=None,
        version=compiled.version,
        in_force=in_force.version,
        where=THE_SETTINGS if file else THE_RELEASE,
    )
    where = f"the settings ({file})" if file else "this release"
    notice = Notice(
        text=DIFFERS.format(
            where=where,
            version=in_force.version[:12],
            when=in_force.decided_at or in_force.proposed_at,
            who=in_force.decided_by_name or in_force.author,
        ),
        next_step=PROPOSE_IT.format(file=file or "--shipped"),
        reference=arrived.reference,
    )
    post(tx, arrived, notice, organisation.operations, by=SYSTEM)
