"""Everything that can arrive, as typed values; the inbox stores exactly these."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from handlers.commands.absence import AbsenceBegan, AbsenceEnded, AwayRequested, BackRequested
from handlers.commands.cleanup import (
    CleanupFixed,
    CleanupGivenUp,
    CleanupListRequested,
    CleanupWaits,
)
from handlers.commands.decisions import (
    ApprovalClicked,
    BringBackClicked,
    DeclineClicked,
    DeferralClicked,
    EditApproved,
    EditRequested,
    EditSubmitted,
    OverrideFormRequested,
    PassOnRequested,
    ReadInFullRequested,
    SendBackRequested,
    UndoAgreed,
    UndoClicked,
    UndoKept,
)
from handlers.commands.digests import (
    DashboardRequested,
    DecisionsRequested,
    DigestRequested,
    ScheduleChanged,
    ScheduleFormRequested,
    SchedulesRequested,
)
from handlers.commands.events import CrmEventArrived, FreshLookDue, OwnerLooked, UnreadableEventArrived
from handlers.commands.people import ChatUser, ReplyAddress
from handlers.commands.practice import (
    DrillDue,
    DrillEnded,
    DrillLookedAt,
    DrillPressed,
    DrillsSwitched,
    PracticeAnswered,
    PracticeRequested,
    ScenarioRequested,
)
from handlers.commands.questions import (
    AnswerStopped,
    FeedbackGiven,
    FollowUpAsked,
    HelpRequested,
    MessagePassedOn,
    NextStepProposed,
    NextStepRequested,
    NoteWanted,
    PulseAnswered,
    PulseDue,
    PulseSwitched,
    SummaryRequested,
    SummaryShared,
    TimelineRequested,
)
from handlers.commands.queue import (
    CardWanted,
    ChosenItem,
    GroupedDueSoon,
    GroupingDue,
    HomeOpened,
    InformDue,
    QueueRequested,
    TogetherApproved,
    TogetherRequested,
)
from handlers.commands.record import (
    CheckpointDue,
    DonorExplanationRequested,
    EvidenceRequested,
    ReplayDue,
    RetentionDue,
    WhyRequested,
)
from handlers.commands.rules import (
    LONGEST_PAUSE_MINUTES,
    AlarmAcknowledged,
    AlarmPauseClicked,
    AlarmRollBackClicked,
    PauseEnded,
    PauseRequested,
    PolicyApprovalClicked,
    PolicyRejectionClicked,
    PolicyReportRequested,
    PolicyRequested,
    PolicyShadowClicked,
    ResumeRequested,
)
from handlers.commands.timers import (
    DecisionDue,
    DeferralEnded,
    DigestDue,
    DriftDue,
    MeetingsDue,
    ReminderDue,
    RemindersOwed,
    SetAsideReportDue,
    StrandedDue,
)

__all__ = [
    "COMMAND",
    "LONGEST_PAUSE_MINUTES",
    "AbsenceBegan",
    "AbsenceEnded",
    "AlarmAcknowledged",
    "AlarmPauseClicked",
    "AlarmRollBackClicked",
    "AnswerStopped",
    "ApprovalClicked",
    "AwayRequested",
    "BackRequested",
    "BringBackClicked",
    "CardWanted",
    "ChatUser",
    "CheckpointDue",
    "ChosenItem",
    "CleanupFixed",
    "CleanupGivenUp",
    "CleanupListRequested",
    "CleanupWaits",
    "Command",
    "CrmEventArrived",
    "DashboardRequested",
    "DecisionDue",
    "DecisionsRequested",
    "DeclineClicked",
    "DeferralClicked",
    "DeferralEnded",
    "DigestDue",
    "DigestRequested",
    "DonorExplanationRequested",
    "DriftDue",
    "DrillDue",
    "DrillEnded",
    "DrillLookedAt",
    "DrillPressed",
    "DrillsSwitched",
    "EditApproved",
    "EditRequested",
    "EditSubmitted",
    "EvidenceRequested",
    "FeedbackGiven",
    "FollowUpAsked",
    "FreshLookDue",
    "GroupedDueSoon",
    "GroupingDue",
    "HelpRequested",
    "HomeOpened",
    "InformDue",
    "MeetingsDue",
    "MessagePassedOn",
    "NextStepProposed",
    "NextStepRequested",
    "NoteWanted",
    "OverrideFormRequested",
    "OwnerLooked",
    "PassOnRequested",
    "PauseEnded",
    "PauseRequested",
    "PolicyApprovalClicked",
    "PolicyRejectionClicked",
    "PolicyReportRequested",
    "PolicyRequested",
    "PolicyShadowClicked",
    "PracticeAnswered",
    "PracticeRequested",
    "PulseAnswered",
    "PulseDue",
    "PulseSwitched",
    "QueueRequested",
    "ReadInFullRequested",
    "ReminderDue",
    "RemindersOwed",
    "ReplayDue",
    "ReplyAddress",
    "ResumeRequested",
    "RetentionDue",
    "ScenarioRequested",
    "ScheduleChanged",
    "ScheduleFormRequested",
    "SchedulesRequested",
    "SendBackRequested",
    "SetAsideReportDue",
    "StrandedDue",
    "SummaryRequested",
    "SummaryShared",
    "TimelineRequested",
    "TogetherApproved",
    "TogetherRequested",
    "UndoAgreed",
    "UndoClicked",
    "UndoKept",
    "UnreadableEventArrived",
    "WhyRequested",
]

Command = Annotated[
    CrmEventArrived
    | UnreadableEventArrived
    | SummaryRequested
    | TimelineRequested
    | NextStepRequested
    | MessagePassedOn
    | NoteWanted
    | MeetingsDue
    | AnswerStopped
    | FollowUpAsked
    | NextStepProposed
    | HelpRequested
    | PauseRequested
    | ResumeRequested
    | PolicyRequested
    | WhyRequested
    | PolicyApprovalClicked
    | PolicyRejectionClicked
    | PolicyReportRequested
    | PolicyShadowClicked
    | SummaryShared
    | FeedbackGiven
    | ApprovalClicked
    | EditRequested
    | EditSubmitted
    | EditApproved
    | DeferralClicked
    | OverrideFormRequested
    | DeclineClicked
    | PassOnRequested
    | SendBackRequested
    | CleanupFixed
    | CleanupGivenUp
    | CleanupListRequested
    | CleanupWaits
    | FreshLookDue
    | UndoClicked
    | UndoAgreed
    | UndoKept
    | EvidenceRequested
    | ReadInFullRequested
    | AwayRequested
    | BackRequested
    | AbsenceBegan
    | AbsenceEnded
    | HomeOpened
    | BringBackClicked
    | DeferralEnded
    | DecisionDue
    | OwnerLooked
    | ReminderDue
    | RemindersOwed
    | PauseEnded
    | SchedulesRequested
    | DecisionsRequested
    | ScheduleFormRequested
    | ScheduleChanged
    | PulseDue
    | PulseAnswered
    | PulseSwitched
    | AlarmPauseClicked
    | AlarmRollBackClicked
    | AlarmAcknowledged
    | GroupingDue
    | InformDue
    | GroupedDueSoon
    | CardWanted
    | QueueRequested
    | TogetherRequested
    | TogetherApproved
    | DigestDue
    | DriftDue
    | DigestRequested
    | DashboardRequested
    | DonorExplanationRequested
    | CheckpointDue
    | RetentionDue
    | ReplayDue
    | SetAsideReportDue
    | StrandedDue
    | DrillDue
    | DrillEnded
    | DrillLookedAt
    | DrillPressed
    | DrillsSwitched
    | PracticeRequested
    | ScenarioRequested
    | PracticeAnswered,
    Field(discriminator="type"),
]

COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
