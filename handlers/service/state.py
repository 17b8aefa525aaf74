"""How everything fares at one moment: queues, lags, schedules, replicas, and what is held up."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, JsonValue

from policy.value import Value


class QueueStatus(Value):
    """One queue: what is due, later, worked on and set aside; the longest wait in seconds."""

    name: str
    due: int
    later: int
    in_flight: int
    dead: int
    oldest_wait_s: float


class WaitingStatus(Value):
    """Work that waits for a counterpart ("crm", "slack"): how much, and for how many seconds already.

    What waits to be let in again waits for "slack_access" or "crm_access".
    """

    who: str
    items: int
    since_s: float


class ReplicaStatus(Value):
    """One process: when it was heard of last, and what it reports about itself."""

    id: str
    role: str
    version: str
    started_at: AwareDatetime
    silent_s: float
    alive: bool
    report: dict[str, JsonValue]


class ScheduleStatus(Value):
    """One schedule: when it last came to pass, when it was due last and will be next, as far as is known."""

    id: str
    last_at: AwareDatetime | None
    due_at: AwareDatetime | None = None
    next_at: AwareDatetime | None = None


class PauseStatus(Value):
    """Something somebody has paused."""

    capability: str
    by_name: str
    since: AwareDatetime
    until: AwareDatetime | None


class CheckpointStatus(Value):
    """The last signed checkpoint of the audit log, and how much came after it."""

    size: int
    at: AwareDatetime


class ReplayStatus(Value):
    """What came of deciding every recorded decision again."""

    at: AwareDatetime
    same: int
    differ: int
    not_replayable: int


class BudgetStatus(Value):
    """What models cost in the last hour or day, in millionths, and how much they may cost, if that is set."""

    period: Literal["hour", "day"]
    spent_micros: int
    limit_micros: int | None


class DecisionsStatus(Value):
    """How many decisions wait for a person, and since when the oldest of them does."""

    open: int
    oldest_since: AwareDatetime | None


class ServiceStatus(Value):
    """Everything at one moment; *attention* names what needs a person, the worst first.

    *log_holds* says whether the last daily verification found the audit log as it was sealed, and
    *figure_days_missing* how many days that are over are still to be added up for managers' figures.
    """

    at: AwareDatetime
    installed_at: AwareDatetime | None
    policy_version: str | None
    queues: tuple[QueueStatus, ...]
    set_aside: dict[str, int]
    waiting_for: tuple[WaitingStatus, ...] = ()
    replicas: tuple[ReplicaStatus, ...]
    schedules: tuple[ScheduleStatus, ...]
    pauses: tuple[PauseStatus, ...]
    entries: int
    unsealed: int
    checkpoint: CheckpointStatus | None
    replay: ReplayStatus | None
    log_holds: bool = True
    budgets: tuple[BudgetStatus, ...] = ()
    decisions: DecisionsStatus = DecisionsStatus(open=0, oldest_since=None)
    open_alarms: int = 0
    figure_days_missing: int = 0
    attention: tuple[str, ...] = ()

    @property
    def unsigned_since(self) -> datetime | None:
        """Say when what is not signed could have been: at the last checkpoint, or since the installation."""
        if self.checkpoint is None:
            return self.installed_at if self.entries else None
        return self.checkpoint.at if self.entries > self.checkpoint.size else None
