"""What Slack sends, as far as we read it; anything else in a payload is ignored."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from handlers.commands import ChatUser, ReplyAddress
from policy.override_reasons import Override

CARD_PARTS = 6
"""A card's row of buttons is called cs:card:<escalation>:<state>:<since>:<mark of what it says>."""


def _or_nothing(given: object) -> object:
    return "" if given is None else given


Text = Annotated[str, BeforeValidator(_or_nothing)]
"""Text that Slack may send as null: the team of an organisation's installation, a message without words."""


class _Id(BaseModel):
    id: str


class _User(BaseModel):
    id: str
    team_id: str | None = None


class SlashCommand(BaseModel):
    """Somebody typed our slash command."""

    command: Text = ""
    text: Text = ""
    user_id: str
    team_id: Text = ""
    channel_id: str
    response_url: str | None = None
    trigger_id: str

    @property
    def by(self) -> ChatUser:
        """Return who typed it."""
        return ChatUser(id=self.user_id, team_id=self.team_id)

    def reply_to(self, *, replace: bool) -> ReplyAddress:
        """Return where the answer goes."""
        return ReplyAddress(
            channel_id=self.channel_id, user_id=self.user_id, response_url=self.response_url, replace=replace
        )


class _Option(BaseModel):
    value: Text = ""


class _Action(BaseModel):
    action_id: Text = ""
    block_id: Text = ""
    type: Text = ""
    value: str | None = None
    selected_option: _Option | None = None
    action_ts: Text = ""


class _Container(BaseModel):
    type: Text = ""
    message_ts: str | None = None
    thread_ts: str | None = None
    channel_id: str | None = None
    view_id: str | None = None


class Click(BaseModel):
    """Somebody pressed a button or chose from a menu; only the first action counts."""

    user: _User
    team: _Id | None = None
    channel: _Id | None = None
    container: _Container = _Container()
    trigger_id: Text = ""
    response_url: str | None = None
    actions: list[_Action] = Field(min_length=1)

    @property
    def action_id(self) -> str:
        """Return the name of what was pressed."""
        return self.actions[0].action_id

    @property
    def value(self) -> str:
        """Return the value of the button or of the chosen option."""
        action = self.actions[0]
        return action.selected_option.value if action.selected_option else action.value or ""

    def standing_for(self, action_id: str, value: str) -> Click:
        """Return the click as if the button *action_id* with that *value* had been pressed."""
        pressed = self.actions[0].model_copy(
            update={"action_id": action_id, "value": value, "selected_option": None}
        )
        return self.model_copy(update={"actions": [pressed]})

    @property
    def seen(self) -> str:
        """Return the mark of what the card said that was pressed; empty where the place has none."""
        parts = self.actions[0].block_id.split(":")
        return parts[-1] if parts[:2] == ["cs", "card"] and len(parts) == CARD_PARTS else ""

    @property
    def by(self) -> ChatUser:
        """Return who pressed it."""
        team = self.user.team_id or (self.team.id if self.team else "")
        return ChatUser(id=self.user.id, team_id=team)

    @property
    def channel_id(self) -> str:
        """Return the channel of the message, empty on the Home tab."""
        return self.channel.id if self.channel else self.container.channel_id or ""

    @property
    def reply_to(self) -> ReplyAddress:
        """Return where an answer goes."""
        return ReplyAddress(
            channel_id=self.channel_id,
            user_id=self.user.id,
            response_url=self.response_url,
            thread_ts=self.container.thread_ts,
        )

    @property
    def dedupe_key(self) -> str:
        """Return what repetitions of this very click have in common."""
        place = self.container.message_ts or self.container.view_id or ""
        team = self.team.id if self.team else ""
        return f"click:{team}:{place}:{self.actions[0].action_ts}:{self.user.id}"


class Entered(BaseModel):
    """What stands in one field of a submitted window; only what belongs to the kind of field is set."""

    value: str | None = None
    selected_date: str | None = None
    selected_option: _Option | None = None
    selected_user: str | None = None
    selected_time: str | None = None
    selected_conversation: str | None = None
    selected_options: tuple[_Option, ...] = ()


class _State(BaseModel):
    values: dict[str, dict[str, Entered]] = {}


class _View(BaseModel):
    id: str
    hash: Text = ""
    callback_id: Text = ""
    private_metadata: Text = ""
    state: Annotated[_State, BeforeValidator(lambda given: _State() if given is None else given)] = _State()


class Submission(BaseModel):
    """Somebody submitted a modal."""

    user: _User
    team: _Id | None = None
    view: _View
    trigger_id: Text = ""

    @property
    def dedupe_key(self) -> str:
        """Return what repetitions of this very submission have in common.

        Whoever was told that the first did not arrive may enter something else and submit again: its view
        is the same.
        """
        entered = hashlib.sha256(self.view.state.model_dump_json().encode()).hexdigest()[:16]
        return f"view:{self.view.id}:{self.view.hash}:{entered}"

    def entered(self, block_id: str, action_id: str) -> Entered:
        """Return what stands in a field; empty when the window has no such field."""
        return self.view.state.values.get(block_id, {}).get(action_id, Entered())

    @property
    def by(self) -> ChatUser:
        """Return who submitted it."""
        team = self.user.team_id or (self.team.id if self.team else "")
        return ChatUser(id=self.user.id, team_id=team)


class EditPlace(BaseModel):
    """What the edit form carries along: ids, and the proposal it was made from as a digest."""

    escalation_id: str
    revision: int
    action_kind: str
    action_digest: str
    channel_id: str = ""
    thread_ts: str | None = None


class CheckedPlace(BaseModel):
    """What the window with a checked version carries along: ids only."""

    edit_id: str
    escalation_id: str
    channel_id: str = ""
    thread_ts: str | None = None


class OverridePlace(BaseModel):
    """What a form for declining, passing on or sending back carries along: ids and which of them it is.

    *about* is an escalation, or the record to put right when somebody says that it cannot be.
    """

    override: Override
    about: str
    channel_id: str = ""
    thread_ts: str | None = None


class AlarmPlace(BaseModel):
    """What the window for acknowledging a drift alarm carries along: ids only."""

    alarm_id: str
    channel_id: str = ""
    thread_ts: str | None = None


class SchedulePlace(BaseModel):
    """What the form of a schedule carries along: its id, and the mark of how it stood."""

    schedule_id: str
    mark: str


class TogetherPlace(BaseModel):
    """What the window for several decisions carries along: where the answer goes."""

    channel_id: str = ""
    thread_ts: str | None = None


class _Said(BaseModel):
    text: Text = ""


class MessageShortcut(BaseModel):
    """Somebody used our shortcut on a message."""

    callback_id: str
    user: _User
    channel: _Id
    message: _Said
    trigger_id: str


class Suggestion(BaseModel):
    """Somebody types in a field whose choices we are asked for; *value* is what they typed so far."""

    action_id: str
    value: Text = ""
    user: _User
    team: _Id | None = None

    @property
    def by(self) -> ChatUser:
        """Return who types."""
        team = self.user.team_id or (self.team.id if self.team else "")
        return ChatUser(id=self.user.id, team_id=team)


class TriagePlace(BaseModel):
    """What the window of the message shortcut carries along: where the answer goes."""

    channel_id: str = ""


class PracticePlace(BaseModel):
    """What a scenario's window carries along: which scenario, in which version."""

    scenario_id: str
    version: str


class DeferralPlace(BaseModel):
    """What the deferral modal carries along: ids only."""

    escalation_id: str
    channel_id: str = ""
    thread_ts: str | None = None


WRITTEN_BY_PEOPLE = frozenset({"file_share", "thread_broadcast"})
"""Messages of people that have a subtype: with a file, or from a thread to its channel as well."""


class Event(BaseModel):
    """The inside of an event."""

    type: str
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    channel: str | None = None
    text: Text = ""
    ts: str | None = None
    thread_ts: str | None = None
    tab: str | None = None

    @property
    def is_from_a_person(self) -> bool:
        """Say whether a person wrote this just now: not a bot, not an edit or a join."""
        said = self.subtype is None or self.subtype in WRITTEN_BY_PEOPLE
        return bool(self.user and self.channel and self.ts) and not self.bot_id and said

    def reply_to(self) -> ReplyAddress:
        """Return where the answer goes: into the thread, if there is one; direct messages begin one."""
        channel_id = self.channel or ""
        # In a channel the answer is private, and Slack shows no private message in a thread without replies.
        begun = self.ts if channel_id.startswith("D") else None
        return ReplyAddress(channel_id=channel_id, user_id=self.user or "", thread_ts=self.thread_ts or begun)


class EventCallback(BaseModel):
    """An event with its envelope."""

    event_id: str
    team_id: Text = ""
    event: Event

    @property
    def writer(self) -> ChatUser:
        """Return who caused the event."""
        return ChatUser(id=self.event.user or "", team_id=self.team_id)
