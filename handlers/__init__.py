"""What Countersign does: one file per thing that arrives, and the two tables that say which handles what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from handlers import commands, effects
from handlers.announce_pause import announce_pause, refresh_cards
from handlers.apply_retention import apply_retention
from handlers.approve_edit import approve_edit
from handlers.approve_escalation import approve_escalation
from handlers.begin_absence import begin_absence
from handlers.check_edit import check_edit
from handlers.come_back import come_back, end_absence
from handlers.context import Arrived, Context, Write
from handlers.decide_policy import approve_policy, reject_policy, shadow_policy
from handlers.decide_together import approve_together, offer_together
from handlers.decline_escalation import decline_escalation
from handlers.defer_escalation import defer_escalation
from handlers.escalate_further import escalate_further
from handlers.execute_action import execute_action
from handlers.expire_escalation import expire_escalation
from handlers.explain_to_donor import explain_for_donor
from handlers.fill_window import fill_window
from handlers.fix_record import fix_record
from handlers.follow_owner import follow_owner
from handlers.fresh_look import fresh_look
from handlers.give_back import give_back
from handlers.give_own_card import give_own_card, look_before_deadline
from handlers.go_away import go_away
from handlers.keep_unreadable_event import keep_unreadable_event
from handlers.list_cleanup import list_cleanup
from handlers.pause_capability import pause_capability, pause_ended, resume_capability
from handlers.post_card import post_card, remind_decider
from handlers.post_cleanup import post_cleanup
from handlers.post_grouping import post_grouping, show_grouping
from handlers.publish_event import publish_event
from handlers.read_in_full import read_in_full
from handlers.recommend_next_step import recommend_next_step
from handlers.record_feedback import record_feedback
from handlers.redact_message import redact_message
from handlers.remember_permalink import remember_permalink
from handlers.remind import give_reminders, plan_reminder
from handlers.reopen_deferred import bring_back, reopen_deferred
from handlers.replay_decisions import replay_decisions
from handlers.request_edit import request_edit
from handlers.request_override import request_override
from handlers.send_answer import post_outcome, send_answer
from handlers.send_back import send_back
from handlers.share_summary import share_summary
from handlers.show_copy import show_copy
from handlers.show_evidence import fill_evidence, show_evidence
from handlers.show_help import show_help
from handlers.show_home import publish_home, refresh_homes, show_home
from handlers.show_policy import show_policy
from handlers.show_proposal import show_policy_report, show_proposal
from handlers.show_queue import show_queue
from handlers.show_timeline import show_timeline
from handlers.show_to_stand_in import show_to_stand_in
from handlers.show_why import show_why
from handlers.sign_checkpoint import keep_checkpoint, sign_checkpoint
from handlers.summarise_donor import summarise_donor
from handlers.take_back import take_back
from handlers.undo_action import undo_action
from handlers.weekly_digest import weekly_digest

Handler = Callable[[Any, Arrived, Context], Awaitable[Write]]

ARRIVALS: dict[type[Any], Handler] = {
    commands.CrmEventArrived: recommend_next_step,
    commands.UnreadableEventArrived: keep_unreadable_event,
    commands.SummaryRequested: summarise_donor,
    commands.TimelineRequested: show_timeline,
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
    commands.FreshLookDue: fresh_look,
    commands.UndoClicked: undo_action,
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
    commands.CardWanted: give_own_card,
    commands.BringBackClicked: bring_back,
    commands.DeferralEnded: reopen_deferred,
    commands.OwnerLooked: follow_owner,
    commands.ReminderDue: plan_reminder,
    commands.RemindersOwed: give_reminders,
    commands.DecisionDue: expire_escalation,
    commands.PauseEnded: pause_ended,
    commands.DigestDue: weekly_digest,
    commands.DonorExplanationRequested: explain_for_donor,
    commands.CheckpointDue: sign_checkpoint,
    commands.RetentionDue: apply_retention,
    commands.ReplayDue: replay_decisions,
}

DEPARTURES: dict[type[Any], Handler] = {
    effects.ShowCard: post_card,
    effects.UpdateCopy: show_copy,
    effects.ShowCleanup: post_cleanup,
    effects.RemindDecider: remind_decider,
    effects.ShowToStandIn: show_to_stand_in,
    effects.SendAnswer: send_answer,
    effects.PostOutcome: post_outcome,
    effects.ExecuteAction: execute_action,
    effects.TakeBack: take_back,
    effects.PublishEvent: publish_event,
    effects.PublishHome: publish_home,
    effects.RefreshHomes: refresh_homes,
    effects.ShowGrouping: show_grouping,
    effects.RememberPermalink: remember_permalink,
    effects.FillEvidence: fill_evidence,
    effects.RedactMessage: redact_message,
    effects.KeepCheckpoint: keep_checkpoint,
    effects.FillWindow: fill_window,
    effects.AnnouncePause: announce_pause,
    effects.RefreshCards: refresh_cards,
    effects.ShowProposal: show_proposal,
}
