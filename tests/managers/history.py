"""A year of a team's life, written into the audit as the service would have, with known effects in it.

Planted: thank-yous are approved as proposed more often than calls; the second prompt does better than the
first; a high confidence is right more often; donors give more often after what was acted on; one person
approves faster than reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from storage.appending import AuditEntry
from storage.transaction import Transaction

STAGES = ("cultivation", "solicitation", "stewardship", "retention", "reactivation")
APPROVED = {
    "record_acknowledgement": 0.85,
    "create_task": 0.62,
    "schedule_follow_up": 0.6,
    "update_stage": 0.5,
}
NEW_PROMPT_ADDS = 0.08
HIGH_CONFIDENCE_ADDS = 0.2
GAVE_AFTER = {True: 0.5, False: 0.1}
REASONS = ("wrong_timing", "wrong_timing", "wrong_timing", "already_done", "relationship_reason")


@dataclass
class History:
    """Writes entries one after the other; *people* are Slack ids with e-mail addresses."""

    people: Sequence[tuple[str, str]]
    random: Random = field(default_factory=lambda: Random(2027))
    giving: Random = field(default_factory=lambda: Random(2127))
    sums: Random = field(default_factory=lambda: Random(2227))
    number: int = 0
    begun: datetime = datetime(2026, 1, 5, tzinfo=UTC)
    written: list[AuditEntry] = field(default_factory=list)

    def entry(
        self, at: datetime, kind: str, correlation: str, donor: str | None, actor: str, **payload: Any
    ) -> None:
        self.number += 1
        entry = AuditEntry(
            id=f"h{self.number:07d}",
            at=at,
            kind=kind,
            correlation_id=correlation,
            subject=donor,
            actor=actor,
            payload=payload,
        )
        self.written.append(entry)

    def live(self, start: datetime, days: int, a_day: int, donors: int = 400) -> list[AuditEntry]:
        """Let *days* pass with about so many proposals and half as many summaries *a_day*."""
        self.begun = start
        for day in range(days):
            for _ in range(a_day):
                self._proposal(
                    start + timedelta(days=day, minutes=self.random.randrange(1440)), day / days, donors
                )
            for _ in range(a_day // 2):
                self._summary(start + timedelta(days=day, minutes=self.random.randrange(1440)), donors)
        self.written.sort(key=lambda entry: entry.at)
        return self.written

    def _campaign(self, at: datetime) -> dict[str, Any]:
        """Return the campaign that everything in a quarter belongs to."""
        number = min((at - self.begun).days // 90, 3)
        begun = self.begun + timedelta(days=90 * number)
        return {
            "id": f"campaign-{number}",
            "name": f"Appeal {number + 1}",
            "starts_at": begun.isoformat(),
            "ends_at": (begun + timedelta(days=90)).isoformat(),
        }

    def _person(self) -> tuple[str, str]:
        return self.random.choice(self.people)

    def _summary(self, at: datetime, donors: int) -> None:
        user, _ = self._person()
        correlation, donor = f"s{self.number:07d}", f"donor-{self.random.randrange(donors):04d}"
        failed = self.random.random() < 0.03
        origin = (
            {"kind": "facts", "fallback_reason": "timeout"}
            if failed
            else {"kind": "model", "model": "m-1", "prompt": "summary", "prompt_version": "3"}
            | {"input_tokens": 900, "output_tokens": 150}
        )
        summary = {"origin": origin, "confidence": {"score": 80}, "removed": int(self.random.random() < 0.1)}
        stage = self.random.choice(STAGES)
        actor = f"slack:{user}"
        self.entry(at, "summary.generated", correlation, donor, actor, summary=summary, stage=stage)
        if self.random.random() < 0.2:
            value = "useful" if self.random.random() < 0.8 else "not_useful"
            reason = "" if value == "useful" else self.random.choice(("wrong_figure", "irrelevant"))
            later = at + timedelta(minutes=2)
            self.entry(later, "feedback.given", correlation, donor, actor, value=value, reason=reason)

    def _proposal(self, at: datetime, of_the_year: float, donors: int) -> None:
        kind, stage = self.random.choice(tuple(APPROVED)), self.random.choice(STAGES)
        score, prompt = self.random.choice((45, 65, 75, 85, 95)), "2" if of_the_year > 0.6 else "1"
        correlation, donor = f"c{self.number:07d}", f"donor-{self.random.randrange(donors):04d}"
        denied = self.random.random() < 0.06
        gates = (
            [{"id": "consent_missing", "kind": "deny"}]
            if denied
            else [{"id": "phase_two", "kind": "require_approval"}]
        )
        event = {"id": correlation, "type": _event_of(donor), "time": at.isoformat()}
        self.entry(
            at + timedelta(seconds=3),
            "recommendation.decided",
            correlation,
            donor,
            "system",
            event=event,
            recommendation={
                "action": {"kind": kind},
                "confidence": {"score": score},
                "removed": 0,
                "origin": {"kind": "model", "model": "m-1", "prompt": "recommend", "prompt_version": prompt},
                "suspected_injection": self.random.random() < 0.002,
            },
            decision={"outcome": "deny" if denied else "require_approval", "gates": gates},
            decision_facts={"donor": {"lifecycle_stage": stage}},
            household_id=household_of(donor),
            campaign=self._campaign(at),
        )
        if denied:
            return
        user, email = self._person()
        escalation = f"e{correlation}"
        self.entry(
            at + timedelta(seconds=3),
            "escalation.opened",
            correlation,
            donor,
            "system",
            escalation_id=escalation,
            owner_email=email,
        )
        chance = APPROVED[kind] + NEW_PROMPT_ADDS * (prompt == "2") + HIGH_CONFIDENCE_ADDS * (score >= 85)
        self._ends(at, correlation, escalation, donor, user, chance)

    def _ends(
        self, at: datetime, correlation: str, escalation: str, donor: str, user: str, chance: float
    ) -> None:
        about: dict[str, Any] = {"escalation_id": escalation}
        decided = at + timedelta(minutes=1 + int(self.random.expovariate(1 / 240)))
        actor, drawn = f"slack:{user}", self.random.random()
        faster = user == self.people[0][0] and self.random.random() < 0.5
        seen = {"considered": {"seconds_since_shown": 4 if faster else 90, "faster_than_reading": faster}}
        if self.random.random() < 0.12:
            why = {"reason_code": self.random.choice(REASONS)}
            self.entry(
                at + timedelta(seconds=30), "escalation.deferred", correlation, donor, actor, **about, **why
            )
        if drawn < chance:
            self.entry(decided, "escalation.approved", correlation, donor, actor, **about, **seen)
            self._written(decided, correlation, donor, actor, about)
        elif drawn < chance + (1 - chance) * 0.3:
            why = {"reason_code": "wrong_wording"}
            self.entry(decided, "escalation.edited", correlation, donor, actor, **about, **seen, **why)
            self.entry(decided, "escalation.approved", correlation, donor, actor, **about, **seen)
            self._written(decided, correlation, donor, actor, about)
        elif drawn < chance + (1 - chance) * 0.7:
            why = {"reason_code": self.random.choice(REASONS)}
            self.entry(decided, "escalation.declined", correlation, donor, actor, **about, **why)
        elif drawn < chance + (1 - chance) * 0.85:
            why = {"reason_code": "stale_facts"}
            self.entry(decided, "escalation.sent_back", correlation, donor, actor, **about, **why)
        else:
            decided = at + timedelta(days=5)
            self.entry(decided, "escalation.expired", correlation, donor, "system", **about)
        self._gives(decided, donor, acted=drawn < chance + (1 - chance) * 0.3)

    def _written(self, at: datetime, correlation: str, donor: str, actor: str, about: dict[str, Any]) -> None:
        self.entry(at + timedelta(seconds=2), "action.executed", correlation, donor, "system", **about)
        if self.random.random() < 0.04:
            later, why = at + timedelta(hours=2), {"reason_code": "wrong_action"}
            self.entry(later, "action.undone", correlation, donor, actor, **about, **why)

    def _gives(self, after: datetime, donor: str, *, acted: bool) -> None:
        if self.giving.random() < GAVE_AFTER[acted]:
            at = after + timedelta(days=1 + 88 * self.giving.random())
            event = {"type": "donation.received", "time": at.isoformat()}
            gift = self._gift(acted=acted)
            self.entry(at, "event.noted", f"g{self.number:07d}", donor, "crm", event=event, gift=gift)

    def _gift(self, *, acted: bool) -> dict[str, Any] | None:
        """Return what a gift came to: more after what was acted on, one in five in euros, some unknown."""
        if self.sums.random() < 0.1:
            return None
        usual = 20_000 if acted else 8_000
        amount = round(usual * self.sums.lognormvariate(0, 0.5))
        return {"minor": amount, "currency": "EUR" if self.sums.random() < 0.2 else "USD"}


def _event_of(donor: str) -> str:
    """Return what leads to proposals about a donor: of every fifth it is their gifts."""
    return "note.added" if int(donor.removeprefix("donor-")) % 5 else "donation.received"


def household_of(donor: str) -> str | None:
    """Return the household of a donor: the first two hundred live in pairs."""
    number = int(donor.removeprefix("donor-"))
    return f"household-{number // 2}" if number < 200 else None


def append(tx: Transaction, entries: Sequence[AuditEntry]) -> None:
    """Write entries as one work."""
    for entry in entries:
        tx.audit.append(entry)


def in_pages(entries: Sequence[AuditEntry], size: int = 2000) -> Iterator[Sequence[AuditEntry]]:
    """Yield entries in portions that a transaction can bear."""
    for at in range(0, len(entries), size):
        yield entries[at : at + size]
