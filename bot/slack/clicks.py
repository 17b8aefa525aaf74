"""What a click asks for; what cannot be read is said so, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal, cast, get_args

from bot.slack import ids
from bot.slack.payloads import Click
from handlers.commands import (
    AlarmPauseClicked,
    AlarmRollBackClicked,
    AnswerStopped,
    ApprovalClicked,
    BackRequested,
    BringBackClicked,
    CardWanted,
    ChatUser,
    CleanupFixed,
    Command,
    DashboardRequested,
    DeferralClicked,
    DonorExplanationRequested,
    FeedbackGiven,
    HomeOpened,
    NextStepProposed,
    NextStepRequested,
    NoteWanted,
    PolicyApprovalClicked,
    PolicyRejectionClicked,
    PolicyShadowClicked,
    PulseAnswered,
    QueueRequested,
    ReplyAddress,
    SummaryRequested,
    SummaryShared,
    TimelineRequested,
    UndoAgreed,
    UndoClicked,
    UndoKept,
    WhyRequested,
)
from policy.feedback import FeedbackReason
from policy.override_reasons import Override, OverrideReason, reasons_for
from policy.pulse import PulseChoice

Preset = Literal["tomorrow", "next_business_day", "next_week"]
PRESETS = ("tomorrow", "next_business_day", "next_week")
A_DATE: Literal["date"] = "date"
ISO_DAY = len("2026-11-23")

MEANT = dict.fromkeys((*PRESETS, A_DATE), ids.DEFER) | {
    "escalate": ids.ESCALATE,
    "send_back": ids.SEND_BACK,
    "decline": ids.DECLINE,
}
"""What each choice of a card's More menu stands for."""


class NotUnderstood(Exception):
    """A click that no card of ours can have made, or one from a card that we no longer know."""


def meant(click: Click) -> Click:
    """Return a choice of the More menu as the button it stands for, and any other click as it is.

    Raises NotUnderstood.
    """
    if click.action_id != ids.MORE:
        return click
    choice, escalation_id = _split(click)
    action_id = ids.DEFER if _day(choice) else MEANT.get(choice)
    if action_id is None:
        raise NotUnderstood(click.action_id)
    return click.standing_for(action_id, click.value if action_id == ids.DEFER else escalation_id)


def escalation_of(click: Click) -> str:
    """Return the escalation a button is about; raises NotUnderstood."""
    return _opaque(click.value)


def deferral_of(click: Click) -> tuple[str, str]:
    """Return the chosen deferral and the escalation; raises NotUnderstood."""
    choice, escalation_id = _split(click)
    if choice not in (*PRESETS, A_DATE) and _day(choice) is None:
        raise NotUnderstood(click.action_id)
    return choice, escalation_id


def _day(choice: str) -> date | None:
    """Return the day that a card named; None for every other choice."""
    try:
        return date.fromisoformat(choice) if len(choice) == ISO_DAY else None
    except ValueError:
        return None


def command_of(click: Click) -> tuple[Command, str | None]:
    """Return what the click asks for and the escalation it is about, if any; raises NotUnderstood."""
    by, to = click.by, click.reply_to
    if click.action_id in _ABOUT:
        about = _opaque(click.value)
        return _ABOUT[click.action_id](about, by, to), about
    match click.action_id:
        case ids.APPROVE:
            about = escalation_of(click)
            return ApprovalClicked(escalation_id=about, seen=click.seen, by=by, reply_to=to), about
        case ids.UNDO:
            return _undo(click)
        case ids.DEFER:
            choice, about = deferral_of(click)
            if day := _day(choice):
                return DeferralClicked(escalation_id=about, preset=A_DATE, day=day, by=by, reply_to=to), about
            preset = cast("Preset", choice)
            return DeferralClicked(escalation_id=about, preset=preset, by=by, reply_to=to), about
        case ids.SHARE:
            return SummaryShared(answer_id=_opaque(click.value), by=by, reply_to=to), None
        case ids.PICK:
            return _picked(click, by), None
        case ids.USEFUL | ids.NOT_USEFUL | ids.FEEDBACK | ids.FEEDBACK_REASON:
            return _feedback(click, by), None
        case _:
            return _of_lists(click)


def _of_lists(click: Click) -> tuple[Command, str | None]:
    """Read a click on the Home tab, in an answer to `/donor queue` or in a list."""
    if click.action_id == ids.REFRESH_HOME:
        return HomeOpened(by=click.by), None
    if click.action_id == ids.DASHBOARD:
        return DashboardRequested(by=click.by, reply_to=click.reply_to), None
    if click.action_id == ids.OPEN_CARD:
        about = escalation_of(click)
        return CardWanted(escalation_id=about, by=click.by, reply_to=click.reply_to), about
    if click.action_id.startswith(f"{ids.PULSE}:"):
        return _pulse(click), None
    if click.action_id.startswith(f"{ids.QUEUE_PAGE}:"):
        return _page(click, click.by), None
    raise NotUnderstood(click.action_id)


def _pulse(click: Click) -> Command:
    choice, pulse_id = _split(click)
    if choice not in get_args(PulseChoice):
        raise NotUnderstood(click.action_id)
    to = click.reply_to.model_copy(update={"replace": True})
    given = cast("PulseChoice", choice)
    return PulseAnswered(pulse_id=pulse_id, choice=given, by=click.by, reply_to=to)


def _page(click: Click, by: ChatUser) -> Command:
    choice, page = _split(click)
    if choice != "page" or not page.isdecimal() or len(page) > 4:
        raise NotUnderstood(click.action_id)
    to = click.reply_to.model_copy(update={"replace": True})
    return QueueRequested(page=int(page), by=by, reply_to=to)


_ABOUT: dict[str, Callable[[str, ChatUser, ReplyAddress], Command]] = {
    ids.BRING_BACK: lambda about, by, to: BringBackClicked(escalation_id=about, by=by, reply_to=to),
    ids.CANCEL_ABSENCE: lambda about, by, to: BackRequested(absence_id=about, by=by, reply_to=to),
    ids.UNDO_REST: lambda about, by, to: UndoClicked(escalation_id=about, rest=True, by=by, reply_to=to),
    ids.UNDO_AGREE: lambda about, by, to: UndoAgreed(escalation_id=about, by=by, reply_to=to),
    ids.UNDO_KEEP: lambda about, by, to: UndoKept(escalation_id=about, by=by, reply_to=to),
    ids.FIXED: lambda about, by, to: CleanupFixed(item_id=about, by=by, reply_to=to),
    ids.SAVE_NOTE: lambda about, by, to: NoteWanted(answer_id=about, by=by, reply_to=to),
    ids.STOP: lambda about, by, to: AnswerStopped(item_id=about, by=by, reply_to=to),
    ids.PUT_FORWARD: lambda about, by, to: NextStepProposed(answer_id=about, by=by, reply_to=to),
    ids.ALARM_PAUSE: lambda about, by, to: AlarmPauseClicked(alarm_id=about, by=by, reply_to=to),
    ids.ALARM_ROLL_BACK: lambda about, by, to: AlarmRollBackClicked(alarm_id=about, by=by, reply_to=to),
    ids.POLICY_APPROVE: lambda about, by, to: PolicyApprovalClicked(proposal_id=about, by=by, reply_to=to),
    ids.POLICY_SHADOW: lambda about, by, to: PolicyShadowClicked(proposal_id=about, by=by, reply_to=to),
    ids.POLICY_REJECT: lambda about, by, to: PolicyRejectionClicked(proposal_id=about, by=by, reply_to=to),
}
"""Buttons whose value is what they are about: an escalation, a record to put right, a proposed policy."""


def proposal_of(click: Click) -> str:
    """Return the proposed policy a button is about; raises NotUnderstood."""
    return _opaque(click.value)


def _undo(click: Click) -> tuple[Command, str]:
    """Read an undo: from a card with its reason, from a list without."""
    code, about = _split(click) if ":" in click.value else ("", escalation_of(click))
    if code and code not in reasons_for(Override.UNDO):
        raise NotUnderstood(click.action_id)
    reason = OverrideReason(code) if code else None
    return UndoClicked(escalation_id=about, reason=reason, by=click.by, reply_to=click.reply_to), about


def _picked(click: Click, by: ChatUser) -> Command:
    wanted, donor_id = _split(click)
    to = click.reply_to.model_copy(update={"replace": True})
    if wanted == "summary":
        return SummaryRequested(query="", donor_id=donor_id, by=by, reply_to=to)
    if wanted == "timeline":
        return TimelineRequested(query="", donor_id=donor_id, by=by, reply_to=to)
    if wanted == "next":
        return NextStepRequested(query="", donor_id=donor_id, by=by, reply_to=to)
    if wanted == "for_donor":
        return DonorExplanationRequested(query="", donor_id=donor_id, by=by, reply_to=to)
    if wanted == "why":
        return WhyRequested(query=donor_id, by=by, reply_to=to)
    raise NotUnderstood(click.action_id)


def _feedback(click: Click, by: ChatUser) -> Command:
    if click.action_id == ids.FEEDBACK_REASON:
        return _reason(click, by)
    if click.action_id == ids.FEEDBACK:
        value, answer_id = _split(click)
    else:
        value = "useful" if click.action_id == ids.USEFUL else "not_useful"
        answer_id = _opaque(click.value)
    if value == "useful":
        return FeedbackGiven(answer_id=answer_id, value="useful", by=by, reply_to=click.reply_to)
    if value == "not_useful":
        return FeedbackGiven(answer_id=answer_id, value="not_useful", by=by, reply_to=click.reply_to)
    raise NotUnderstood(click.action_id)


def _reason(click: Click, by: ChatUser) -> Command:
    reason, answer_id = _split(click)
    if reason not in set(FeedbackReason):
        raise NotUnderstood(click.action_id)
    to = click.reply_to.model_copy(update={"replace": True})
    return FeedbackGiven(answer_id=answer_id, value="not_useful", reason=reason, by=by, reply_to=to)


def _split(click: Click) -> tuple[str, str]:
    parts = ids.split(click.value)
    if parts is None:
        raise NotUnderstood(click.action_id)
    return parts


def _opaque(value: str) -> str:
    if not ids.is_opaque(value):
        raise NotUnderstood("value")
    return value
