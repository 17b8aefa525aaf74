"""Names of everything pressable; cards write them, listeners read them back."""

from __future__ import annotations

import re

APPROVE = "cs:approve"
EDIT = "cs:edit"
MORE = "cs:more"
DEFER = "cs:defer"
ESCALATE = "cs:escalate"
SEND_BACK = "cs:send_back"
DECLINE = "cs:decline"
EVIDENCE = "cs:evidence"
READ_IN_FULL = "cs:read_in_full"
UNDO = "cs:undo"
UNDO_REST = "cs:undo_rest"
UNDO_AGREE = "cs:undo_agree"
UNDO_KEEP = "cs:undo_keep"
PICK = "cs:pick"
SHARE = "cs:share"
PUT_FORWARD = "cs:put_forward"
STOP = "cs:stop"
SAVE_NOTE = "cs:save_note"
FEEDBACK = "cs:feedback"
FEEDBACK_REASON = "cs:feedback_reason"
USEFUL = "cs:useful"
NOT_USEFUL = "cs:not_useful"
BRING_BACK = "cs:bring_back"
CANCEL_ABSENCE = "cs:cancel_absence"
FIXED = "cs:fixed"
CANNOT_FIX = "cs:cannot_fix"
REFRESH_HOME = "cs:refresh_home"
DASHBOARD = "cs:dashboard"
SCHEDULES = "cs:schedules"
SCHEDULE_CHANGE = "cs:schedule_change"
SCHEDULE_VIEW = "cs:schedule_view"
RHYTHM_BLOCK = "cs:rhythm_block"
RHYTHM = "cs:rhythm"
TIME_BLOCK = "cs:time_block"
TIME = "cs:time"
CHANNEL_BLOCK = "cs:channel_block"
CHANNEL = "cs:channel"
ON_BLOCK = "cs:on_block"
ON = "cs:on"
DECISIONS = "cs:decisions"
DECISIONS_PAGE = "cs:decisions_page"
DECISION_WHY = "cs:decision_why"
POLICY_APPROVE = "cs:policy_approve"
POLICY_REJECT = "cs:policy_reject"
POLICY_SHADOW = "cs:policy_shadow"
ALARM_PAUSE = "cs:alarm_pause"
ALARM_ROLL_BACK = "cs:alarm_roll_back"
ALARM_ACKNOWLEDGE = "cs:alarm_acknowledge"
ALARM_VIEW = "cs:alarm_view"
POLICY_REPORT = "cs:policy_report"
QUEUE_PAGE = "cs:queue_page"
OPEN_CARD = "cs:open_card"
TOGETHER = "cs:together"
TOGETHER_VIEW = "cs:together_view"
CHOSEN = "cs:chosen"
TRIAGE = "cs:triage"
TRIAGE_VIEW = "cs:triage_view"
DONOR_BLOCK = "cs:donor_block"
DONOR = "cs:donor"
CHOSEN_YES = "yes"

DEFER_VIEW = "cs:defer_view"
WAITING_VIEW = "cs:waiting_view"
EVIDENCE_VIEW = "cs:evidence_view"
EDIT_VIEW = "cs:edit_view"
CHECKED_VIEW = "cs:checked_view"

OVERRIDE_VIEW = "cs:override_view"
CANNOT_FIX_VIEW = "cs:cannot_fix_view"

REASON_BLOCK = "cs:reason_block"
REASON = "cs:reason"
WORDS_BLOCK = "cs:words_block"
WORDS = "cs:words"
TO_BLOCK = "cs:to_block"
TO_USER = "cs:to_user"

DAY_BLOCK = "cs:day_block"
DAY = "cs:day"
OTHER_DAY_BLOCK = "cs:other_day_block"
PRESET_BLOCK = "cs:preset_block"
PRESET = "cs:preset"
UNTIL_BLOCK = "cs:until_block"
UNTIL = "cs:until"

EDITED = "cs:edited"
EDIT_REASON = "cs:edit_reason"
EDIT_WORDS = "cs:edit_words"

PRACTISE = "cs:practise"
PRACTICE_VIEW = "cs:practice_view"
VERDICT_VIEW = "cs:verdict_view"
CHOICE_BLOCK = "cs:choice_block"
CHOICE = "cs:choice"
SURE_BLOCK = "cs:sure_block"
SURE = "cs:sure"

PULSE = "cs:pulse"

MARKER_EVENT = "countersign_message"

OPAQUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,127}")


USER = re.compile(r"[UW][A-Z0-9]{1,31}")


def is_user(value: str | None) -> bool:
    """Say whether *value* has the shape of a Slack user id: nothing else may be mentioned."""
    return value is not None and USER.fullmatch(value) is not None


def is_opaque(value: str) -> bool:
    """Say whether *value* has the shape of an id: nothing else may travel in a button."""
    return OPAQUE.fullmatch(value) is not None


def joined(choice: str, opaque_id: str) -> str:
    """Put a choice and the id it is about into one value: "tomorrow:01K..."."""
    return f"{choice}:{opaque_id}"


def split(value: str) -> tuple[str, str] | None:
    """Take a value of `joined` apart; None when it is not one."""
    choice, colon, opaque_id = value.partition(":")
    return (choice, opaque_id) if colon and is_opaque(opaque_id) else None


def chosen_block(opaque_id: str, revision: int) -> str:
    """Name the box beside one of several decisions: "cs:box:01K...:3"."""
    return f"cs:box:{opaque_id}:{revision}"


def chosen_of(block_id: str) -> tuple[str, int] | None:
    """Take a name of `chosen_block` apart; None when it is not one."""
    parts = block_id.split(":")
    if len(parts) != 4 or parts[:2] != ["cs", "box"] or not is_opaque(parts[2]):
        return None
    revision = parts[3]
    return (parts[2], int(revision)) if revision.isdecimal() and len(revision) < 10 else None
