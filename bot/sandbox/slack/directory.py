"""The people and conversations of the simulated workspace, and who is a member of what."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal

from bot.sandbox.journal import Journal
from bot.sandbox.people import APP_ID, BOT_ID, BOT_USER_ID, CHANNELS, PEOPLE, TEAM_ID, Channel, Person
from bot.sandbox.slack.shapes import Json

Kind = Literal["channel", "private", "im", "mpim"]
PARTNER_TEAM_ID = "T0PARTNER"
_COLORS = ("4bbe2e", "e7392d", "3c989f", "674b1b", "9f69e7", "2b6836", "e96699", "5870dd", "b14cbc", "d58247")


@dataclass(frozen=True, slots=True)
class User:
    """A member of the workspace or a guest in one of its channels; *name* is the Slack handle."""

    id: str
    name: str
    real_name: str
    title: str
    email: str | None
    role: str
    time_zone: str
    color: str
    is_bot: bool = False

    @property
    def team_id(self) -> str:
        """The workspace the user belongs to: another one for Slack Connect members."""
        return PARTNER_TEAM_ID if self.is_stranger else TEAM_ID

    @property
    def is_stranger(self) -> bool:
        """Whether the user comes from another organisation."""
        return self.role == "external"

    @property
    def is_restricted(self) -> bool:
        """Whether the user is a guest."""
        return self.role == "guest"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A channel, private channel, group message or direct message; *members* are user ids."""

    id: str
    name: str
    kind: Kind
    topic: str
    members: tuple[str, ...]
    created: int
    creator: str
    is_ext_shared: bool = False

    @property
    def is_direct(self) -> bool:
        """Whether the conversation is a direct message between the bot and one person."""
        return self.kind == "im"

    def peer_of(self, user_id: str) -> str | None:
        """The other side of a direct message."""
        others = [member for member in self.members if member != user_id]
        return others[0] if self.is_direct and others else None


class Directory:
    """Users (fixed) and conversations (kept in the journal)."""

    def __init__(self, journal: Journal, bot_name: str, bot_real_name: str) -> None:
        self._journal = journal
        self.users = {user.id: user for user in _users(bot_name, bot_real_name)}
        seeded = [*map(_seeded, CHANNELS), *(_direct(user) for user in self.users if user != BOT_USER_ID)]
        self.conversations = {conversation.id: conversation for conversation in seeded}
        for key, document in journal.load("conversations").items():
            document["members"] = tuple(document["members"])
            self.conversations[key] = Conversation(**document)

    @property
    def bot(self) -> User:
        """The app's own user."""
        return self.users[BOT_USER_ID]

    def people(self) -> list[User]:
        """Everybody but the bot."""
        return [user for user in self.users.values() if not user.is_bot]

    def keep(self, conversation: Conversation) -> Conversation:
        """Store a new or changed conversation."""
        self.conversations[conversation.id] = conversation
        self._journal.put("conversations", conversation.id, asdict(conversation))
        return conversation

    def join(self, conversation: Conversation, user_ids: tuple[str, ...]) -> Conversation:
        """Add members; those already there are kept once."""
        members = tuple(dict.fromkeys((*conversation.members, *user_ids)))
        return self.keep(replace(conversation, members=members))

    def direct_with_bot(self, user_id: str) -> Conversation:
        """The direct message between the bot and a person; it exists from the start."""
        return self.conversations[_direct_id(user_id)]

    def named(self, name: str) -> Conversation | None:
        """The channel of that name, without the leading #."""
        matches = (c for c in self.conversations.values() if c.name == name and not c.is_direct)
        return next(matches, None)

    def of_member(self, user_id: str) -> list[Conversation]:
        """The conversations a user is in, channels before direct messages."""
        return [c for c in self.conversations.values() if user_id in c.members]


def _users(bot_name: str, bot_real_name: str) -> list[User]:
    people = [_user(person, index) for index, person in enumerate(PEOPLE) if person.slack_id]
    bot = User(BOT_USER_ID, bot_name, bot_real_name, "App", None, "bot", "Etc/UTC", "1d3b53", is_bot=True)
    return [*people, bot]


def _user(person: Person, index: int) -> User:
    handle = person.email.partition("@")[0]
    color = _COLORS[index % len(_COLORS)]
    return User(
        person.slack_id or "",
        handle,
        person.name,
        person.title,
        person.email,
        person.role,
        person.time_zone,
        color,
    )


def _seeded(channel: Channel) -> Conversation:
    kind: Kind = "private" if channel.is_private else "channel"
    return Conversation(
        channel.id,
        channel.name,
        kind,
        channel.topic,
        channel.members,
        created=1_760_000_000,
        creator="U0ADAM000",
        is_ext_shared=channel.is_ext_shared,
    )


def _direct_id(user_id: str) -> str:
    return "D" + user_id[1:]


def _direct(user_id: str) -> Conversation:
    return Conversation(
        _direct_id(user_id), "", "im", "", (user_id, BOT_USER_ID), created=1_760_000_000, creator=user_id
    )


def user_object(user: User, *, with_email: bool) -> Json:
    """A user as users.info returns it; the e-mail needs its own scope."""
    profile: Json = {
        "real_name": user.real_name,
        "display_name": user.name,
        "title": user.title,
        "team": user.team_id,
    }
    if user.is_bot:
        profile |= {"api_app_id": APP_ID, "bot_id": BOT_ID, "always_active": True}
    elif with_email:
        profile["email"] = user.email
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "deleted": False,
        "color": user.color,
        "real_name": user.real_name,
        "tz": user.time_zone,
        "profile": profile,
        "is_admin": user.role == "admin",
        "is_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_restricted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_stranger": user.is_stranger,
    }


def conversation_object(conversation: Conversation, viewer: str) -> Json:
    """A conversation as conversations.info returns it to the bot or *viewer*."""
    shared: Json = {
        "id": conversation.id,
        "created": conversation.created,
        "is_im": conversation.is_direct,
        "is_mpim": conversation.kind == "mpim",
        "is_archived": False,
        "is_org_shared": False,
        "is_ext_shared": conversation.is_ext_shared,
        "context_team_id": TEAM_ID,
    }
    if conversation.is_direct:
        return shared | {"user": conversation.peer_of(viewer), "is_user_deleted": False, "is_open": True}
    return shared | {
        "name": conversation.name,
        "name_normalized": conversation.name,
        "is_channel": conversation.kind == "channel",
        "is_group": conversation.kind != "channel",
        "is_private": conversation.kind != "channel",
        "is_general": conversation.name == "general",
        "is_shared": conversation.is_ext_shared,
        "is_member": viewer in conversation.members,
        "creator": conversation.creator,
        "num_members": len(conversation.members),
        "topic": {"value": conversation.topic, "creator": conversation.creator, "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }
