"""Which case something belongs to: the id that its card, log lines, trace, CRM writes and entries share.

A case begins with whatever triggers it, an event, a command or a timer, and bears that one's correlation id.
What is pressed, falls due or is shown later, and names the decision, answer, record, drill or change of the
rules that it is about, belongs to the case of that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pydantic import BaseModel

from policy.drills import CASE
from storage.transaction import Transaction


class _Known(Protocol):
    @property
    def correlation_id(self) -> str: ...


def _of_a_drill(_tx: Transaction, drill_id: str) -> str | None:
    return drill_id.removeprefix(CASE) if drill_id.startswith(CASE) else None


def _of(find: Callable[[Transaction, str], _Known | None]) -> Callable[[Transaction, str], str | None]:
    def correlation_id(tx: Transaction, named: str) -> str | None:
        found = find(tx, named)
        return found.correlation_id if found else None

    return correlation_id


_NAMED: dict[str, Callable[[Transaction, str], str | None]] = {
    "escalation_id": lambda tx, named: tx.escalations.correlation_of(named),
    "answer_id": _of(lambda tx, named: tx.answers.get(named)),
    "item_id": _of(lambda tx, named: tx.cleanup.get(named)),
    "proposal_id": _of(lambda tx, named: tx.policies.proposal(named)),
    "drill_id": _of_a_drill,
}


def names_a_case(kind: type[BaseModel]) -> bool:
    """Say whether commands or effects of that *kind* may be about something that has a case."""
    return not _NAMED.keys().isdisjoint(kind.model_fields)


def named_in(message: object) -> tuple[tuple[str, str], ...]:
    """Return by which names, and as what, *message* names things that may have a case."""
    return tuple((name, named) for name in _NAMED if (named := getattr(message, name, None)))


def case_of(tx: Transaction, message: object) -> str | None:
    """Return the correlation id of the case that *message* is about; None where it begins one itself.

    That of a thing is the same for as long as the thing is there.
    """
    found = (_NAMED[name](tx, named) for name, named in named_in(message))
    return next((correlation_id for correlation_id in found if correlation_id), None)
