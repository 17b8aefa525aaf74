"""From the Home tab to the decisions behind the figures, and from one of them to its whole path."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.decisions import READING, TITLE, unpacked
from bot.slack.cards.evidence import waiting_view
from bot.slack.clicks import NotUnderstood, escalation_of
from bot.slack.payloads import Click
from bot.slack.windows import Windows
from handlers.commands import DecisionsRequested, EvidenceRequested
from policy.decided import BEHIND

LONGEST_PAGE = 5


class DrillingDown:
    """Opens the list, turns its pages in place, and lays the path of one decision over it."""

    def __init__(self, accept: Accept, windows: Windows) -> None:
        self._accept = accept
        self._windows = windows

    async def open(self, click: Click) -> tuple[str, DecisionsRequested]:
        """Open the window and return its id with what to store; raises WindowClosed."""
        view_id = await self._windows.open(click.trigger_id, waiting_view(TITLE, READING))
        return view_id, DecisionsRequested(view_id=view_id, by=click.by)

    async def why(self, click: Click) -> tuple[str, EvidenceRequested]:
        """Lay a window over the list, so that closing it leads back; raises NotUnderstood, WindowClosed."""
        about = escalation_of(click)
        view_id = await self._windows.push(click.trigger_id, waiting_view())
        return view_id, EvidenceRequested(escalation_id=about, view_id=view_id, by=click.by)

    async def turn(self, click: Click) -> None:
        """Show another page, or other decisions, in the same window; raises NotUnderstood."""
        view_id, parts = click.container.view_id, ids.split(click.value)
        if view_id is None or parts is None:
            raise NotUnderstood(click.action_id)
        try:
            wanted = unpacked(parts[0])
            page = int(parts[1]) if parts[1].isdecimal() and len(parts[1]) <= LONGEST_PAGE else None
        except ValueError:
            raise NotUnderstood(click.action_id) from None
        if page is None or wanted["behind"] not in BEHIND:
            raise NotUnderstood(click.action_id)
        command = DecisionsRequested.model_validate(
            {**wanted, "page": page, "view_id": view_id, "by": click.by}
        )
        await self._accept(command, Arrival(click.dedupe_key, "slack.click"))
