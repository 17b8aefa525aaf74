"""A backtest in words: what would be looser first, whom it touches, and what could not be replayed."""

from __future__ import annotations

from collections.abc import Iterator

from policy.action_words import ACTION_WORDS, DONE_WORDS
from policy.backtest_report import Affected, BacktestReport, ChangedDecision, GateChange, Loosening
from policy.decision import Outcome
from policy.matrix_text import answer_words
from policy.recorded import WHY_NOT_WORDS

OUTCOME_WORDS = {Outcome.ALLOW: "yes", Outcome.REQUIRE_APPROVAL: "approval", Outcome.DENY: "no"}
_LOOSENED = {
    "outcome": "the answer is less strict",
    "fewer_approvals": "somebody is no longer asked",
    "lost_obligations": "a duty is gone",
}
_CONSEQUENCES = {
    "asked_now_unasked": "needed somebody's yes and would now run without a person",
    "refused_now_possible": "were refused and would now be possible",
    "carried_out_now_refused": "were carried out and would now be refused",
    "carried_out_now_asking": "ran without a person and would now wait for one",
}


def headline(report: BacktestReport) -> str:
    """Say the result in one sentence."""
    if not report.replayed:
        return "No recorded decision could be replayed, so nothing is known about this change."
    loosened, tightened = report.loosened.decisions, report.tightened.decisions
    if not loosened and not tightened:
        return f"All {_count(report.replayed, 'recorded decision')} would get the same answer."
    return (
        f"Of {_count(report.replayed, 'recorded decision')}, {loosened:,} would be answered less strictly "
        f"and {tightened:,} more strictly."
    )


def consequence_lines(report: BacktestReport) -> tuple[str, ...]:
    """Say what happened and would not happen like that any more, or only now could; nothing where none."""
    counts = report.consequences.model_dump()
    return tuple(f"{counts[name]:,} {words}." for name, words in _CONSEQUENCES.items() if counts[name])


def affected_words(affected: Affected) -> str:
    """Say whom a change touches: "12 decisions, 9 donors, 2 officers, $40,000"."""
    known = sum(officer.owner_id is not None for officer in affected.officers)
    parts = [
        _count(affected.decisions, "decision"),
        _count(affected.donors, "donor"),
        _count(known, "officer"),
    ]
    return ", ".join([*parts, *map(str, affected.amounts)])


def change_words(change: ChangedDecision) -> str:
    """Say one changed decision: what was decided, and both answers."""
    what = f"{ACTION_WORDS[change.action]}, {DONE_WORDS[change.capability]}, {change.stage}"
    about = f" ({change.amount})" if change.amount else ""
    was, will = (f"{answer_words(answer)}" for answer in (change.before, change.after))
    why = ", ".join(loosening_words(name) for name in change.loosened_by if name != "outcome")
    return f"{what}{about}: {was} → {will}{f' ({why})' if why else ''}"


def loosening_words(name: Loosening) -> str:
    """Say in which way an answer is less strict."""
    return _LOOSENED[name]


def gate_words(gate: GateChange) -> str:
    """Say how one gate differs and how often it matches."""
    matched = f"matched {gate.matched_before:,} before, {gate.matched_after:,} after"
    change = "only its reason reads differently" if gate.change == "reworded" else gate.change
    return f"{gate.id}: {change}; {matched}"


def not_replayed_lines(report: BacktestReport) -> tuple[str, ...]:
    """Say what could not be replayed, and why."""
    return tuple(f"{each.decisions:,}: {WHY_NOT_WORDS[each.why]}." for each in report.not_replayed)


def remarks(report: BacktestReport) -> Iterator[str]:
    """Yield what a careful reader should also know."""
    if report.unanswered_after:
        yield f"{_count(report.unanswered_after, 'decision')} hit a new rule that gives no answer."
    if report.other_reasons:
        yield f"{_count(report.other_reasons, 'decision')} would get the same answer for other reasons."
    if report.differs_from_record:
        yield (
            f"{_count(report.differs_from_record, 'decision')} had another outcome when recorded than the "
            "rules compared with give, because other rules were in force then."
        )
    if report.may_loosen and not report.loosens:
        yield "No recorded decision would be looser, but the change could loosen what is not on record."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
