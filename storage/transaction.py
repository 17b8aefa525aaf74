"""One transaction, with everything Countersign remembers as its attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from storage.absences import Absences
from storage.answers import Answers, Feedbacks
from storage.audit import Audit
from storage.awaited_events import AwaitedEvents
from storage.card_places import CardPlaces
from storage.checked_texts import CheckedTexts
from storage.checkpoints import Checkpoints
from storage.cleanup import CleanupItems
from storage.considerations import Considerations
from storage.dashboard import DashboardSessions
from storage.drift_alarms import DriftAlarms
from storage.drills import Drills
from storage.edits import Edits
from storage.erasure import Erasure
from storage.erasures_done import ErasuresDone
from storage.escalations import Escalations
from storage.groupings import Groupings
from storage.holds import Holds
from storage.homes import Homes
from storage.interactions import Interactions
from storage.judgements import Judgements
from storage.key_care import KeyCare
from storage.keys import KeyRing
from storage.model_calls import ModelCalls
from storage.occurrences import Occurrences
from storage.one_at_a_time import one_at_a_time
from storage.outcomes import Outcomes
from storage.outcomes_counted import OutcomesCounted
from storage.pauses import Pauses
from storage.policies import Policies
from storage.posts import Posts
from storage.practice import PracticeAnswers
from storage.promotions import Promotions
from storage.pulses import Pulses
from storage.queue import Inbox, Outbox
from storage.redaction import Redaction
from storage.reminders import Reminders
from storage.replicas import Replicas
from storage.retention import Retention
from storage.room import Room
from storage.set_back import SetBack
from storage.settings import Settings
from storage.shadow import Shadow
from storage.tallies import Tallies

T = TypeVar("T")
Entropy = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Basis:
    """What everything a transaction offers works over."""

    connection: Connection
    entropy: Entropy
    keys: KeyRing | None


class _Part(Generic[T]):
    """An attribute that is made when a work first asks for it: most need two or three of forty."""

    def __init__(self, make: Callable[[Transaction], T]) -> None:
        self._make = make
        self._name = ""

    def __set_name__(self, _owner: type[Transaction], name: str) -> None:
        self._name = name

    def __get__(self, transaction: Transaction, _owner: type[Transaction]) -> T:
        made = transaction.__dict__[self._name] = self._make(transaction)
        return made


def _over(kind: Callable[[Connection], T]) -> _Part[T]:
    return _Part(lambda tx: kind(tx.basis.connection))


def _keyed(kind: Callable[[Connection, Entropy, KeyRing | None], T]) -> _Part[T]:
    return _Part(lambda tx: kind(tx.basis.connection, tx.basis.entropy, tx.basis.keys))


def _erasure(transaction: Transaction) -> Erasure:
    return Erasure(transaction.basis.connection, transaction.audit)


class Transaction:
    """What a work reads and writes; it all commits together or not at all. Not to be kept afterwards."""

    absences = _over(Absences)
    awaited = _over(AwaitedEvents)
    inbox = _over(Inbox)
    outbox = _over(Outbox)
    escalations = _over(Escalations)
    considerations = _over(Considerations)
    drills = _over(Drills)
    dashboard = _over(DashboardSessions)
    edits = _over(Edits)
    audit = _keyed(Audit)
    erasure = _Part(_erasure)
    erasures_done = _over(ErasuresDone)
    redaction = _keyed(Redaction)
    holds = _over(Holds)
    posts = _over(Posts)
    practice = _over(PracticeAnswers)
    checkpoints = _keyed(Checkpoints)
    retention = _over(Retention)
    keys = _keyed(KeyCare)
    answers = _over(Answers)
    feedback = _over(Feedbacks)
    occurrences = _over(Occurrences)
    places = _over(CardPlaces)
    groupings = _over(Groupings)
    homes = _over(Homes)
    interactions = _over(Interactions)
    tallies = _over(Tallies)
    outcomes = _over(Outcomes)
    counted = _over(OutcomesCounted)
    cleanup = _over(CleanupItems)
    reminders = _over(Reminders)
    replicas = _over(Replicas)
    room = _over(Room)
    set_back = _over(SetBack)
    settings = _over(Settings)
    pauses = _over(Pauses)
    policies = _over(Policies)
    alarms = _over(DriftAlarms)
    pulses = _over(Pulses)
    calls = _over(ModelCalls)
    judgements = _over(Judgements)
    promotions = _over(Promotions)
    texts = _over(CheckedTexts)
    shadow = _over(Shadow)

    def __init__(self, connection: Connection, entropy: Entropy, keys: KeyRing | None = None) -> None:
        self.basis = Basis(connection, entropy, keys)

    def one_at_a_time(self, matter: str) -> None:
        """Wait until no other transaction is in the same *matter*; SQLite has one writer anyway."""
        one_at_a_time(self.basis.connection, matter)


def flush(transactions: Sequence[Transaction]) -> None:
    """Write the audit entries of works that share a commit, together and in the works' order."""
    first, *others = transactions
    for other in others:
        first.audit.take_over(other.audit)
    first.audit.flush()
