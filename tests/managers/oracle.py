"""The figures counted once more, slowly and from the audit alone: no table of the read model, no SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from storage.audit import AuditRecord

ENDS = {
    "escalation.approved": "approved",
    "escalation.declined": "declined",
    "escalation.sent_back": "sent_back",
    "escalation.expired": "expired",
}


@dataclass
class Counted:
    """What an auditor with a copy of the audit and some patience finds."""

    ends: Counter[str] = field(default_factory=Counter)
    by_action: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_prompt: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_confidence: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: Counter[str] = field(default_factory=Counter)
    minutes: list[int] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    summaries: int = 0
    useful: Counter[str] = field(default_factory=Counter)
    held: int = 0
    undone: int = 0
    executed: int = 0
    faster: int = 0
    tokens: int = 0

    @property
    def median_minutes(self) -> float:
        return median(self.minutes)


def count(records: list[AuditRecord], start: datetime, end: datetime) -> Counted:
    """Count what happened from *start* until before *end*; earlier records explain later ones."""
    found, proposals = Counted(), dict[str, dict[str, Any]]()
    opened, edited = dict[str, dict[str, Any]](), set[str]()
    for record in records:
        payload = record.payload or {}
        if record.kind == "recommendation.decided":
            proposals[record.correlation_id] = payload
        elif record.kind == "escalation.opened":
            opened[payload["escalation_id"]] = proposals[record.correlation_id]
        elif record.kind == "escalation.edited":
            edited.add(payload["escalation_id"])
        if start <= record.at < end:
            _one(found, record, payload, opened, edited)
    return found


def _one(
    found: Counted,
    record: AuditRecord,
    payload: dict[str, Any],
    opened: dict[str, dict[str, Any]],
    edited: set[str],
) -> None:
    code = payload.get("reason_code")
    if code and record.kind != "escalation.opened":
        found.reasons[code] += 1
    if record.kind in ENDS:
        about, proposal = payload["escalation_id"], opened[payload["escalation_id"]]
        end = (
            "approved_edited"
            if record.kind == "escalation.approved" and about in edited
            else ENDS[record.kind]
        )
        recommendation = proposal["recommendation"]
        found.ends[end] += 1
        found.by_action[recommendation["action"]["kind"]][end] += 1
        found.by_prompt[recommendation["origin"]["prompt_version"]][end] += 1
        found.by_confidence[min(recommendation["confidence"]["score"] // 10, 9)][end] += 1
        if end != "expired":
            waited = record.at - datetime.fromisoformat(proposal["event"]["time"])
            found.minutes.append(int(waited.total_seconds() // 60))
    considered = payload.get("considered") or {}
    if record.kind == "escalation.approved":
        found.faster += bool(considered.get("faster_than_reading"))
    if record.actor.startswith("slack:") and record.kind not in ("feedback.given", "action.undone"):
        found.people.add(record.actor)
    found.summaries += record.kind == "summary.generated"
    found.undone += record.kind == "action.undone"
    found.executed += record.kind == "action.executed"
    if record.kind == "feedback.given":
        found.useful[payload["value"]] += 1
    if record.kind == "summary.generated":
        origin = payload["summary"]["origin"]
        found.tokens += origin.get("input_tokens", 0) + origin.get("output_tokens", 0)
    if record.kind == "recommendation.decided":
        found.held += payload["decision"]["outcome"] == "deny"


def gave_after(
    records: list[AuditRecord], start: datetime, end: datetime, days: int
) -> dict[str, tuple[int, int]]:
    """Return, for what was acted on and what was not, after how many of how many decisions the donor gave."""
    gifts = defaultdict[str, list[datetime]](list)
    edited = set[str]()
    for record in records:
        event = (record.payload or {}).get("event") or {}
        if event.get("type") == "donation.received" and record.subject:
            gifts[record.subject].append(min(datetime.fromisoformat(event["time"]), record.at))
        if record.kind == "escalation.edited" and record.payload:
            edited.add(record.payload["escalation_id"])
    found = {"acted": [0, 0], "not": [0, 0]}
    for record in records:
        if record.kind in ENDS and start <= record.at < end and record.subject:
            group = found["acted" if ENDS[record.kind] == "approved" else "not"]
            until = record.at + timedelta(days=days)
            group[1] += 1
            group[0] += any(record.at < gift <= until for gift in gifts[record.subject])
    return {name: (hits, every) for name, (hits, every) in found.items()}
