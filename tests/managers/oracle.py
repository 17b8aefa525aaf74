"""The figures counted once more, slowly and from the audit alone: no table of the read model, no SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from storage.audit_records import AuditRecord

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


def came_after(
    records: list[AuditRecord], start: datetime, end: datetime, days: int, came: str
) -> dict[str, list[dict[str, int]]]:
    """Return, by kind of action and for all under "", what came after decisions, household by household.

    n1 and x1 are of what was acted on, n0 and x0 of what was not.
    """
    gifts, proposals = defaultdict[str, list[datetime]](list), dict[str, dict[str, Any]]()
    for record in records:
        payload = record.payload or {}
        event = payload.get("event") or {}
        if event.get("type") == "donation.received" and record.subject:
            gifts[record.subject].append(min(datetime.fromisoformat(event["time"]), record.at))
        if record.kind == "recommendation.decided":
            proposals[record.correlation_id] = payload
    ends = [r for r in records if r.kind in ENDS and r.subject]
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for record in ends:
        if not start <= record.at < end:
            continue
        until = record.at + timedelta(days=days)
        inside = [gift for gift in gifts[record.subject or ""] if record.at < gift <= until]
        if came == "gifts":
            later = [r.at for r in ends if r.subject == record.subject and r.at > record.at]
            hits = sum(not any(end < gift for end in later) for gift in inside)
        else:
            hits = int(bool(inside))
        proposal = proposals[record.correlation_id]
        if came == "retained" and proposal["event"]["type"] != "donation.received":
            continue
        household = proposal.get("household_id") or record.subject
        arm = "1" if ENDS[record.kind] == "approved" else "0"
        for by in ("", proposal["recommendation"]["action"]["kind"]):
            found[by][household][f"n{arm}"] += 1
            found[by][household][f"x{arm}"] += hits
    blank = {"n1": 0, "x1": 0, "n0": 0, "x0": 0}
    return {by: [blank | h for h in of.values()] for by, of in sorted(found.items())}


def given_in_campaign(records: list[AuditRecord], campaign_id: str) -> list[dict[str, int]]:
    """Return who gave between a decision and the end of the campaign it belonged to, by household."""
    proposals, gifts = dict[str, dict[str, Any]](), defaultdict[str, list[datetime]](list)
    for record in records:
        payload = record.payload or {}
        event = payload.get("event") or {}
        if event.get("type") == "donation.received" and record.subject:
            gifts[record.subject].append(min(datetime.fromisoformat(event["time"]), record.at))
        if record.kind == "recommendation.decided" and payload["campaign"]["id"] == campaign_id:
            proposals[record.correlation_id] = payload
    found = defaultdict[str, Counter[str]](Counter)
    for record in records:
        proposal = proposals.get(record.correlation_id)
        if record.kind not in ENDS or proposal is None or not record.subject:
            continue
        over = datetime.fromisoformat(proposal["campaign"]["ends_at"])
        if record.at < over:
            arm = "1" if ENDS[record.kind] == "approved" else "0"
            household = found[proposal["household_id"] or record.subject]
            household[f"n{arm}"] += 1
            household[f"x{arm}"] += any(record.at < gift < over for gift in gifts[record.subject])
    return [{"n1": 0, "x1": 0, "n0": 0, "x0": 0} | each for each in found.values()]


def given_after(
    records: list[AuditRecord], start: datetime, end: datetime, days: int
) -> dict[tuple[str, bool], list[int]]:
    """Return what each household gave in time after decisions, by currency and whether they were acted on."""
    proposals = {r.correlation_id: r.payload or {} for r in records if r.kind == "recommendation.decided"}
    ends = defaultdict[str, list[AuditRecord]](list)
    for record in records:
        if record.kind in ENDS and record.subject:
            ends[record.subject].append(record)
    found: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for record in records:
        gift = (record.payload or {}).get("gift")
        if not gift or not record.subject:
            continue
        at = min(datetime.fromisoformat((record.payload or {})["event"]["time"]), record.at)
        earlier = [each for each in ends[record.subject] if each.at < at]
        if not earlier:
            continue
        last = max(earlier, key=lambda each: each.at)
        if start <= last.at < end and at <= last.at + timedelta(days=days):
            household = proposals[last.correlation_id].get("household_id") or record.subject
            found[gift["currency"], ENDS[last.kind] == "approved"][household] += gift["minor"]
    return {arm: sorted(totals.values()) for arm, totals in found.items()}
