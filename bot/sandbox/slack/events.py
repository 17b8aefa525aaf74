"""Events for the app: wrapped, kept until acknowledged, retried as the Events API retries."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from bot.sandbox.journal import Journal
from bot.sandbox.people import APP_ID, BOT_USER_ID, TEAM_ID
from bot.sandbox.slack.background import Background
from bot.sandbox.slack.config import SlackSandboxConfig
from bot.sandbox.slack.delivery import Envelope, Receipt, Transport
from bot.sandbox.slack.directory import Conversation
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.shapes import Clock, Json
from bot.sandbox.slack.tally import Tally

_MESSAGE_EVENTS = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}
_ENOUGH_DELIVERIES = 500


@dataclass(frozen=True, slots=True)
class Pending:
    """An event on its way; *due* is seconds since 1970 (UTC), *attempt* 0 before the first delivery."""

    payload: Json
    attempt: int
    due: float
    reason: str | None

    @property
    def event_id(self) -> str:
        """The id under which the app recognises a retry."""
        return str(self.payload["event_id"])


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery that was made, for those who want to look at what the app was told."""

    event_id: str
    type: str
    attempt: int
    reason: str | None


class EventOutbox:
    """Writes every event to the journal before the first attempt, and forgets it when acknowledged."""

    def __init__(
        self,
        config: SlackSandboxConfig,
        clock: Clock,
        mint: Mint,
        journal: Journal,
        transport: Transport,
        faults: Faults,
        background: Background,
    ) -> None:
        self._config = config
        self._clock = clock
        self._mint = mint
        self._journal = journal
        self._transport = transport
        self._faults = faults
        self._background = background
        self.attempts: list[Attempt] = []
        self.attempted = Tally()

    def resume(self) -> None:
        """Take up what an earlier process had not delivered."""
        for document in self._journal.load("events").values():
            self._background.spawn(self._pursue(Pending(**document)))

    def emit(self, event: Json, conversation: Conversation | None = None) -> None:
        """Send *event* if the app subscribed to its type and, for a *conversation*, the bot is in it."""
        if not self._subscribed(event) or (conversation and BOT_USER_ID not in conversation.members):
            return
        shared = conversation is not None and conversation.is_ext_shared
        payload = self._wrapped(event) | {"is_ext_shared_channel": shared}
        pending = Pending(payload, 0, self._clock().timestamp(), None)
        self._keep(pending)
        self._background.spawn(self._pursue(pending))

    def _subscribed(self, event: Json) -> bool:
        name = str(event["type"])
        if name == "message":
            name = _MESSAGE_EVENTS.get(str(event.get("channel_type")), name)
        return name in self._config.bot_events

    def _wrapped(self, event: Json) -> Json:
        authorization = {
            "enterprise_id": None,
            "team_id": TEAM_ID,
            "user_id": BOT_USER_ID,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": self._config.verification_token,
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "context_enterprise_id": None,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": self._mint.id("Ev"),
            "event_time": self._mint.seconds(),
            "authorizations": [authorization],
            "event_context": f"4-{self._mint.token()}",
        }

    def _keep(self, pending: Pending) -> None:
        document = {
            "payload": pending.payload,
            "attempt": pending.attempt,
            "due": pending.due,
            "reason": pending.reason,
        }
        self._journal.put("events", pending.event_id, document)

    async def _pursue(self, pending: Pending) -> None:
        follow_up: Pending | None = pending
        while follow_up is not None:
            current = follow_up
            await asyncio.sleep(max(0.0, current.due - self._clock().timestamp()))
            await self._faults.wait_until_up()
            await self._faults.slow_down()
            receipt = await self._transport.send(
                Envelope("events_api", current.payload, current.attempt, current.reason)
            )
            follow_up = self._next(current, receipt)
            self._record(current)
        self._journal.delete("events", pending.event_id)

    def _record(self, pending: Pending) -> None:
        kind = str(pending.payload["event"]["type"])
        self.attempts.append(Attempt(pending.event_id, kind, pending.attempt, pending.reason))
        del self.attempts[:-_ENOUGH_DELIVERIES]
        self.attempted.add()

    def _next(self, pending: Pending, receipt: Receipt) -> Pending | None:
        delays = self._config.retry_delays
        if receipt.acknowledged or receipt.no_retry or pending.attempt >= len(delays):
            return None
        due = self._clock().timestamp() + delays[pending.attempt]
        follow_up = replace(pending, attempt=pending.attempt + 1, due=due, reason=receipt.reason)
        self._keep(follow_up)
        return follow_up
