"""Drift: whether people accept less, or more sentences fail to verify, than when a version began.

A Bernoulli CUSUM per class of action: it adds up how much likelier each decision is under the worse rate than
under the baseline, never falls below zero, and raises an alarm at LIMIT. The baseline is what the first
decisions after a change of model, prompt or rules were like; after an alarm it is learned anew. With the
figures below, and a steady 88 % of acceptance, there is a false alarm about every two thousand decisions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Literal

from pydantic import AwareDatetime

from policy.value import Value

Measure = Literal["acceptance", "unsupported"]
BASELINE = 60
LIMIT = 5.0
_LEAST_RATE, _MOST_RATE = 0.02, 0.95
_WORSE_BY: dict[Measure, float] = {"acceptance": 0.15, "unsupported": 0.08}


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that happened under a *version*: *bad* events of *of*, such as one decision overruled."""

    at: datetime
    version: str
    bad: int
    of: int = 1


class Drift(Value):
    """An alarm with its evidence: the rate of bad events in the baseline and since it began to rise.

    *since* is when the rise began and *at* when it was certain enough. Times are UTC.
    """

    measure: Measure
    kind: str
    version: str
    at: AwareDatetime
    since: AwareDatetime
    baseline_bad: int
    baseline_of: int
    recent_bad: int
    recent_of: int

    @property
    def words(self) -> str:
        """Say what happened in one sentence with its figures."""
        before = f"{self.baseline_bad} of {self.baseline_of}"
        now = f"{self.recent_bad} of {self.recent_of}"
        if self.measure == "acceptance":
            return f"People overruled {now} proposals lately, {before} before."
        return f"{now} sentences could not be verified lately, {before} before."


def find_drift(measure: Measure, kind: str, observations: Iterable[Observation]) -> tuple[Drift, ...]:
    """Return every alarm that *observations*, the oldest first, give rise to.

    Each version has a baseline of its own: what was written while the model was down says nothing of it.
    """
    alarms: list[Drift] = []
    watches: dict[str, _Watch] = {}
    for each in observations:
        watch = watches.setdefault(each.version, _Watch(measure, each.version))
        if watch.see(each):
            alarms.append(watch.alarm(kind, each.at))
            del watches[each.version]
    return tuple(alarms)


class _Watch:
    """One version from its first observation to its first alarm."""

    def __init__(self, measure: Measure, version: str) -> None:
        self.version = version
        self._measure = measure
        self._bad = self._of = 0
        self._sum = 0.0
        self._recent_bad = self._recent_of = 0
        self._since: datetime | None = None

    def see(self, each: Observation) -> bool:
        """Take one observation in; say whether it is the one that raises an alarm."""
        if self._of < BASELINE:
            self._bad, self._of = self._bad + each.bad, self._of + each.of
            return False
        usual = min(_MOST_RATE - 0.1, max(_LEAST_RATE, (self._bad + 1) / (self._of + 2)))
        worse = min(_MOST_RATE, usual + _WORSE_BY[self._measure])
        gain = each.bad * log(worse / usual) + (each.of - each.bad) * log((1 - worse) / (1 - usual))
        if self._sum + gain <= 0:
            self._sum, self._recent_bad, self._recent_of, self._since = 0.0, 0, 0, None
            return False
        self._sum += gain
        self._recent_bad, self._recent_of = self._recent_bad + each.bad, self._recent_of + each.of
        self._since = self._since or each.at
        return self._sum >= LIMIT

    def alarm(self, kind: str, at: datetime) -> Drift:
        return Drift(
            measure=self._measure,
            kind=kind,
            version=self.version,
            at=at,
            since=self._since or at,
            baseline_bad=self._bad,
            baseline_of=self._of,
            recent_bad=self._recent_bad,
            recent_of=self._recent_of,
        )
