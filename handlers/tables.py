"""Which handler does what: a table of what arrives, and one of what is to leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from handlers import commands, effects
from handlers.absence.begin_absence import begin_absence
from handlers.absence.come_back import come_back, end_absence
from handlers.absence.go_away import go_away
from handlers.absence.show_to_stand_in import show_to_stand_in
from handlers.answers.answer_follow_up import answer_follow_up
from handlers.answers.live_answers import stop_answer
from handlers.answers.prepare_meetings import prepare_meetings
from handlers.answers.propose_next_step import propose_next_step
from handlers.answers.record_feedback import record_feedback
from handlers.answers.say_wait import say_wait
from handlers.answers.send_answer import post_outcome, send_answer
from handlers.answers.share_summary import share_summary
from handlers.answers.show_help import show_help
from handlers.answers.show_timeline import show_timeline
from handlers.answers.suggest_next_step import suggest_next_step
from handlers.answers.summarise_donor import summarise_donor
from handlers.cleanup.fix_record import fix_record
from handlers.cleanup.fresh_look import fresh_look
from handlers.cleanup.give_back import give_back
from handlers.cleanup.list_cleanup import list_cleanup
from handlers.cleanup.post_cleanup import post_cleanup
from handlers.cleanup.remind_steward import remind_steward
from handlers.cleanup.send_back import send_back
from handlers.context import Arrived, Context, Write
from handlers.decisions.approve_escalation import approve_escalation
from handlers.decisions.decide_together import approve_together, offer_together
from handlers.decisions.decline_escalation import decline_escalation
from handlers.decisions.defer_escalation import defer_escalation
from handlers.decisions.escalate_further import escalate_further
from handlers.decisions.expire_escalation import expire_escalation
from handlers.decisions.follow_owner import follow_owner
from handlers.decisions.read_in_full import read_in_full
from handlers.decisions.remind import give_reminders, plan_reminder
from handlers.decisions.reopen_deferred import bring_back, reopen_deferred
from handlers.decisions.request_override import request_override
from handlers.digests.change_schedule import change_schedule
from handlers.digests.dashboard_link import dashboard_link
from handlers.digests.deliver_digest import deliver_digest
from handlers.digests.digest_now import digest_now
from handlers.digests.post_digest import (
    post_digest,
    post_digest_detail,
    share_chart,
    share_figures,
)
from handlers.digests.show_decisions import show_decisions
from handlers.digests.show_schedules import show_schedule_form, show_schedules
from handlers.digests.watch_drift import watch_drift
from handlers.editing.approve_edit import approve_edit
from handlers.editing.check_edit import check_edit
from handlers.editing.fill_window import fill_window
from handlers.editing.request_edit import request_edit
from handlers.execution.agree_to_undo import agree_to_undo, keep_it
from handlers.execution.ask_to_agree import ask_to_agree
from handlers.execution.execute_action import execute_action
from handlers.execution.publish_event import publish_event
from handlers.execution.resume_stranded import resume_stranded
from handlers.execution.take_back import take_back
from handlers.execution.undo_action import undo_action
from handlers.practice.answer_drill import answer_drill, end_drill
from handlers.practice.give_drill import give_drill
from handlers.practice.judge_answer import judge_answer
from handlers.practice.look_at_drill import look_at_drill
from handlers.practice.offer_practice import offer_practice
from handlers.practice.show_drill import show_drill
from handlers.practice.show_scenario import show_scenario
from handlers.practice.switch_drills import switch_drills
from handlers.proposals.give_own_card import give_own_card, look_before_deadline
from handlers.proposals.inform import tell_of_decisions
from handlers.proposals.keep_unreadable_event import keep_unreadable_event
from handlers.proposals.post_card import post_card, remind_decider
from handlers.proposals.post_grouping import post_grouping, show_grouping
from handlers.proposals.recommend_next_step import recommend_next_step
from handlers.proposals.remember_permalink import remember_permalink
from handlers.proposals.save_summary import save_summary
from handlers.proposals.show_copy import show_copy
from handlers.proposals.triage_message import triage_message
from handlers.pulse.answer_pulse import answer_pulse, switch_pulse
from handlers.pulse.ask_pulse import ask_pulse
from handlers.queue.show_home import publish_home, refresh_homes, show_home
from handlers.queue.show_queue import show_queue
from handlers.record.apply_retention import apply_retention
from handlers.record.explain_to_donor import explain_for_donor
from handlers.record.redact_message import redact_message
from handlers.record.replay_decisions import replay_decisions
from handlers.record.show_evidence import fill_evidence, show_evidence
from handlers.record.show_why import show_why
from handlers.record.sign_checkpoint import keep_checkpoint, sign_checkpoint
from handlers.rules.alarm_choices import acknowledge_alarm, pause_for_alarm, roll_back_for_alarm
from handlers.rules.announce_pause import announce_pause, refresh_cards
from handlers.rules.decide_policy import approve_policy, reject_policy, shadow_policy
from handlers.rules.pause_capability import pause_capability, pause_ended, resume_capability
from handlers.rules.show_alarm import show_alarm
from handlers.rules.show_policy import show_policy
from handlers.rules.show_proposal import show_policy_report, show_proposal
from handlers.service.report_set_aside import report_set_aside
from handlers.service.take_away_twins import take_away_twins

Handler = Callable[[Any, Arrived, Context], Awaitable[Write]]

ARRIVALS: dict[type[Any], Handler] = {
    commands.CrmEventArrived: recommend_next_step,
    commands.UnreadableEventArrived: keep_unreadable_event,
    commands.SummaryRequested: summarise_donor,
    commands.TimelineRequested: show_timeline,
    commands.NextStepRequested: suggest_next_step,
    commands.NextStepProposed: propose_next_step,
    commands.MessagePassedOn: triage_message,
    commands.FollowUpAsked: answer_follow_up,
    commands.AnswerStopped: stop_answer,
    commands.NoteWanted: save_summary,
    commands.MeetingsDue: prepare_meetings,
    commands.HelpRequested: show_help,
    commands.PauseRequested: pause_capability,
    commands.ResumeRequested: resume_capability,
    commands.PolicyRequested: show_policy,
    commands.WhyRequested: show_why,
    commands.PolicyApprovalClicked: approve_policy,
    commands.PolicyRejectionClicked: reject_policy,
    commands.PolicyReportRequested: show_policy_report,
    commands.PolicyShadowClicked: shadow_policy,
    commands.SummaryShared: share_summary,
    commands.FeedbackGiven: record_feedback,
    commands.ApprovalClicked: approve_escalation,
    commands.EditRequested: request_edit,
    commands.EditSubmitted: check_edit,
    commands.EditApproved: approve_edit,
    commands.DeferralClicked: defer_escalation,
    commands.OverrideFormRequested: request_override,
    commands.DeclineClicked: decline_escalation,
    commands.PassOnRequested: escalate_further,
    commands.SendBackRequested: send_back,
    commands.CleanupFixed: fix_record,
    commands.CleanupGivenUp: give_back,
    commands.CleanupListRequested: list_cleanup,
    commands.CleanupWaits: remind_steward,
    commands.FreshLookDue: fresh_look,
    commands.UndoClicked: undo_action,
    commands.UndoAgreed: agree_to_undo,
    commands.UndoKept: keep_it,
    commands.EvidenceRequested: show_evidence,
    commands.ReadInFullRequested: read_in_full,
    commands.AwayRequested: go_away,
    commands.BackRequested: come_back,
    commands.AbsenceBegan: begin_absence,
    commands.AbsenceEnded: end_absence,
    commands.HomeOpened: show_home,
    commands.QueueRequested: show_queue,
    commands.TogetherRequested: offer_together,
    commands.TogetherApproved: approve_together,
    commands.GroupingDue: post_grouping,
    commands.GroupedDueSoon: look_before_deadline,
    commands.InformDue: tell_of_decisions,
    commands.CardWanted: give_own_card,
    commands.BringBackClicked: bring_back,
    commands.DeferralEnded: reopen_deferred,
    commands.OwnerLooked: follow_owner,
    commands.ReminderDue: plan_reminder,
    commands.RemindersOwed: give_reminders,
    commands.DecisionDue: expire_escalation,
    commands.PauseEnded: pause_ended,
    commands.DriftDue: watch_drift,
    commands.DecisionsRequested: show_decisions,
    commands.SchedulesRequested: show_schedules,
    commands.ScheduleFormRequested: show_schedule_form,
    commands.ScheduleChanged: change_schedule,
    commands.PulseDue: ask_pulse,
    commands.PulseAnswered: answer_pulse,
    commands.PulseSwitched: switch_pulse,
    commands.AlarmPauseClicked: pause_for_alarm,
    commands.AlarmRollBackClicked: roll_back_for_alarm,
    commands.AlarmAcknowledged: acknowledge_alarm,
    commands.DigestDue: deliver_digest,
    commands.DigestRequested: digest_now,
    commands.DashboardRequested: dashboard_link,
    commands.DonorExplanationRequested: explain_for_donor,
    commands.CheckpointDue: sign_checkpoint,
    commands.RetentionDue: apply_retention,
    commands.ReplayDue: replay_decisions,
    commands.SetAsideReportDue: report_set_aside,
    commands.StrandedDue: resume_stranded,
    commands.PracticeRequested: offer_practice,
    commands.DrillsSwitched: switch_drills,
    commands.DrillDue: give_drill,
    commands.DrillPressed: answer_drill,
    commands.DrillEnded: end_drill,
    commands.DrillLookedAt: look_at_drill,
    commands.ScenarioRequested: show_scenario,
    commands.PracticeAnswered: judge_answer,
}

DEPARTURES: dict[type[Any], Handler] = {
    effects.ShowCard: post_card,
    effects.UpdateCopy: show_copy,
    effects.ShowCleanup: post_cleanup,
    effects.RemindDecider: remind_decider,
    effects.ShowToStandIn: show_to_stand_in,
    effects.SendAnswer: send_answer,
    effects.SayWait: say_wait,
    effects.PostOutcome: post_outcome,
    effects.PostDigest: post_digest,
    effects.PostDigestDetail: post_digest_detail,
    effects.ShareChart: share_chart,
    effects.ShareFigures: share_figures,
    effects.ExecuteAction: execute_action,
    effects.TakeBack: take_back,
    effects.AskToAgree: ask_to_agree,
    effects.PublishEvent: publish_event,
    effects.PublishHome: publish_home,
    effects.RefreshHomes: refresh_homes,
    effects.ShowGrouping: show_grouping,
    effects.RememberPermalink: remember_permalink,
    effects.FillEvidence: fill_evidence,
    effects.TakeAwayTwins: take_away_twins,
    effects.RedactMessage: redact_message,
    effects.KeepCheckpoint: keep_checkpoint,
    effects.FillWindow: fill_window,
    effects.AnnouncePause: announce_pause,
    effects.RefreshCards: refresh_cards,
    effects.ShowProposal: show_proposal,
    effects.ShowDrill: show_drill,
    effects.ShowAlarm: show_alarm,
}
