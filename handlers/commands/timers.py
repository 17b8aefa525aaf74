"""What time does to decisions, and what a schedule starts."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from policy.events import CrmEvent
from policy.value import Value


class DeferralEnded(Value):
    """The day a decision was put off to has come, or *because* of an event it may come back before."""

    type: Literal["deferral_ended"] = "deferral_ended"
    escalation_id: str
    revision: int
    because: CrmEvent | None = None


class ReminderDue(Value):
    """It may be time to remind of a decision that waits *since* then; *planned* is None at first."""

    type: Literal["reminder_due"] = "reminder_due"
    escalation_id: str
    since: AwareDatetime
    due_at: AwareDatetime
    planned: AwareDatetime | None = None


class RemindersOwed(Value):
    """Somebody, or a role, is to be told what they are owed reminders of."""

    type: Literal["reminders_owed"] = "reminders_owed"
    person: str


class DecisionDue(Value):
    """The time to decide is over."""

    type: Literal["decision_due"] = "decision_due"
    escalation_id: str


class MeetingsDue(Value):
    """It is time to look whether somebody is about to meet a donor."""

    type: Literal["meetings"] = "meetings"
    period_key: str


class DigestDue(Value):
    """A scheduled digest is to be delivered for the period named by *period_key*."""

    type: Literal["digest"] = "digest"
    schedule_id: str
    period_key: str


class SetAsideReportDue(Value):
    """Operations are to be told what was set aside since the report named by *period_key*."""

    type: Literal["set_aside_report"] = "set_aside_report"
    period_key: str


class StrandedDue(Value):
    """Approved decisions were seen that nothing carries out any more."""

    type: Literal["stranded_due"] = "stranded_due"
    period_key: str


class DriftDue(Value):
    """It is time to see whether people accept less, or more sentences fail to verify, than before."""

    type: Literal["drift_due"] = "drift_due"
    period_key: str
