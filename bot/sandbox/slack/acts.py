"""What a person does in Slack: writing, running commands, clicking, shortcuts."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.people import APP_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID
from bot.sandbox.slack.composer import composed, escape, rich_text
from bot.sandbox.slack.delivery import Envelope, Receipt
from bot.sandbox.slack.directory import Conversation, User
from bot.sandbox.slack.inputs import find_element, state_values
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.page_shapes import element_visible
from bot.sandbox.slack.payloads import action_of, channel_name, channel_of, interaction, message_container
from bot.sandbox.slack.response_urls import ResponseUrl
from bot.sandbox.slack.shapes import Json, SlackError
from bot.sandbox.slack.views import View
from bot.sandbox.slack.world import World

_TIMED_OUT = "Operation timed out. Apps need to respond within 3 seconds."
_UNREACHABLE = "Slack cannot be reached right now."


@dataclass(frozen=True, slots=True)
class Click:
    """A use of one interactive element, in a message (*channel*, *message_ts*) or in a view (*view_id*)."""

    action: Json
    channel: str | None = None
    message_ts: str | None = None
    view_id: str | None = None
    values: Json | None = None


class Acts:
    """Turns a person's deeds into messages, events and interaction payloads for the app."""

    def __init__(self, world: World) -> None:
        self._world = world

    def person(self, user_id: str | None) -> User:
        """The person a page acts as."""
        user = self._world.directory.users.get(user_id or "")
        if user is None or user.is_bot:
            raise SlackError("user_not_found")
        return user

    def conversation(self, user: User, channel: str | None) -> Conversation:
        """A conversation the person is in; others do not exist for them."""
        found = self._world.directory.conversations.get(channel or "")
        if found is None or user.id not in found.members:
            raise SlackError("channel_not_found")
        return found

    def write(self, user: User, conversation: Conversation, text: str, thread_ts: str | None) -> Message:
        """Post what the person wrote; the app hears of it, twice if it is mentioned."""
        if not text.strip():
            raise SlackError("no_text")
        world = self._world
        names = {person.real_name: person.id for person in world.directory.users.values()}
        names |= {person.name: person.id for person in world.directory.users.values()}
        stored = composed(text, names)
        draft = Message(
            conversation.id,
            "",
            user.id,
            stored,
            by_bot=False,
            blocks=[rich_text(stored, world.mint.short())],
            thread_ts=self._thread(conversation, thread_ts),
        )
        posted = world.board.post(draft)
        if f"<@{BOT_USER_ID}>" in stored and not conversation.is_direct:
            self._mention(posted, conversation)
        return posted

    def _thread(self, conversation: Conversation, thread_ts: str | None) -> str | None:
        if thread_ts is not None and self._world.messages.get(conversation.id, thread_ts) is None:
            raise SlackError("thread_not_found")
        return thread_ts

    def _mention(self, message: Message, conversation: Conversation) -> None:
        event = self._world.board.object(message) | {"type": "app_mention", "channel": message.channel}
        self._world.events.emit(event | {"event_ts": message.ts}, conversation)

    def open_app(self, user: User, tab: str) -> None:
        """Tell the app that its Home or Messages tab was opened."""
        conversation = self._world.directory.direct_with_bot(user.id)
        home = self._world.views.home(user.id)
        event: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": conversation.id,
            "tab": tab,
            "event_ts": self._world.mint.ts(),
        }
        if tab == "home" and home is not None:
            event["view"] = home.object()
        self._world.events.emit(event, conversation)

    def run_command(
        self, user: User, conversation: Conversation, command: str, text: str, thread_ts: str | None
    ) -> None:
        """Send a slash command; its acknowledgement may carry a reply for the person."""
        if command not in {known.command for known in self._world.config.commands}:
            self.complain(user, f"{command} is not a valid command.", channel=conversation.id)
            return
        if thread_ts is not None:
            self.complain(user, f"{command} is not supported in threads. Sorry!", channel=conversation.id)
            return
        response_url = self._world.response_urls.issue("command", conversation.id, user.id)
        payload = self._command_payload(user, conversation, command, text, response_url)
        self._world.background.spawn(self._deliver_command(user, payload, response_url))

    def _command_payload(
        self, user: User, conversation: Conversation, command: str, text: str, response_url: ResponseUrl
    ) -> Json:
        return {
            "token": self._world.config.verification_token,
            "team_id": TEAM_ID,
            "team_domain": TEAM_DOMAIN,
            "channel_id": conversation.id,
            "channel_name": channel_name(conversation),
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": self._command_text(command, text.strip()),
            "api_app_id": APP_ID,
            "is_enterprise_install": "false",
            "response_url": self._world.response_urls.address(response_url),
            "trigger_id": self._world.triggers.issue(user.id),
        }

    def _command_text(self, command: str, text: str) -> str:
        if not any(known.should_escape for known in self._world.config.commands if known.command == command):
            return escape(text)
        people = self._world.directory.users.values()
        names = {name: f"{each.id}|{each.name}" for each in people for name in (each.real_name, each.name)}
        return composed(text, names)

    async def _deliver_command(self, user: User, payload: Json, response_url: ResponseUrl) -> None:
        receipt = await self.deliver(user, Envelope("slash_commands", payload))
        failed = f'{payload["command"]} failed with the error "{{}}"'
        if not receipt.acknowledged:
            error = "operation_timeout" if receipt.reason == "http_timeout" else "dispatch_failed"
            self.complain(user, failed.format(error), channel=response_url.channel)
            return
        reply = {"text": receipt.body} if isinstance(receipt.body, str) else receipt.body or {}
        if not any(reply.get(key) for key in ("text", "blocks", "attachments")):
            return
        try:
            self._world.response_urls.answer(response_url, reply)
        except SlackError:
            self.complain(user, failed.format("invalid_command_response"), channel=response_url.channel)

    def click(self, user: User, click: Click) -> None:
        """Use an interactive element; the app gets block_actions."""
        trigger_id = self._world.triggers.issue(user.id, click.view_id)
        payload = interaction("block_actions", user, self._world.config.verification_token)
        payload |= {"trigger_id": trigger_id}
        if click.view_id is not None:
            payload |= self._view_click(user, click)
        else:
            payload |= self._message_click(user, click)
        self._world.background.spawn(self._deliver_click(user, payload, click))

    def _view_click(self, user: User, click: Click) -> Json:
        view = self.view(user, click.view_id)
        values = state_values(view.blocks, click.values or view.values, view.offered)
        view = self._world.views.note_values(view, values)
        return {
            "container": {"type": "view", "view_id": view.id},
            "view": view.object(),
            "actions": [self._action(user, view.blocks, click.action)],
        }

    def view(self, user: User, view_id: str | None) -> View:
        """A view that is open for the person."""
        view = self._world.views.get(view_id or "")
        if view is None or view.user != user.id:
            raise SlackError("view_not_found")
        return view

    def _message_click(self, user: User, click: Click) -> Json:
        conversation = self.conversation(user, click.channel)
        message = self.message(user, conversation, click.message_ts)
        response_url = self._world.response_urls.issue("message", conversation.id, user.id, message)
        body: Json = {
            "container": message_container(message),
            "channel": channel_of(conversation),
            "state": {"values": state_values(message.blocks, click.values or {})},
            "response_url": self._world.response_urls.address(response_url),
            "actions": [self._action(user, message.blocks, click.action)],
        }
        # Slack does not store ephemeral messages, so it cannot send them back.
        return body if message.visible_to else body | {"message": self._world.board.object(message)}

    def message(self, user: User, conversation: Conversation, ts: str | None) -> Message:
        """A message that the person sees."""
        message = self._world.messages.get(conversation.id, ts or "")
        if message is None or message.visible_to not in (None, user.id):
            raise SlackError("message_not_found")
        return message

    def _action(self, user: User, blocks: list[Json], given: Json) -> Json:
        block_id, action_id = str(given.get("block_id")), str(given.get("action_id"))
        element = find_element(blocks, block_id, action_id)
        if not element_visible(element, user.id):
            raise SlackError("element_not_found")
        return action_of(element, block_id, given, self._world.mint.ts())

    async def _deliver_click(self, user: User, payload: Json, click: Click) -> None:
        receipt = await self.deliver(user, Envelope("interactive", payload))
        if not receipt.acknowledged:
            where = {"channel": click.channel, "message_ts": click.message_ts, "view_id": click.view_id}
            self.complain(user, _trouble(receipt), action_id=click.action.get("action_id"), **where)

    def use_shortcut(self, user: User, callback_id: str, channel: str | None, ts: str | None) -> None:
        """Use a global shortcut, or a message shortcut when a message is given."""
        world = self._world
        kind = "message_action" if ts is not None else "shortcut"
        payload = interaction(kind, user, world.config.verification_token)
        payload |= {
            "callback_id": callback_id,
            "trigger_id": world.triggers.issue(user.id),
            "action_ts": world.mint.ts(),
        }
        if ts is not None:
            conversation = self.conversation(user, channel)
            message = self.message(user, conversation, ts)
            response_url = world.response_urls.issue("message", conversation.id, user.id, message)
            payload |= {
                "message_ts": ts,
                "channel": channel_of(conversation),
                "message": world.board.object(message),
                "response_url": world.response_urls.address(response_url),
            }
        world.background.spawn(self._deliver_click(user, payload, Click({}, channel, ts)))

    async def deliver(self, user: User, envelope: Envelope) -> Receipt:
        """Send once, as Slack does with what a person waits for."""
        if self._world.faults.settings.down:
            self.complain(user, _UNREACHABLE)
            return Receipt(reason="connection_failed")
        return await self._world.transport.send(envelope)

    def complain(self, user: User, text: str, **where: str | None) -> None:
        """Show the person what Slack says when an app fails."""
        problem: Json = {"text": text} | {key: value for key, value in where.items() if value}
        self._world.hub.publish("problem", lambda _: problem, (user.id,))


def _trouble(receipt: Receipt) -> str:
    if receipt.reason == "http_timeout":
        return _TIMED_OUT
    if receipt.status is not None:
        return f"This app responded with Status Code {receipt.status}."
    return "This app is not responding. Check whether it is running."
