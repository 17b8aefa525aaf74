"""What people do to practise."""

from __future__ import annotations

from typing import Literal

from handlers.commands.people import ChatUser, ReplyAddress
from policy.practice import Choice, Sureness
from policy.value import Value


class PracticeRequested(Value):
    """Somebody wants to practise, or to see how they are doing."""

    type: Literal["practice_requested"] = "practice_requested"
    by: ChatUser
    reply_to: ReplyAddress


class ScenarioRequested(Value):
    """Somebody wants the next decision to practise on, in the window *window*.

    A window that Slack put up in an acknowledgement is known by a name of ours: it was *pushed*.
    """

    type: Literal["scenario_requested"] = "scenario_requested"
    window: str
    pushed: bool = False
    by: ChatUser


class PracticeAnswered(Value):
    """Somebody answered a scenario in its *version*; the window *window* waits for what is to be said."""

    type: Literal["practice_answered"] = "practice_answered"
    scenario_id: str
    version: str
    choice: Choice
    sureness: Sureness
    window: str
    by: ChatUser


class DrillsSwitched(Value):
    """Somebody wants made-up cards among their real ones from now on, or no more."""

    type: Literal["drills_switched"] = "drills_switched"
    wanted: bool
    by: ChatUser
    reply_to: ReplyAddress


class DrillDue(Value):
    """It is time for somebody's next drill; *turn* is that of their asking for drills."""

    type: Literal["drill_due"] = "drill_due"
    person: str
    turn: str


class DrillEnded(Value):
    """The time to answer a drill is over."""

    type: Literal["drill_ended"] = "drill_ended"
    drill_id: str


class DrillPressed(Value):
    """Somebody decided on a drill's card; nothing that follows from it can reach the CRM."""

    type: Literal["drill_pressed"] = "drill_pressed"
    drill_id: str
    choice: Choice
    by: ChatUser
    reply_to: ReplyAddress


class DrillLookedAt(Value):
    """Somebody wants to see more of a drill's card, in a window."""

    type: Literal["drill_looked_at"] = "drill_looked_at"
    drill_id: str
    view_id: str
    by: ChatUser
