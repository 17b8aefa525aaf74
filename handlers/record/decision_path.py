"""The whole path of a decision on one screen: what began it, what was known, who decided, what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from handlers.outcomes import PathStep, Stage
from handlers.record.show_evidence import evidence_line
from storage.audit_records import AuditRecord

DECIDED = "recommendation.decided"
MOST_STEPS = 14
_FIRST = 6
"""So many steps of a long path are always shown: from what began it to the card."""

_STAGES: tuple[tuple[str, Stage], ...] = (
    ("escalation.opened", "Card"),
    ("escalation.allowed", "Policy"),
    ("escalation.listed", "Card"),
    ("escalation.card_given", "Card"),
    ("escalation.", "Person"),
    ("edit.", "Person"),
    ("click.", "Person"),
    ("decider.", "Card"),
    ("roles.", "Card"),
    ("action.undone", "Undo"),
    ("action.", "Effect"),
    ("undo.", "Undo"),
)
_VERDICTS = {"allow": "Allowed", "deny": "Denied", "require_approval": "Asked for approval"}


def path_of(entries: Sequence[AuditRecord]) -> tuple[PathStep, ...]:
    """Return the steps of the decision among what came of one event, oldest first; nothing without one."""
    decided = next((entry for entry in entries if entry.kind == DECIDED), None)
    if decided is None:
        return ()
    if decided.payload is None:
        return (_step("Trigger", decided.at, "Erased on request, or its time of retention is over"),)
    steps = [*_beginning(decided, decided.payload, entries), *_later(entries)]
    return _with_gaps(_on_one_screen(steps))


def _beginning(
    decided: AuditRecord, payload: dict[str, Any], entries: Iterable[AuditRecord]
) -> Iterator[PathStep]:
    event, decision = payload["event"], payload["decision"]
    known = payload.get("donor_facts") or {}
    who = "CRM" if not payload.get("requested_by") else "asked for by a colleague"
    yield _step("Trigger", _moment(event.get("time")) or decided.at, str(payload["happened"]), who)
    yield _step("Facts", decided.at, f"{len(known.get('facts') or ())} facts read from the record", "CRM")
    asked_at = _moment((payload["decision_facts"].get("cal") or {}).get("now")) or decided.at
    asked_at = max(asked_at, decided.at)
    yield _model(payload["recommendation"], asked_at, entries)
    spoke = [
        gate for gate in decision["gates"] if gate.get("kind", decision["outcome"]) == decision["outcome"]
    ]
    reasons = " ".join(str(gate["reason"]) for gate in spoke)
    verdict = f"{_VERDICTS.get(decision['outcome'], decision['outcome'])}. {reasons}".strip()
    yield _step("Policy", asked_at, verdict, f"rules {decision['policy_version'][:12]}")


def _model(recommendation: dict[str, Any], at: datetime, entries: Iterable[AuditRecord]) -> PathStep:
    origin, score = recommendation["origin"], recommendation["confidence"]["score"]
    if origin["kind"] != "model":
        text = f"{recommendation['headline']} (confidence {score} of 100)"
        return _step("Model", at, text, "no model: the facts summariser")
    calls = [e.payload["call"] for e in entries if e.kind == "recommendation.model_answered" and e.payload]
    took = f", answered in {calls[-1]['latency_ms'] / 1000:.1f} s" if calls else ""
    removed = f", {recommendation['removed']} sentences removed" if recommendation["removed"] else ""
    text = f"{recommendation['headline']} (confidence {score} of 100{removed}{took})"
    return _step("Model", at, text, f"{origin['model']}, prompt {origin['prompt']}")


def _later(entries: Iterable[AuditRecord]) -> Iterator[PathStep]:
    for entry in entries:
        stage = next((stage for kind, stage in _STAGES if entry.kind.startswith(kind)), None)
        line = evidence_line(entry) if stage else None
        if stage and line:
            about = f": {line.details[0]}" if line.details and stage != "Policy" else ""
            yield _step(stage, entry.at, f"{line.what}{about}", line.who)


def _on_one_screen(steps: list[PathStep]) -> list[PathStep]:
    """Leave out the middle of a path too long for one screen, and say so."""
    if len(steps) <= MOST_STEPS:
        return steps
    last = steps[_FIRST - MOST_STEPS + 1 :]
    count = len(steps) - _FIRST - len(last)
    left_out = _step("…", last[0].at, f"{count} steps in between are in the whole story")
    return [*steps[:_FIRST], left_out, *last]


def _with_gaps(steps: Sequence[PathStep]) -> tuple[PathStep, ...]:
    """Put the steps in time: an entry is dated when its work began, so a later step may seem the earlier."""
    before, found = steps[0].at, []
    for step in steps:
        at = max(step.at, before)
        found.append(step.model_copy(update={"at": at, "after_seconds": int((at - before).total_seconds())}))
        before = at
    return tuple(found)


def _step(stage: Stage, at: datetime, what: str, who: str = "") -> PathStep:
    return PathStep(stage=stage, at=at, what=what, who=who)


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def gap(seconds: int) -> str:
    """Say how long after the step before: "+4 s", "+12 min", "+3 h 5 min", "+2 d 4 h"; nothing at once."""
    if seconds < 1:
        return ""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if days:
        return f"+{days} d" + (f" {hours % 24} h" if hours % 24 else "")
    if hours:
        return f"+{hours} h" + (f" {minutes % 60} min" if minutes % 60 else "")
    return f"+{minutes} min" if minutes else f"+{seconds} s"
