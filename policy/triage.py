"""Triage: how soon a donor needs a person, in points whose every contribution is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from policy.facts import DonorFacts
from policy.value import Value

_NOW, _SOON = 60, 25


class Contribution(Value):
    """Points for one reason, with the fact they come from."""

    reason: str
    points: int
    fact: str


class Triage(Value):
    """The sum of the contributions, largest first, and what it means for the queue."""

    points: int
    level: Literal["now", "soon", "routine"]
    contributions: tuple[Contribution, ...] = ()


_FLAGS = (
    ("donor.deceased", "The donor has died", 80),
    ("complaint.recent", "There is a recent complaint", 60),
    ("acknowledgement.overdue", "Thanks are overdue", 40),
    ("donor.legal_review", "The record is under legal review", 30),
    ("pledge.overdue", "A pledge payment is overdue", 30),
    ("recurring.missed", "A recurring payment was missed", 25),
    ("donor.vulnerable", "The donor is in vulnerable circumstances", 20),
    ("giving.lybunt", "Gave last year but not yet this year", 15),
)


def triage(facts: DonorFacts) -> Triage:
    """Add up what the facts say; the same facts always give the same points."""
    contributions = tuple(sorted(_contributions(facts), key=lambda c: (-c.points, c.fact)))
    points = sum(contribution.points for contribution in contributions)
    level = "now" if points >= _NOW else "soon" if points >= _SOON else "routine"
    return Triage.model_validate({"points": points, "level": level, "contributions": contributions})


def _contributions(facts: DonorFacts) -> Iterator[Contribution]:
    for fact_id, reason, points in _FLAGS:
        if facts.flag(fact_id):
            yield Contribution(reason=reason, points=points, fact=fact_id)
    waiting = facts.money("acknowledgement.gift_amount")
    conventions = facts.conventions
    if (
        waiting
        and waiting.currency == conventions.home_currency
        and waiting.minor >= conventions.major_gift_minor
    ):
        yield Contribution(
            reason="A major gift waits for thanks", points=40, fact="acknowledgement.gift_amount"
        )
    since, usual = facts.count("giving.days_since_last"), facts.count("giving.median_gap_days")
    if since is not None and usual and since > 2 * usual and not facts.flag("giving.lybunt"):
        yield Contribution(
            reason="Twice the usual time has passed since the last gift",
            points=15,
            fact="giving.days_since_last",
        )
