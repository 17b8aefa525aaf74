"""The window of practice: a made-up decision, the answer to it, the reasoning, and the next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from bot.slack import ids
from bot.slack.arrival import Accept, Arrival
from bot.slack.cards.evidence import waiting_view
from bot.slack.cards.practice import LOOKING, TITLE, looking_view
from bot.slack.payloads import Click, PracticePlace, Submission
from bot.slack.windows import Windows
from handlers.commands import PracticeAnswered, ScenarioRequested
from policy.practice import CHOICES, SURENESS, Choice, Sureness

Answer = dict[str, Any]
CHOOSE = "Choose what you would do."
SAY_HOW_SURE = "Say how sure you are."


class Practising:
    """Opens the window, and stores what was answered before anything is said about it."""

    def __init__(self, accept: Accept, windows: Windows, old: Callable[[], Answer]) -> None:
        self._accept = accept
        self._windows = windows
        self._out_of_date = old

    async def open(self, click: Click) -> tuple[str, ScenarioRequested]:
        """Open the window and return its id with what to store; raises WindowClosed."""
        view_id = await self._windows.open(click.trigger_id, waiting_view(TITLE, LOOKING))
        return view_id, ScenarioRequested(window=view_id, by=click.by)

    async def answered(self, form: Submission) -> Answer:
        """Take an answer; what is missing is said beside the field."""
        try:
            place = PracticePlace.model_validate_json(form.view.private_metadata)
        except ValidationError:
            return self._out_of_date()
        choice, sureness = _choice(form), _sureness(form)
        if choice is None or sureness is None:
            missing = {ids.CHOICE_BLOCK: CHOOSE} if choice is None else {ids.SURE_BLOCK: SAY_HOW_SURE}
            return {"response_action": "errors", "errors": missing}
        window = _name(form)
        command = PracticeAnswered(
            scenario_id=place.scenario_id,
            version=place.version,
            choice=choice,
            sureness=sureness,
            window=window,
            by=form.by,
        )
        return await self._then(command, form, window)

    async def another(self, form: Submission) -> Answer:
        """Show the next scenario in the same window."""
        window = _name(form)
        return await self._then(ScenarioRequested(window=window, pushed=True, by=form.by), form, window)

    async def _then(
        self, command: PracticeAnswered | ScenarioRequested, form: Submission, window: str
    ) -> Answer:
        await self._accept(command, Arrival(form.dedupe_key, "slack.submission"))
        return {"response_action": "update", "view": looking_view(window)}


def _choice(form: Submission) -> Choice | None:
    chosen = form.entered(ids.CHOICE_BLOCK, ids.CHOICE).selected_option
    return chosen.value if chosen and chosen.value in CHOICES else None


def _sureness(form: Submission) -> Sureness | None:
    chosen = form.entered(ids.SURE_BLOCK, ids.SURE).selected_option
    known = {str(level): level for level in SURENESS}
    return known.get(chosen.value) if chosen else None


def _name(form: Submission) -> str:
    """Name the window that will wait for this very submission; only we know it, and no two share it."""
    known = f"{form.by.team_id}:{form.dedupe_key}:{form.trigger_id}"
    return f"cs:practice:{hashlib.sha256(known.encode()).hexdigest()[:32]}"
