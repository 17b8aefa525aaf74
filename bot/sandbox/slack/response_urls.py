"""response_urls: five answers within thirty minutes to something a person did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Literal

from bot.sandbox.journal import Journal
from bot.sandbox.people import BOT_USER_ID
from bot.sandbox.slack.board import Board
from bot.sandbox.slack.config import SlackSandboxConfig
from bot.sandbox.slack.content import Content, content_of
from bot.sandbox.slack.messages import Message, MessageStore
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.shapes import Clock, Json, SlackError

LIFETIME_SECONDS = 1800.0
USES = 5
Source = Literal["command", "message", "view"]


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    """Where the person was and which message they touched (*message_ts*), if any; *issued* in seconds."""

    token: str
    source: Source
    channel: str
    user: str
    issued: float
    message_ts: str | None = None
    thread_ts: str | None = None
    used: int = 0


class ResponseUrls:
    """Issues response_urls and carries out what the app posts to them."""

    def __init__(
        self,
        config: SlackSandboxConfig,
        clock: Clock,
        mint: Mint,
        journal: Journal,
        messages: MessageStore,
        board: Board,
    ) -> None:
        self._config = config
        self._clock = clock
        self._mint = mint
        self._journal = journal
        self._messages = messages
        self._board = board
        documents = journal.load("response_urls")
        self._issued = {key: ResponseUrl(**document) for key, document in documents.items()}

    def issue(
        self,
        source: Source,
        channel: str,
        user: str,
        message: Message | None = None,
        thread_ts: str | None = None,
    ) -> ResponseUrl:
        """A new response_url for what *user* did in *channel*, on *message* if they clicked in one."""
        issued = ResponseUrl(
            self._mint.token(),
            source,
            channel,
            user,
            self._clock().timestamp(),
            message_ts=message.ts if message else None,
            thread_ts=message.thread_ts if message else thread_ts,
        )
        self._keep(issued)
        return issued

    def address(self, response_url: ResponseUrl) -> str:
        """The URL the app posts to."""
        return self._config.address(f"/response/{response_url.token}")

    def respond(self, token: str, body: Json) -> None:
        """Carry out one post to a response_url; used up, expired or malformed ones are refused."""
        response_url = self._issued.get(token)
        if response_url is None:
            raise SlackError("invalid_url")
        if self._clock().timestamp() - response_url.issued > LIFETIME_SECONDS:
            raise SlackError("expired_url")
        if response_url.used >= USES:
            raise SlackError("used_url")
        self.answer(response_url, body)
        latest = self._issued[token]
        self._keep(replace(latest, used=latest.used + 1))

    def answer(self, response_url: ResponseUrl, body: Json) -> None:
        """Post, replace or delete as *body* says, as a command's acknowledgement may also do."""
        original = self._original(response_url)
        if _yes(body.get("delete_original")):
            if original is not None:
                self._board.remove(original)
            return
        content = content_of(body, surface="message", mint=self._mint)
        if _yes(body.get("replace_original")) and original is not None:
            edited_by = BOT_USER_ID if original.visible_to is None else None
            self._board.change(content.instead_of(original), edited_by=edited_by)
            return
        posted = self._board.post(self._new_message(response_url, body, content))
        if self._config.replaceable_command_replies and response_url.source == "command":
            self._keep(replace(response_url, message_ts=posted.ts))

    def _original(self, response_url: ResponseUrl) -> Message | None:
        if response_url.message_ts is None:
            return None
        return self._messages.get(response_url.channel, response_url.message_ts)

    def _new_message(self, response_url: ResponseUrl, body: Json, content: Content) -> Message:
        public = body.get("response_type") == "in_channel"
        draft = content.onto(self._board.draft(response_url.channel, ""))
        return replace(
            draft,
            visible_to=None if public else response_url.user,
            thread_ts=body.get("thread_ts") or response_url.thread_ts,
        )

    def _keep(self, response_url: ResponseUrl) -> None:
        self._issued[response_url.token] = response_url
        self._journal.put("response_urls", response_url.token, asdict(response_url))


def _yes(value: object) -> bool:
    return value is True or value in ("true", "1", 1)
