"""The facts of a decision as one row of values: short to keep, and quick to ask rules about again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any

from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import catalogue, schema_hash

FactRow = tuple[Any, ...]
"""One value per stored fact in the order of the catalogue: moments are datetimes, names lists, and what is
missing None."""


def row_form() -> str:
    """Return the name of the form that rows have today; what is kept in another form is not read as this."""
    return f"row-1:{schema_hash()[:32]}"


def row_of(facts: DecisionFacts) -> FactRow:
    """Return the facts as a row."""
    return tuple(list(value) if type(value) is tuple else value for value in _read_row()(facts))


def plain_row(facts: DecisionFacts) -> list[Any]:
    """Return the row as JSON data."""
    plain = facts.model_dump(mode="json")
    groups = (name.partition(".") for name in stored_facts())
    return [plain[group][field] for group, _, field in groups]


def read_row(plain: list[Any]) -> FactRow:
    """Read a row from its JSON data; raises ValueError when it has another length."""
    if len(plain) != len(stored_facts()):
        raise ValueError("the row has another length")
    for place in _moments():
        if plain[place] is not None:
            plain[place] = datetime.fromisoformat(plain[place])
    return tuple(plain)


def reader(*names: str) -> Callable[[FactRow], tuple[Any, ...]]:
    """Prepare reading two or more facts from rows."""
    read: Callable[[FactRow], tuple[Any, ...]] = itemgetter(*(_places()[name] for name in names))
    return read


def fact(row: FactRow, name: str) -> Any:
    """Return the value of one fact."""
    return row[_places()[name]]


def row_binder(names: Iterable[str]) -> Callable[[FactRow], dict[str, Any]]:
    """Prepare the extraction of the variables *names* from rows; missing values are left out."""
    known = catalogue()
    wanted = [name for name in dict.fromkeys(names) if name in known]
    present = [(name, _places()[known[name].presence_of or ""]) for name in wanted if known[name].presence_of]
    stored = [name for name in wanted if not known[name].presence_of]
    read = reader(*stored, "cal.now", "cal.now")
    optional = [name for name in stored if known[name].presence]

    def bind(row: FactRow) -> dict[str, Any]:
        values = dict(zip(stored, read(row), strict=False))
        for name, place in present:
            values[name] = row[place] is not None
        for name in optional:
            if values[name] is None:
                del values[name]
        return values

    return bind


@cache
def stored_facts() -> tuple[str, ...]:
    """Return the names of the facts in a row, in order."""
    return tuple(fact.name for fact in catalogue().values() if fact.presence_of is None)


@cache
def _places() -> dict[str, int]:
    return {name: place for place, name in enumerate(stored_facts())}


@cache
def _moments() -> tuple[int, ...]:
    return tuple(place for name, place in _places().items() if catalogue()[name].kind == "timestamp")


@cache
def _read_row() -> attrgetter[Any]:
    return attrgetter(*stored_facts())
