"""Triage: how soon a donor needs a person, in points whose every contribution is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from policy.facts import DonorFacts
from policy.triage_words import Topic, topics_of
from policy.value import Value

_NOW, _SOON = 60, 25

Level = Literal["now", "soon", "routine"]
LEVELS: tuple[Level, ...] = ("routine", "soon", "now")
"""From the least to the most pressing."""

MESSAGE = "message"
"""What a contribution rests on that comes from the words of a message or a note, not from a fact."""


class Contribution(Value):
    """Points for one reason, with the fact they come from."""

    reason: str
    points: int
    fact: str


class Triage(Value):
    """The sum of the contributions, largest first, and what it means for the queue.

    *topics* is what the message or note speaks of, as far as words tell; the rules route by it.
    """

    points: int
    level: Level
    contributions: tuple[Contribution, ...] = ()
    topics: tuple[Topic, ...] = ()

    @property
    def risks(self) -> tuple[str, ...]:
        """What could go wrong, in words, the gravest first; an opportunity or a date is none."""
        return tuple(each.reason for each in self.contributions if each.reason not in _HARMLESS)

    @property
    def chances(self) -> tuple[str, ...]:
        """What calls for an answer without being a risk: a word about timing, or an offer."""
        return tuple(each.reason for each in self.contributions if each.reason in _HARMLESS)

    @property
    def by_points(self) -> Level:
        """How pressing the points alone make it, whatever a model made of it."""
        return _level(self.points)

    def at_least(self, level: Level) -> Triage:
        """Return the same with a level that is no less pressing: others may raise it and never lower it."""
        return self.model_copy(update={"level": max(self.level, level, key=LEVELS.index)})


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

_SPOKEN: dict[Topic, tuple[str, int]] = {
    Topic.DEATH: ("The message speaks of a death", 80),
    Topic.LEGAL: ("The message speaks of legal matters", 60),
    Topic.COMPLAINT: ("The message sounds like a complaint", 60),
    Topic.REFUSAL: ("The donor may be asking for no more contact", 50),
    Topic.VULNERABLE: ("The donor may be in difficulty", 40),
    Topic.PAYMENT: ("The message is about a payment", 30),
    Topic.TIMING: ("The message is about when, or whether now", 25),
    Topic.OPPORTUNITY: ("The donor may want to do more", 25),
    Topic.ORDERS: ("The text looks like an attempt to steer the assistant", 40),
    Topic.UNREAD: (
        "The text does not read as English, so its words were not understood; somebody has to read it",
        25,
    ),
}

_HARMLESS = frozenset({_SPOKEN[Topic.OPPORTUNITY][0], _SPOKEN[Topic.TIMING][0]})


def triage(facts: DonorFacts, text: str = "") -> Triage:
    """Add up what the facts say, and what *text* speaks of; the same always gives the same points."""
    topics = topics_of(text) if text else ()
    spoken = (
        Contribution(reason=_SPOKEN[topic][0], points=_SPOKEN[topic][1], fact=MESSAGE) for topic in topics
    )
    contributions = tuple(sorted((*_contributions(facts), *spoken), key=lambda c: (-c.points, c.fact)))
    points = sum(contribution.points for contribution in contributions)
    return Triage(points=points, level=_level(points), contributions=contributions, topics=topics)


def _level(points: int) -> Level:
    return "now" if points >= _NOW else "soon" if points >= _SOON else "routine"


def _contributions(facts: DonorFacts) -> Iterator[Contribution]:
    for fact_id, reason, points in _FLAGS:
        if facts.flag(fact_id):
            yield Contribution(reason=reason, points=points, fact=fact_id)
    waiting = facts.money("acknowledgement.gift_amount")
    if waiting and facts.conventions.is_major(waiting):
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
