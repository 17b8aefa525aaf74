"""The rules, proposals to change them, and what they said."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from handlers.outcomes.card import PauseShown
from policy.decision_facts import Capability
from policy.value import Value


class PolicyCard(Value):
    """A proposed change of the rules as it stands: what it would do, who is asked, who agreed so far.

    *effects* says in sentences what replaying the recorded decisions found, the looser answers first; *gates*
    what differs between the versions. *approvals* are names; *still_needed* is 0 once it is decided.
    """

    proposal_id: str
    kind: Literal["first", "change", "rollback", "upgrade"]
    state: Literal["proposed", "in_force", "retired", "rejected", "withdrawn"]
    title: str
    version: str
    base_version: str | None
    author: str
    proposed_at: AwareDatetime
    may_loosen: bool
    headline: str
    effects: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    people_needed: int
    approvals: tuple[str, ...] = ()
    still_needed: int = 0
    decided_by: str = ""
    decided_at: AwareDatetime | None = None
    reference: str


class PolicyReportShown(Value):
    """The whole report on a proposed change, for a window; each part has a title and its lines."""

    type: Literal["policy_report"] = "policy_report"
    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    reference: str


class PolicyReportPage(Value):
    """One message of the whole report, the *number*-th of so many, for the thread of the card."""

    type: Literal["policy_report_page"] = "policy_report_page"
    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]
    number: int
    of: int
    reference: str


class AlarmChoice(Value):
    """What somebody chose about a drift alarm, with the *note* they left."""

    what: Literal["paused", "rolled_back", "acknowledged"]
    by_user_id: str
    by_name: str
    at: AwareDatetime
    note: str = ""


class AlarmCard(Value):
    """A drift alarm as it stands: what drifted, the evidence, who answers for it, and what was chosen.

    *version* names who wrote: a model with its prompt, or the facts. *pause* is the capability that can be
    paused, *roll_back* what can be gone back to, each None when there is nothing to press; *no_roll_back*
    says why.
    """

    type: Literal["drift_alarm"] = "drift_alarm"
    alarm_id: str
    headline: str
    since: AwareDatetime
    at: AwareDatetime
    evidence: tuple[str, ...]
    version: str
    owner_user_id: str | None = None
    owner: str = ""
    pause: Capability | None = None
    roll_back: str | None = None
    no_roll_back: str = ""
    choices: tuple[AlarmChoice, ...] = ()
    is_open: bool = True
    reference: str


class PolicyShown(Value):
    """The rules in force: the lifecycle table in words, since when and by whom, and what is paused.

    *table* holds what, where and the answer per capability, in the order of *capabilities*.
    """

    type: Literal["policy"] = "policy"
    title: str
    version: str
    since: AwareDatetime | None
    by: str
    phase: int
    capabilities: tuple[str, ...]
    table: tuple[tuple[str, str, tuple[str, ...]], ...]
    notes: tuple[str, ...] = ()
    shadow: str = ""
    pauses: tuple[PauseShown, ...] = ()
    reference: str


class RuleSaid(Value):
    """One rule that spoke in a decision: what it says, what it asked, and the facts it saw."""

    reason: str
    asked: str
    saw: tuple[str, ...] = ()


Stage = Literal["Trigger", "Facts", "Model", "Policy", "Card", "Person", "Effect", "Undo", "…"]


class PathStep(Value):
    """One step of a decision's path, so many seconds after the one before; *who* did it."""

    stage: Stage
    at: AwareDatetime
    what: str
    who: str = ""
    after_seconds: int = 0


class DecisionExplained(Value):
    """Why one decision came out as it did; *path* by steps, *paragraph* in plain words, then the rules."""

    title: str
    at: AwareDatetime
    paragraph: str
    path: tuple[PathStep, ...] = ()
    rules: tuple[RuleSaid, ...] = ()
    near: tuple[str, ...] = ()
    caution: str = ""
    escalation_id: str = ""
    reference: str


class WhyShown(Value):
    """The decisions somebody asked about, the latest first; *more* of them are not shown."""

    type: Literal["why"] = "why"
    decisions: tuple[DecisionExplained, ...]
    more: int = 0
