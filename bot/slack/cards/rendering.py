"""One place that knows which card shows which outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.slack.blocks import Message, View
from bot.slack.cards.absence import absence_message, decision_list_message
from bot.slack.cards.alarm import alarm_message
from bot.slack.cards.checked_edit import checked_edit_view
from bot.slack.cards.checkpoint import checkpoint_message
from bot.slack.cards.cleanup import cleanup_list_message
from bot.slack.cards.decisions import decisions_view
from bot.slack.cards.deferral import deferral_form_view
from bot.slack.cards.digest import detail_message, digest_message
from bot.slack.cards.drills import drill_over_message, drill_verdict_message
from bot.slack.cards.edit_form import edit_form_view
from bot.slack.cards.evidence import evidence_view, notice_view
from bot.slack.cards.feedback import feedback_message
from bot.slack.cards.follow_up import follow_up_message
from bot.slack.cards.for_donor import for_donor_message
from bot.slack.cards.held import held_message
from bot.slack.cards.help import help_message
from bot.slack.cards.in_full import in_full_view
from bot.slack.cards.next_step import next_step_message
from bot.slack.cards.notice import link_message, notice_message
from bot.slack.cards.override_form import override_form_view
from bot.slack.cards.pauses import pauses_message
from bot.slack.cards.picker import no_donor_message, picker_message
from bot.slack.cards.policy import policy_message
from bot.slack.cards.practice import practice_message, scenario_view, verdict_view
from bot.slack.cards.proposal import report_message, report_view
from bot.slack.cards.pulse import pulse_message
from bot.slack.cards.queue import grouping_message, queue_message
from bot.slack.cards.schedules import schedule_form_view, schedules_view
from bot.slack.cards.summary import Place, summary_message
from bot.slack.cards.timeline import timeline_message
from bot.slack.cards.together import together_message, together_view
from bot.slack.cards.why import why_message
from handlers.outcomes import (
    AbsenceShown,
    AlarmCard,
    CardInFull,
    CheckedEdit,
    CheckpointShown,
    CleanupListShown,
    DecisionList,
    DecisionsShown,
    DeferForm,
    DigestDetail,
    DigestShown,
    DonorPicker,
    DrillOver,
    DrillVerdict,
    EditForm,
    EvidenceShown,
    FeedbackAsked,
    FollowUpShown,
    ForDonorShown,
    GroupingShown,
    HeldNotice,
    HelpShown,
    LinkShown,
    NextStepShown,
    NoDonorFound,
    Notice,
    Outcome,
    OverrideForm,
    PausesShown,
    PolicyReportPage,
    PolicyReportShown,
    PolicyShown,
    PracticeShown,
    PulseAsked,
    QueueShown,
    ScenarioShown,
    ScheduleForm,
    SchedulesShown,
    SummaryShown,
    TimelineShown,
    TogetherDone,
    TogetherForm,
    VerdictShown,
    WhyShown,
    Window,
)

NOTICE_TITLE = "Not possible now"


def window(shown: Window) -> View:
    """Return *shown* as the view that fills a waiting window."""
    return VIEWS[type(shown)](shown)


def _notice_window(shown: Notice) -> View:
    return notice_view(f"{shown.text}\n{shown.next_step}".strip(), NOTICE_TITLE)


def message(outcome: Outcome, place: Place) -> Message:
    """Return *outcome* as a message; views cannot be messages and raise ValueError."""
    if isinstance(outcome, SummaryShown):
        return summary_message(outcome, place)
    shown = CARDS.get(type(outcome))
    if shown is None:
        raise ValueError(f"{outcome.type} is shown as a view, not as a message")
    return shown(outcome)


CARDS: dict[type[Any], Callable[[Any], Message]] = {
    TimelineShown: timeline_message,
    NextStepShown: next_step_message,
    FollowUpShown: follow_up_message,
    DonorPicker: picker_message,
    NoDonorFound: no_donor_message,
    HelpShown: help_message,
    Notice: notice_message,
    LinkShown: link_message,
    FeedbackAsked: feedback_message,
    HeldNotice: held_message,
    DigestShown: digest_message,
    DigestDetail: detail_message,
    CheckpointShown: checkpoint_message,
    ForDonorShown: for_donor_message,
    PausesShown: pauses_message,
    AbsenceShown: absence_message,
    DecisionList: decision_list_message,
    CleanupListShown: cleanup_list_message,
    PolicyShown: policy_message,
    PolicyReportPage: report_message,
    AlarmCard: alarm_message,
    PulseAsked: pulse_message,
    WhyShown: why_message,
    PracticeShown: practice_message,
    DrillOver: drill_over_message,
    DrillVerdict: drill_verdict_message,
    QueueShown: queue_message,
    GroupingShown: grouping_message,
    TogetherDone: together_message,
}

VIEWS: dict[type[Any], Callable[[Any], View]] = {
    EvidenceShown: evidence_view,
    TogetherForm: together_view,
    EditForm: edit_form_view,
    OverrideForm: override_form_view,
    DeferForm: deferral_form_view,
    CheckedEdit: checked_edit_view,
    PolicyReportShown: report_view,
    SchedulesShown: schedules_view,
    DecisionsShown: decisions_view,
    ScheduleForm: schedule_form_view,
    CardInFull: in_full_view,
    ScenarioShown: scenario_view,
    VerdictShown: verdict_view,
    Notice: _notice_window,
}
