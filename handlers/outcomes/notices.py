"""Short messages: help, notices, absences, lists of decisions, pauses."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from handlers.outcomes.card import PauseShown
from policy.considered import Figures
from policy.decision_facts import Capability
from policy.value import Value


class HelpShown(Value):
    """What Countersign can do; *unknown* is what it did not understand."""

    type: Literal["help"] = "help"
    unknown: str = ""


class Notice(Value):
    """A short honest sentence to one person or a channel: what happened and what to do next."""

    type: Literal["notice"] = "notice"
    text: str
    next_step: str = ""
    reference: str = ""
    mention: str | None = None


class FeedbackAsked(Value):
    """Thanks for an opinion, and the question why; *answer_id* is the text it is about."""

    type: Literal["feedback_asked"] = "feedback_asked"
    answer_id: str
    text: str
    question: str


class PulseAsked(Value):
    """The monthly question, for one person alone."""

    type: Literal["pulse"] = "pulse"
    pulse_id: str
    question: str


class LinkShown(Value):
    """A link for one person alone, with what to know about it."""

    type: Literal["link"] = "link"
    text: str
    url: str
    label: str
    note: str = ""


class PausesShown(Value):
    """What is paused now, and what has just been done about it, if anything.

    *changed* are the capabilities that were just paused, resumed or whose time ran out (*what*).
    """

    type: Literal["pauses"] = "pauses"
    what: Literal["shown", "paused", "resumed", "ended"] = "shown"
    changed: tuple[Capability, ...] = ()
    by_name: str = ""
    pauses: tuple[PauseShown, ...] = ()
    not_understood: str = ""
    reference: str = ""


class AbsenceShown(Value):
    """Somebody's absence in full words; *absence_id* is set while it can be called off."""

    type: Literal["absence"] = "absence"
    headline: str
    lines: tuple[str, ...] = ()
    next_step: str = ""
    absence_id: str | None = None


class ListedDecision(Value):
    """One decision in a list; *standing* says in words where it stands when it is no longer open."""

    donor_name: str
    proposal: str
    due_at: AwareDatetime | None = None
    standing: str = ""


class DecisionList(Value):
    """Several decisions in one message to whoever is mentioned, the most urgent first."""

    type: Literal["decision_list"] = "decision_list"
    title: str
    items: tuple[ListedDecision, ...]
    next_step: str = ""
    mentions: tuple[str, ...] = ()


class ConsideredShown(Value):
    """How somebody considered their own decisions *since* then; shown to nobody else."""

    type: Literal["considered"] = "considered"
    since: AwareDatetime
    figures: Figures
