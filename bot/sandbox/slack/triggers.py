"""trigger_ids: the right to open one view, for three seconds after a person did something."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.sandbox.people import TEAM_ID
from bot.sandbox.slack.mint import Mint
from bot.sandbox.slack.shapes import Clock, SlackError

LIFETIME_SECONDS = 3.0
_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Trigger:
    """Whose deed it was, when (seconds since 1970), and in which view, if in one."""

    user: str
    issued: float
    view_id: str | None
    used: bool = False


class Triggers:
    """Issues and redeems trigger_ids; they are forgotten with the process, as they live three seconds."""

    def __init__(self, clock: Clock, mint: Mint) -> None:
        self._clock = clock
        self._mint = mint
        self._issued: dict[str, Trigger] = {}

    def issue(self, user: str, view_id: str | None = None) -> str:
        """A new trigger_id for what *user* just did."""
        now = self._clock().timestamp()
        trigger_id = f"{int(now * 1000)}.{TEAM_ID}.{self._mint.token()}"
        self._issued[trigger_id] = Trigger(user, now, view_id)
        while len(self._issued) > _REMEMBERED:
            del self._issued[next(iter(self._issued))]
        return trigger_id

    def redeem(self, trigger_id: str) -> Trigger:
        """Use a trigger_id up; unknown, used or too old ones are refused."""
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._clock().timestamp() - trigger.issued > LIFETIME_SECONDS:
            raise SlackError("expired_trigger_id")
        self._issued[trigger_id] = replace(trigger, used=True)
        return trigger
