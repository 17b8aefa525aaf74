"""Who somebody is, as Slack vouches for them; asked again after five minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.asked_to_wait import SLACK
from bot.slack.failures import UNREADABLE, told
from handlers.ports import Clock, Colleague, Refused, Unavailable

REMEMBERED = timedelta(minutes=5)
NOBODY = frozenset({"user_not_found", "users_not_found", "user_not_visible", "invalid_user"})
_MOST_REMEMBERED = 5000


class _Profile(BaseModel):
    email: str = ""
    real_name: str = ""
    display_name: str = ""


class _OrganisationMember(BaseModel):
    enterprise_id: str = ""
    teams: tuple[str, ...] = ()


class _User(BaseModel):
    id: str
    team_id: str = ""
    real_name: str = ""
    name: str = ""
    tz: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    enterprise_user: _OrganisationMember = _OrganisationMember()
    profile: _Profile = _Profile()

    def belongs_to(self, team_id: str) -> bool:
        """Say whether that is their workspace, one of several in their organisation, or this itself."""
        theirs = self.enterprise_user
        return team_id in (self.team_id, theirs.enterprise_id, *theirs.teams)


class People:
    """Looks colleagues up by Slack id or e-mail address."""

    def __init__(self, client: AsyncWebClient, clock: Clock, team_id: str | None) -> None:
        self._client = client
        self._clock = clock
        self._team_id = team_id
        self._team_lock = asyncio.Lock()
        self._known: dict[str, tuple[datetime, Colleague | None]] = {}

    async def by_id(self, user_id: str) -> Colleague | None:
        """Return the person with this Slack id; None for bots, deleted and unknown accounts."""
        return await self._remembered(
            f"id:{user_id}", lambda: self._client.api_call("users.info", data={"user": user_id})
        )

    async def by_email(self, email: str) -> Colleague | None:
        """Return the person with this e-mail address; the address is sent in the body, never in a URL."""
        return await self._remembered(
            f"email:{email.casefold()}",
            lambda: self._client.api_call("users.lookupByEmail", data={"email": email}),
        )

    async def _remembered(
        self, key: str, ask: Callable[[], Awaitable[AsyncSlackResponse]]
    ) -> Colleague | None:
        now = self._clock.now()
        known = self._known.get(key)
        if known and now - known[0] < REMEMBERED:
            return known[1]
        try:
            found = await self._colleague(await told(ask(), "user", kind=dict))
        except Refused as refused:
            if refused.code not in NOBODY:
                raise
            found = None
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[key] = (now, found)
        return found

    async def _colleague(self, payload: dict[str, Any]) -> Colleague | None:
        try:
            user = _User.model_validate(payload)
        except ValidationError:
            raise Unavailable(SLACK, UNREADABLE) from None
        if user.deleted or user.is_bot or user.id == "USLACKBOT":
            return None
        outsider = user.is_restricted or user.is_ultra_restricted or user.is_stranger
        return Colleague(
            id=user.id,
            name=user.profile.real_name or user.real_name or user.profile.display_name or user.name,
            email=user.profile.email,
            time_zone=user.tz or "UTC",
            is_full_member=not outsider and user.belongs_to(await self._home_team()),
        )

    async def _home_team(self) -> str:
        async with self._team_lock:
            if self._team_id is None:
                self._team_id = await told(self._client.api_call("auth.test"), "team_id", kind=str)
            return self._team_id
