"""Windows in which people change a proposal or say why not."""

from __future__ import annotations

from typing import Literal

from policy.actions import FieldChange
from policy.override_reasons import Override
from policy.value import Value


class Choice(Value):
    """One thing to choose; *value* is opaque."""

    value: str
    label: str


class FormField(Value):
    """One field that a person may change; *most* is its greatest length in characters."""

    name: str
    label: str
    kind: Literal["line", "text", "date", "choice"]
    value: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = True
    most: int = 255
    hint: str = ""


class EditForm(Value):
    """The fields of a proposal that may be changed, as they were at *revision* and *action_digest*."""

    type: Literal["edit_form"] = "edit_form"
    escalation_id: str
    revision: int
    action_kind: str
    action_digest: str
    donor_name: str
    proposal: str
    fields: tuple[FormField, ...]
    channel_id: str
    thread_ts: str | None = None


class OverrideForm(Value):
    """The reasons to choose from for declining, passing on or sending back a proposal.

    For passing it on, *next_user_id* is who is next in the chain and *next_hint* says who gets it when nobody
    is chosen; without a hint somebody has to be chosen.
    """

    type: Literal["override_form"] = "override_form"
    override: Override
    escalation_id: str
    donor_name: str
    proposal: str
    reasons: tuple[Choice, ...]
    next_user_id: str | None = None
    next_hint: str = ""
    channel_id: str
    thread_ts: str | None = None


class DeferForm(Value):
    """Until what to put off: *presets* are days (ISO dates) by their names, *events* what may happen."""

    type: Literal["defer_form"] = "defer_form"
    escalation_id: str
    donor_name: str
    proposal: str
    presets: tuple[Choice, ...]
    events: tuple[Choice, ...]
    channel_id: str
    thread_ts: str | None = None


class CheckedEdit(Value):
    """Somebody's version beside the proposal, what it would write, and what policy says about it.

    *verdict*: the reader's yes is all that is missing, others have to agree as well (*needs* says who), only
    others can agree, policy denies it, it cannot be done as it stands, or it is no change at all.
    """

    type: Literal["checked_edit"] = "checked_edit"
    edit_id: str
    escalation_id: str
    donor_name: str
    verdict: Literal["approve", "approve_first", "propose", "denied", "impossible", "unchanged"]
    proposal: str
    differences: tuple[FieldChange, ...]
    changes: tuple[FieldChange, ...]
    reasons: tuple[str, ...] = ()
    needs: str = ""
    void: tuple[str, ...] = ()
    undo_text: str = ""
    channel_id: str
    thread_ts: str | None = None
