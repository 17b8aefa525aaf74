"""What Countersign answers, in the language of fundraising; how it looks in Slack is decided elsewhere."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from handlers.outcomes.card import (
    UNDO_UNSURE,
    CardEdit,
    CardInFull,
    CardStatus,
    EscalationCard,
    Execution,
    HeldNotice,
    PassedOn,
    PauseShown,
    Successor,
    TriageShown,
    UndoShown,
)
from handlers.outcomes.cleanup import AlsoReported, CleanupListShown, CleanupShown
from handlers.outcomes.digests import (
    DecisionLine,
    DecisionsShown,
    DigestDetail,
    DigestFigure,
    DigestShown,
    Narrowing,
    ScheduleForm,
    ScheduleLine,
    SchedulesShown,
)
from handlers.outcomes.donor import (
    ConsideredStep,
    DonorHeader,
    DonorPicker,
    FollowUpShown,
    NextStepShown,
    NoDonorFound,
    Source,
    SummaryShown,
    TimelineShown,
    Wanted,
)
from handlers.outcomes.forms import CheckedEdit, Choice, DeferForm, EditForm, FormField, OverrideForm
from handlers.outcomes.notices import (
    AbsenceShown,
    ConsideredShown,
    DecisionList,
    FeedbackAsked,
    HelpShown,
    LinkShown,
    ListedDecision,
    Notice,
    PausesShown,
    PulseAsked,
)
from handlers.outcomes.practice import DrillOver, DrillVerdict, PracticeShown, ScenarioShown, VerdictShown
from handlers.outcomes.queue import (
    GroupingShown,
    HomeShown,
    QueueItem,
    QueueShown,
    TeamShown,
    TogetherDone,
    TogetherForm,
    TogetherItem,
    TogetherResult,
)
from handlers.outcomes.record import CheckpointShown, EvidenceLine, EvidenceShown, ForDonorShown
from handlers.outcomes.rules import (
    AlarmCard,
    AlarmChoice,
    DecisionExplained,
    PathStep,
    PolicyCard,
    PolicyReportPage,
    PolicyReportShown,
    PolicyShown,
    RuleSaid,
    Stage,
    WhyShown,
)

__all__ = [
    "OUTCOME",
    "UNDO_UNSURE",
    "WINDOW",
    "AbsenceShown",
    "AlarmCard",
    "AlarmChoice",
    "AlsoReported",
    "CardEdit",
    "CardInFull",
    "CardStatus",
    "CheckedEdit",
    "CheckpointShown",
    "Choice",
    "CleanupListShown",
    "CleanupShown",
    "ConsideredShown",
    "ConsideredStep",
    "DecisionExplained",
    "DecisionLine",
    "DecisionList",
    "DecisionsShown",
    "DeferForm",
    "DigestDetail",
    "DigestFigure",
    "DigestShown",
    "DonorHeader",
    "DonorPicker",
    "DrillOver",
    "DrillVerdict",
    "EditForm",
    "EscalationCard",
    "EvidenceLine",
    "EvidenceShown",
    "Execution",
    "FeedbackAsked",
    "FollowUpShown",
    "ForDonorShown",
    "FormField",
    "GroupingShown",
    "HeldNotice",
    "HelpShown",
    "HomeShown",
    "LinkShown",
    "ListedDecision",
    "Narrowing",
    "NextStepShown",
    "NoDonorFound",
    "Notice",
    "Outcome",
    "OverrideForm",
    "PassedOn",
    "PathStep",
    "PauseShown",
    "PausesShown",
    "PolicyCard",
    "PolicyReportPage",
    "PolicyReportShown",
    "PolicyShown",
    "PracticeShown",
    "PulseAsked",
    "QueueItem",
    "QueueShown",
    "RuleSaid",
    "ScenarioShown",
    "ScheduleForm",
    "ScheduleLine",
    "SchedulesShown",
    "Source",
    "Stage",
    "Successor",
    "SummaryShown",
    "TeamShown",
    "TimelineShown",
    "TogetherDone",
    "TogetherForm",
    "TogetherItem",
    "TogetherResult",
    "TriageShown",
    "UndoShown",
    "VerdictShown",
    "Wanted",
    "WhyShown",
    "Window",
]

Outcome = Annotated[
    SummaryShown
    | TimelineShown
    | NextStepShown
    | FollowUpShown
    | DonorPicker
    | NoDonorFound
    | HelpShown
    | Notice
    | LinkShown
    | FeedbackAsked
    | HeldNotice
    | CleanupListShown
    | HomeShown
    | QueueShown
    | GroupingShown
    | TogetherDone
    | EvidenceShown
    | DigestShown
    | DigestDetail
    | CheckpointShown
    | ForDonorShown
    | PausesShown
    | AbsenceShown
    | DecisionList
    | PolicyShown
    | DrillOver
    | DrillVerdict
    | PracticeShown
    | PolicyReportPage
    | AlarmCard
    | PulseAsked
    | WhyShown,
    Field(discriminator="type"),
]

Window = Annotated[
    EvidenceShown
    | EditForm
    | TogetherForm
    | OverrideForm
    | DeferForm
    | CheckedEdit
    | CardInFull
    | ScenarioShown
    | VerdictShown
    | PolicyReportShown
    | SchedulesShown
    | ScheduleForm
    | DecisionsShown
    | Notice,
    Field(discriminator="type"),
]
"""What can fill a window that was opened while it was still being read."""

WINDOW: TypeAdapter[Window] = TypeAdapter(Window)

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)
