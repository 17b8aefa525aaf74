"""The public holidays as handlers need them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The public holidays of a country: *weekend* in ISO weekdays, *worked* weekends that are made up for."""

    weekend: frozenset[int]
    closed: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()


class Holidays(Protocol):
    """The public holidays of the world; which country exists is checked when the settings are read."""

    def days_off(self, country: str, subdivision: str | None, years: range) -> DaysOff:
        """Return the holidays of a country, and of a part of it, in those years."""
        ...
