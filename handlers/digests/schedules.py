"""The schedules in force: those of the organisation file, with what managers changed in Slack over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, JsonValue

from policy.canonical import digest
from policy.organisation import DigestSchedule, Organisation
from policy.value import Value
from storage.transaction import Transaction

CHANGED = "digest_schedules"


class ScheduleChange(Value):
    """What somebody changed about one schedule; None leaves what the organisation file says."""

    cron: str | None = None
    channel: str | None = None
    is_on: bool = True
    by: str
    by_name: str
    at: AwareDatetime


@dataclass(frozen=True, slots=True)
class InForce:
    """A schedule as it counts now; *changed* is what somebody changed about it, and when."""

    schedule: DigestSchedule
    changed: ScheduleChange | None = None

    @property
    def is_on(self) -> bool:
        """Say whether it is delivered."""
        return self.changed is None or self.changed.is_on

    @property
    def mark(self) -> str:
        """Tell this state of it from any other."""
        return digest(self.schedule.model_dump(mode="json") | {"on": self.is_on})[:16]

    def since(self, moment: datetime) -> datetime:
        """Return from when on occurrences count: a new time does not reach back behind its change."""
        return max(moment, self.changed.at) if self.changed else moment


def schedules_in_force(tx: Transaction, organisation: Organisation) -> tuple[InForce, ...]:
    """Return every schedule of the organisation as it counts now, on every replica."""
    changes = _changes(tx)
    return tuple(_in_force(each, changes.get(each.id)) for each in organisation.digests)


def keep_change(tx: Transaction, schedule_id: str, change: ScheduleChange, now: datetime) -> None:
    """Keep what somebody changed about a schedule, in place of what was changed before."""
    changes: dict[str, JsonValue] = {
        name: each.model_dump(mode="json") for name, each in (*_changes(tx).items(), (schedule_id, change))
    }
    tx.settings.put(CHANGED, changes, now)


def _changes(tx: Transaction) -> Mapping[str, ScheduleChange]:
    stored = tx.settings.get(CHANGED)
    if not isinstance(stored, dict):
        return {}
    return {name: ScheduleChange.model_validate(each) for name, each in stored.items()}


def _in_force(schedule: DigestSchedule, change: ScheduleChange | None) -> InForce:
    if change is None:
        return InForce(schedule)
    update: dict[str, object] = {}
    if change.cron:
        update |= {"cron": change.cron, "every_minutes": None}
    if change.channel:
        update["channel"] = change.channel
    return InForce(schedule.model_copy(update=update), change)
