"""What happens the moment something arrives from Slack: it is read, stored and acknowledged, nothing more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.slack import ids
from bot.slack.acknowledging import Acknowledging
from bot.slack.arrival import WHEN_THERE_IS_TIME, Accept, Arrival
from bot.slack.cards.card_parts import DETAILS
from bot.slack.cards.evidence import notice_view, waiting_view
from bot.slack.choosing import Choosing
from bot.slack.clicks import A_DATE, NotUnderstood, command_of, deferral_of, escalation_of, meant, proposal_of
from bot.slack.deferring import Deferring
from bot.slack.drilling import drill_of, pressed
from bot.slack.drilling_down import DrillingDown
from bot.slack.editing import Editing
from bot.slack.overruling import OVERRIDES, Overruling
from bot.slack.payloads import Click, EventCallback, SlashCommand, Submission
from bot.slack.people import People
from bot.slack.practising import Practising
from bot.slack.prompts import Prompts
from bot.slack.requests import spoken
from bot.slack.scheduling import Scheduling
from bot.slack.shortcuts import Shortcuts
from bot.slack.suggesting import FindDonors, Suggesting
from bot.slack.windows import Windows
from handlers.commands import (
    Command,
    DrillLookedAt,
    DrillPressed,
    EvidenceRequested,
    HomeOpened,
    PolicyReportRequested,
    ReadInFullRequested,
)
from handlers.ports import Refused, Unavailable

log = logging.getLogger("countersign.slack")

READING_CARD = "Reading the whole card…"
UNKNOWN_WINDOW = "This window is from an older version and no longer works. Nothing was changed."

TIME_ZONE_SECONDS = 1.5
"""How long a submitted window may wait for its reader's time zone; after three seconds Slack gives up."""

WAITING_VIEW = "countersign_waiting_view"
"""Where the context remembers a window that still waits, in case storing fails."""


class Listeners:
    """Reads what arrives and hands it to *accept*; nothing is acknowledged before it is stored."""

    def __init__(
        self,
        accept: Accept,
        windows: Windows,
        people: People,
        prompts: Prompts,
        find_donors: FindDonors,
        now: Callable[[], datetime],
    ) -> None:
        self._accept = accept
        self._windows = windows
        self._people = people
        self._prompts = prompts
        self._now = now
        self._editing = Editing(accept, windows, self._today, _out_of_date)
        self._deferring = Deferring(accept, windows, self._today, now, _out_of_date)
        self._choosing = Choosing(accept, windows, _out_of_date)
        self._shortcuts = Shortcuts(accept, windows, _out_of_date)
        self._suggesting = Suggesting(find_donors)
        self._practising = Practising(accept, windows, _out_of_date)
        self._drilling_down = DrillingDown(accept, windows)
        self._scheduling = Scheduling(accept, windows, _out_of_date)
        self._acknowledging = Acknowledging(accept, windows, _out_of_date)
        self._overruling = Overruling(accept, windows, people, _out_of_date)
        self._opening: dict[str, Callable[[Click], Awaitable[tuple[str, Command]]]] = {
            ids.EDIT: self._editing.open,
            **dict.fromkeys(OVERRIDES, self._overruling.open),
            ids.TOGETHER: self._choosing.open,
            ids.PRACTISE: self._practising.open,
            ids.SCHEDULES: self._scheduling.open,
            ids.DECISIONS: self._drilling_down.open,
            ids.DECISION_WHY: self._drilling_down.why,
        }
        self._asking: dict[str, Callable[[Click], Awaitable[None]]] = {
            ids.ALARM_ACKNOWLEDGE: self._acknowledging.open,
            ids.CANNOT_FIX: self._overruling.ask_why_not,
            ids.SCHEDULE_CHANGE: self._scheduling.ask_for_form,
            **dict.fromkeys(
                (f"{ids.DECISIONS_PAGE}:{way}" for way in ("which", "when", "only", "back", "more")),
                self._drilling_down.turn,
            ),
        }
        self._forms: dict[str, Callable[[Submission], Awaitable[dict[str, Any]]]] = {
            ids.DEFER_VIEW: self._deferring.submitted,
            ids.EDIT_VIEW: self._editing.submitted,
            ids.CHECKED_VIEW: self._editing.approved,
            ids.TOGETHER_VIEW: self._choosing.submitted,
            ids.TRIAGE_VIEW: self._shortcuts.submitted,
            ids.PRACTICE_VIEW: self._practising.answered,
            ids.VERDICT_VIEW: self._practising.another,
            ids.OVERRIDE_VIEW: self._overruling.submitted,
            ids.CANNOT_FIX_VIEW: self._overruling.not_fixable,
            ids.SCHEDULE_VIEW: self._scheduling.submitted,
            ids.ALARM_VIEW: self._acknowledging.submitted,
        }

    async def command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Somebody typed the slash command."""
        typed = SlashCommand.model_validate(body)
        asked = spoken(typed.text, typed.by, typed.reply_to(replace=False), in_thread=False)
        await self._accept(asked, Arrival(f"command:{typed.trigger_id}", "slack.command"))
        await ack()

    async def click(self, ack: AsyncAck, body: dict[str, Any], context: dict[str, Any]) -> None:
        """Somebody pressed a button or chose from a menu; raises NotUnderstood for what is not ours."""
        try:
            click = meant(Click.model_validate(body))
        except ValidationError as error:
            raise NotUnderstood("payload") from error
        if (drill := drill_of(click)) is not None:
            await self._drill(click, drill, context)
        else:
            await self._act(click, context)
        await ack()

    async def _act(self, click: Click, context: dict[str, Any]) -> None:
        if click.action_id in (ids.EVIDENCE, ids.READ_IN_FULL):
            await self._read(click, context)
        elif click.action_id == ids.POLICY_REPORT:
            await self._policy_report(click, context)
        elif click.action_id in self._opening:
            view_id, command = await self._opening[click.action_id](click)
            context[WAITING_VIEW] = view_id
            await self._accept(command, Arrival(click.dedupe_key, "slack.click"))
        elif click.action_id in self._asking:
            await self._asking[click.action_id](click)
        elif click.action_id == ids.DEFER and deferral_of(click)[0] == A_DATE:
            await self._deferring.open(click)
        else:
            command, about = command_of(click)
            await self._accept(command, Arrival(click.dedupe_key, "slack.click", about))

    async def suggest(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Somebody types in a field whose choices come from us; raises NotUnderstood for what is not ours."""
        await ack(options=await self._suggesting.asked(body))

    async def shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Somebody used our shortcut on a message; raises NotUnderstood for what is not ours."""
        await self._shortcuts.used(body)
        await ack()

    async def submission(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """Somebody submitted a modal."""
        submitted = Submission.model_validate(body)
        form = self._forms.get(submitted.view.callback_id)
        answer = await form(submitted) if form else _out_of_date()
        await ack(**answer)

    async def event(self, body: dict[str, Any]) -> None:
        """Slack reports something; everything we subscribed to is acknowledged, most of it ignored."""
        try:
            arrived = EventCallback.model_validate(body)
        except ValidationError:
            log.warning("slack event not understood")
            return
        event = arrived.event
        match event.type:
            case "app_home_opened" if event.user:
                await self._home_opened(arrived)
            case "app_mention" | "message":
                await self._written_to(arrived)
            case "tokens_revoked" | "app_uninstalled":
                log.error("slack has withdrawn our access", extra={"event": event.type})
            case _:
                log.debug("slack event ignored", extra={"event": event.type})

    async def _home_opened(self, arrived: EventCallback) -> None:
        event = arrived.event
        if event.tab == "messages":
            await self._prompts.suggest(event.channel)
            return
        arrival = Arrival(f"event:{arrived.event_id}", "slack.event", priority=WHEN_THERE_IS_TIME)
        await self._accept(HomeOpened(by=arrived.writer), arrival)

    async def _written_to(self, arrived: EventCallback) -> None:
        event = arrived.event
        directly = (event.channel or "").startswith("D")
        if not event.is_from_a_person or directly != (event.type == "message"):
            return
        in_thread = event.thread_ts is not None and event.thread_ts != event.ts
        asked = spoken(event.text, arrived.writer, event.reply_to(), in_thread=in_thread)
        await self._accept(asked, Arrival(f"event:{arrived.event_id}", "slack.event"))

    async def _read(self, click: Click, context: dict[str, Any]) -> None:
        about = escalation_of(click)
        in_full = click.action_id == ids.READ_IN_FULL
        waiting = waiting_view(DETAILS, READING_CARD) if in_full else waiting_view()
        view_id = await self._windows.open(click.trigger_id, waiting)
        context[WAITING_VIEW] = view_id
        wanted = ReadInFullRequested if in_full else EvidenceRequested
        command = wanted(escalation_id=about, view_id=view_id, by=click.by)
        await self._accept(command, Arrival(click.dedupe_key, "slack.click"))

    async def _policy_report(self, click: Click, context: dict[str, Any]) -> None:
        about = proposal_of(click)
        view_id = await self._windows.open(click.trigger_id, waiting_view())
        context[WAITING_VIEW] = view_id
        command = PolicyReportRequested(proposal_id=about, view_id=view_id, by=click.by)
        await self._accept(command, Arrival(click.dedupe_key, "slack.click"))

    async def _drill(self, click: Click, drill_id: str, context: dict[str, Any]) -> None:
        command: DrillPressed | DrillLookedAt | None = pressed(click, drill_id)
        if command is None:
            view_id = await self._windows.open(click.trigger_id, waiting_view(DETAILS, READING_CARD))
            context[WAITING_VIEW] = view_id
            command = DrillLookedAt(drill_id=drill_id, view_id=view_id, by=click.by)
        await self._accept(command, Arrival(click.dedupe_key, "slack.click", drill_id))

    async def _today(self, user_id: str) -> date:
        try:
            async with asyncio.timeout(TIME_ZONE_SECONDS):
                colleague = await self._people.by_id(user_id)
            zone = ZoneInfo(colleague.time_zone) if colleague else UTC
        except (Unavailable, Refused, TimeoutError, ZoneInfoNotFoundError):
            zone = UTC
        return self._now().astimezone(zone).date()


def _out_of_date() -> dict[str, Any]:
    return {"response_action": "update", "view": notice_view(UNKNOWN_WINDOW)}
