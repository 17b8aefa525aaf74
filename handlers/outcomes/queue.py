"""What waits for somebody, and several decisions at once."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from policy.actions import FieldChange, UndoPromise
from policy.considered import Figures
from policy.digest import DigestFigure
from policy.escalation import EscalationState
from policy.value import Value


class QueueItem(Value):
    """One decision in somebody's queue; *has_card* is False while it is only a line in a list.

    *agree_to_undo* names who asked to undo it while the reader's agreement to that is missing,
    *undo_asked_at* since when; it stays there until somebody agrees or keeps it.
    """

    escalation_id: str
    donor_name: str
    proposal: str
    state: EscalationState
    due_at: AwareDatetime
    deferred_until: AwareDatetime | None = None
    permalink: str | None = None
    has_card: bool = True
    can_undo: bool = False
    undo: UndoPromise = UndoPromise.EXACT
    agree_to_undo: str = ""
    undo_asked_at: AwareDatetime | None = None
    decided_by: str | None = None
    decided_for: str | None = None
    waits_for: str = ""


class TeamShown(Value):
    """The figures of a manager's team, or of everybody, over the last *days*, as the digests count them."""

    team: str | None = None
    days: int
    headline: str
    figures: tuple[DigestFigure, ...] = ()
    says: tuple[str, ...] = ()


class HomeShown(Value):
    """The Home tab: the reader's open and deferred decisions by deadline, and what was decided lately.

    *elsewhere* are those the reader has agreed to and that wait for somebody else. *together* is how many of
    the open ones may be approved several at a time. *delegations* say who decides for whom,
    *considered* how the reader made their decisions of the last four weeks, for their eyes only, *managing*
    what a manager sees of the team.
    """

    type: Literal["home"] = "home"
    name: str
    open: tuple[QueueItem, ...] = ()
    deferred: tuple[QueueItem, ...] = ()
    elsewhere: tuple[QueueItem, ...] = ()
    decided: tuple[QueueItem, ...] = ()
    delegations: tuple[str, ...] = ()
    together: int = 0
    considered: Figures | None = None
    managing: TeamShown | None = None


class QueueShown(Value):
    """The same in an answer to one person, *page* of *pages* from 0; *waiting* of *total* are open.

    *delegations* say who decides for whom; they stand on the first page.
    """

    type: Literal["queue_shown"] = "queue_shown"
    items: tuple[QueueItem, ...]
    page: int
    pages: int
    total: int
    waiting: int
    together: int = 0
    delegations: tuple[str, ...] = ()


class TogetherItem(Value):
    """One of several decisions that may be approved at a time, as it stands at *revision*."""

    escalation_id: str
    revision: int
    donor_name: str
    proposal: str
    changes: tuple[FieldChange, ...]
    due_at: AwareDatetime


class TogetherForm(Value):
    """The decisions that may be approved with one press; *more* follow when these are decided.

    Each is *checked* beforehand or not, as the organisation wants it.
    """

    type: Literal["together_form"] = "together_form"
    items: tuple[TogetherItem, ...]
    more: int = 0
    checked: bool = False
    channel_id: str = ""
    thread_ts: str | None = None


class TogetherResult(Value):
    """What became of one of them; *problem* is empty when the approval was taken."""

    donor_name: str
    proposal: str
    problem: str = ""


class TogetherDone(Value):
    """What became of each of several decisions that were approved with one press."""

    type: Literal["together_done"] = "together_done"
    results: tuple[TogetherResult, ...]
    reference: str


class GroupingShown(Value):
    """A list of decisions that have no card of their own, for whoever decides there."""

    type: Literal["grouping"] = "grouping"
    grouping_id: str
    items: tuple[QueueItem, ...]
    waiting: int
    together: int = 0
    mention: str | None = None
