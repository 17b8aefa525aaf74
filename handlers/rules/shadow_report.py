"""Beginning and ending a shadow run, and what it found: how often a candidate agrees, and where not."""

from __future__ import annotations

from pydantic import AwareDatetime

from handlers.context import Arrived
from handlers.record.evidence import record as write_down
from handlers.rules.shadowing import SHADOWED, Differences, Shadowing, shadowing
from policy.decide import CompiledPolicy
from policy.value import Value
from storage.shadow import ShadowDecision
from storage.transaction import Transaction

LISTED = 100


class ShadowPair(Value):
    """How many decisions got one answer in force and the other from the candidate; None is no answer."""

    in_force: str
    candidate: str | None
    decisions: int


class Disagreement(Value):
    """One decision that the candidate would have taken otherwise; *reference* is the one on the card."""

    at: AwareDatetime
    reference: str
    change: str
    action: str = ""
    capability: str = ""
    stage: str = ""
    gates_added: tuple[str, ...] = ()
    gates_gone: tuple[str, ...] = ()
    error: str = ""


class ShadowReport(Value):
    """What a candidate would have said since it runs in the shadow; *disagreements* has the latest."""

    candidate: str
    since: str
    by: str
    decisions: int
    disagreed: int
    pairs: tuple[ShadowPair, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def headline(self) -> str:
        """Say the result in one sentence."""
        since = f" since {self.since[:10]}" if self.since else ""
        return (
            f"Version {self.candidate[:12]} was asked beside {self.decisions:,} decisions{since} and would "
            f"have decided {self.disagreed:,} of them otherwise."
        )


def start_shadow(tx: Transaction, arrived: Arrived, compiled: CompiledPolicy, source: str, by: str) -> None:
    """Ask *compiled* beside the rules in force from now on."""
    tx.policies.keep(compiled.version, compiled.policy.title, source, arrived.now)
    run_in_shadow(tx, arrived, compiled.version, f"cli:{by.casefold()}", by)


def run_in_shadow(tx: Transaction, arrived: Arrived, version: str, actor: str, by: str) -> None:
    """Ask a stored *version* beside the rules in force from now on, for *by* (an e-mail address)."""
    wanted = Shadowing(version=version, by=by, since=arrived.now.isoformat())
    tx.settings.put(SHADOWED, wanted.model_dump(mode="json"), arrived.now)
    write_down(
        tx,
        arrived,
        "policy.shadow_started",
        subject=None,
        actor=actor,
        version=version,
        in_force=tx.policies.version_in_force(),
    )


def stop_shadow(tx: Transaction, arrived: Arrived, by: str) -> bool:
    """Ask the candidate no longer; False when there was none. What it found stays."""
    running = shadowing(tx)
    if running is None:
        return False
    tx.settings.put(SHADOWED, None, arrived.now)
    actor = f"cli:{by.casefold()}"
    write_down(tx, arrived, "policy.shadow_stopped", subject=None, actor=actor, version=running.version)
    return True


def shadow_report(tx: Transaction, prefix: str | None = None) -> ShadowReport | None:
    """Return what was found about the candidate, or an earlier one whose digest begins with *prefix*."""
    running = shadowing(tx)
    version = running.version if running else None
    if prefix is not None:
        found = tx.policies.versions_like(prefix)
        version = found[0] if len(found) == 1 else None
    if version is None:
        return None
    counts = tx.shadow.counts(version)
    is_running = running is not None and running.version == version
    return ShadowReport(
        candidate=version,
        since=running.since if running and is_running else "",
        by=running.by if running and is_running else "",
        decisions=sum(counts.values()),
        disagreed=tx.shadow.disagreed(version),
        pairs=tuple(
            ShadowPair(in_force=one, candidate=other, decisions=number)
            for (one, other), number in sorted(counts.items(), key=lambda item: -item[1])
        ),
        disagreements=tuple(map(_disagreement, tx.shadow.disagreements(version, LISTED))),
    )


def _disagreement(decision: ShadowDecision) -> Disagreement:
    found = Differences.model_validate_json(decision.details)
    other = decision.candidate_outcome or "no answer"
    same = decision.outcome == other
    return Disagreement(
        at=decision.at,
        reference=decision.correlation_id[-6:].lower(),
        change="other people are asked" if same else f"{decision.outcome} → {other}",
        action=found.action,
        capability=found.capability,
        stage=found.stage,
        gates_added=found.gates_added,
        gates_gone=found.gates_gone,
        error=found.error,
    )
