"""One transaction, with everything Countersign remembers as its attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from storage.absences import Absences
from storage.answers import Answers, Feedbacks
from storage.assistance import CheckedTexts, DriftAlarms, Judgements, ModelCalls, Promotions
from storage.audit import Audit
from storage.awaited_events import AwaitedEvents
from storage.card_places import CardPlaces
from storage.checkpoints import Checkpoints
from storage.cleanup import CleanupItems
from storage.considerations import Considerations
from storage.dashboard import DashboardSessions
from storage.drills import Drills
from storage.edits import Edits
from storage.erasure import Erasure
from storage.erasures_done import ErasuresDone
from storage.escalations import Escalations
from storage.groupings import Groupings
from storage.holds import Holds
from storage.homes import Homes
from storage.interactions import Interactions
from storage.key_care import KeyCare
from storage.keys import KeyRing
from storage.occurrences import Occurrences
from storage.outcomes import Outcomes
from storage.overrides import Overrides
from storage.pauses import Pauses
from storage.policies import Policies
from storage.posts import Posts
from storage.practice import PracticeAnswers
from storage.pulses import Pulses
from storage.queue import Inbox, Outbox
from storage.redaction import Redaction
from storage.reminders import Reminders
from storage.replicas import Replicas
from storage.retention import Retention
from storage.settings import Settings
from storage.shadow import Shadow


class Transaction:
    """What a work reads and writes; it all commits together or not at all. Not to be kept afterwards."""

    __slots__ = (
        "absences",
        "alarms",
        "answers",
        "audit",
        "awaited",
        "calls",
        "checkpoints",
        "cleanup",
        "considerations",
        "dashboard",
        "drills",
        "edits",
        "erasure",
        "erasures_done",
        "escalations",
        "feedback",
        "groupings",
        "holds",
        "homes",
        "inbox",
        "interactions",
        "judgements",
        "keys",
        "occurrences",
        "outbox",
        "outcomes",
        "overrides",
        "pauses",
        "places",
        "policies",
        "posts",
        "practice",
        "promotions",
        "pulses",
        "redaction",
        "reminders",
        "replicas",
        "retention",
        "settings",
        "shadow",
        "texts",
    )

    def __init__(
        self, connection: Connection, entropy: Callable[[int], bytes], keys: KeyRing | None = None
    ) -> None:
        self.absences = Absences(connection)
        self.awaited = AwaitedEvents(connection)
        self.inbox = Inbox(connection)
        self.outbox = Outbox(connection)
        self.escalations = Escalations(connection)
        self.considerations = Considerations(connection)
        self.drills = Drills(connection)
        self.dashboard = DashboardSessions(connection)
        self.edits = Edits(connection)
        self.audit = Audit(connection, entropy, keys)
        self.erasure = Erasure(connection, self.audit)
        self.erasures_done = ErasuresDone(connection)
        self.redaction = Redaction(connection, entropy, keys)
        self.holds = Holds(connection)
        self.posts = Posts(connection)
        self.practice = PracticeAnswers(connection)
        self.checkpoints = Checkpoints(connection, entropy, keys)
        self.retention = Retention(connection)
        self.keys = KeyCare(connection, entropy, keys)
        self.answers = Answers(connection)
        self.feedback = Feedbacks(connection)
        self.occurrences = Occurrences(connection)
        self.overrides = Overrides(connection)
        self.places = CardPlaces(connection)
        self.groupings = Groupings(connection)
        self.homes = Homes(connection)
        self.interactions = Interactions(connection)
        self.outcomes = Outcomes(connection)
        self.cleanup = CleanupItems(connection)
        self.reminders = Reminders(connection)
        self.replicas = Replicas(connection)
        self.settings = Settings(connection)
        self.pauses = Pauses(connection)
        self.policies = Policies(connection)
        self.alarms = DriftAlarms(connection)
        self.pulses = Pulses(connection)
        self.calls = ModelCalls(connection)
        self.judgements = Judgements(connection)
        self.promotions = Promotions(connection)
        self.texts = CheckedTexts(connection)
        self.shadow = Shadow(connection)


def flush(transactions: Sequence[Transaction]) -> None:
    """Write the audit entries of works that share a commit, together and in the works' order."""
    first, *others = transactions
    for other in others:
        first.audit.take_over(other.audit)
    first.audit.flush()
