"""From a stored proposal of new rules to what people see of it."""

from __future__ import annotations

from collections.abc import Iterator

from handlers.outcomes import PolicyCard, PolicyReportShown
from handlers.rules.policy_change import APPROVALS
from handlers.rules.shadowing import shadowing
from policy.backtest_report import Affected, BacktestReport, ChangedDecision
from policy.backtest_text import (
    affected_words,
    change_words,
    consequence_lines,
    gate_words,
    headline,
    not_replayed_lines,
    remarks,
)
from storage.policies import FORGOTTEN_REPORT, NO_REPORT, PolicyProposal
from storage.transaction import Transaction

FORGOTTEN = "The time of keeping this report is over. The audit says what was decided."
LISTED_ON_CARD = 3
LISTED_IN_REPORT = 100
WITHOUT_REPORT = "The first rules; there was nothing to compare them with."


def card_of_proposal(tx: Transaction, proposal: PolicyProposal) -> PolicyCard:
    """Return the card as it stands."""
    stored = tx.policies.version(proposal.version)
    report = report_of(proposal)
    approvals = APPROVALS.validate_json(proposal.approvals)
    waits = proposal.state == "proposed"
    return PolicyCard(
        proposal_id=proposal.id,
        kind=proposal.kind,
        state=proposal.state,
        title=stored.title if stored else proposal.version[:12],
        version=proposal.version,
        base_version=proposal.base_version,
        author=proposal.author,
        proposed_at=proposal.proposed_at,
        may_loosen=bool(report and report.may_loosen),
        headline=headline(report) if report else _without(proposal),
        effects=(*(_effects(report) if report else ()), *_in_the_shadow(tx, proposal)),
        loosened=tuple(map(_dated, report.loosened_list[:LISTED_ON_CARD])) if report else (),
        gates=tuple(map(gate_words, report.gates)) if report else (),
        people_needed=proposal.people_needed,
        approvals=tuple(each.name for each in approvals),
        still_needed=max(0, proposal.people_needed - len(approvals)) if waits else 0,
        decided_by=proposal.decided_by_name or "",
        decided_at=proposal.decided_at,
        reference=proposal.correlation_id[-6:].lower(),
    )


def report_of(proposal: PolicyProposal) -> BacktestReport | None:
    """Return the report that a proposal was made with; None for the very first rules, and when it is gone."""
    if proposal.report in (NO_REPORT, FORGOTTEN_REPORT):
        return None
    return BacktestReport.model_validate_json(proposal.report)


def shown_report(tx: Transaction, proposal: PolicyProposal) -> PolicyReportShown:
    """Return the whole report, part by part."""
    card, report = card_of_proposal(tx, proposal), report_of(proposal)
    parts = tuple(_parts(report)) if report else ((_without(proposal), ()),)
    shadow = tuple(_in_the_shadow(tx, proposal))
    if shadow:
        parts = (*parts, ("In the shadow", shadow))
    return PolicyReportShown(title=card.title, parts=parts, reference=card.reference)


def _without(proposal: PolicyProposal) -> str:
    return FORGOTTEN if proposal.report == FORGOTTEN_REPORT else WITHOUT_REPORT


def _in_the_shadow(tx: Transaction, proposal: PolicyProposal) -> Iterator[str]:
    """Say what was found while these rules ran beside those in force."""
    asked = sum(tx.shadow.counts(proposal.version).values())
    running = shadowing(tx)
    if asked:
        disagreed = tx.shadow.disagreed(proposal.version)
        yield f"In the shadow of the rules in force: asked {asked:,} times, {disagreed:,} other answers."
    elif running and running.version == proposal.version:
        yield "It runs in the shadow of the rules in force; nothing was decided since."


def _effects(report: BacktestReport) -> Iterator[str]:
    if report.loosened.decisions:
        yield f"Less strict: {affected_words(report.loosened)}."
    if report.tightened.decisions:
        yield f"Stricter: {affected_words(report.tightened)}."
    yield from consequence_lines(report)
    yield from remarks(report)
    not_replayed = sum(each.decisions for each in report.not_replayed)
    if not_replayed:
        yield f"{not_replayed:,} recorded decisions could not be replayed."


def _parts(report: BacktestReport) -> Iterator[tuple[str, tuple[str, ...]]]:
    when = ""
    if report.first_at and report.last_at:
        when = f"Decided from {report.first_at:%Y-%m-%d} to {report.last_at:%Y-%m-%d}."
    found = (when, *consequence_lines(report), *remarks(report))
    yield headline(report), tuple(line for line in found if line)
    yield from _list("Less strict", report.loosened, report.loosened_list, report.loosened_unlisted)
    yield from _list("Stricter", report.tightened, report.tightened_list, report.tightened_unlisted)
    if report.gates:
        yield "Rules that differ", tuple(map(gate_words, report.gates))
    if report.not_replayed:
        yield "Not replayable", not_replayed_lines(report)


def _list(
    title: str, affected: Affected, changes: tuple[ChangedDecision, ...], unlisted: int
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not affected.decisions:
        return
    listed = changes[:LISTED_IN_REPORT]
    more = unlisted + len(changes) - len(listed)
    lines = [_dated(change) for change in listed]
    if more:
        lines.append(f"and {more:,} more; countersign policy backtest --json lists them")
    yield f"{title}: {affected_words(affected)}", tuple(lines)


def _dated(change: ChangedDecision) -> str:
    return f"{change.at:%Y-%m-%d} {change_words(change)} (entry {change.entry_id})"
