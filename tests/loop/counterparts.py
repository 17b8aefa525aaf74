"""Slack, CRM and model as the demo sets them up, without the waiting and without the crowd of donors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from starlette.applications import Starlette

from bot.cli.stage import (
    CRM_TOKEN,
    SLACK_APP_TOKEN,
    SLACK_BOT_TOKEN,
    SLACK_SIGNING_SECRET,
    WEBHOOK_SECRET,
)
from bot.http.asgi import AsgiApp, Receive, Scope, Send
from bot.manifest import read_manifest
from bot.sandbox.crm.app import CrmSandboxConfig, build_crm
from bot.sandbox.crm.campaigns import plan_campaigns
from bot.sandbox.crm.cast_giving import add_giving_stories
from bot.sandbox.crm.cast_limits import add_stories_about_limits
from bot.sandbox.crm.cast_majors import add_major_donor_stories
from bot.sandbox.crm.cast_names import add_stories_about_names
from bot.sandbox.crm.days import day_of
from bot.sandbox.crm.draft import Draft
from bot.sandbox.crm.finishing import finished
from bot.sandbox.crm.model import World as CrmWorld
from bot.sandbox.crm.stories import STORIES
from bot.sandbox.slack.app import build_slack
from bot.sandbox.slack.config import Command, SlackSandboxConfig


@cache
def stories(today: date) -> CrmWorld:
    """The donors worth watching, without the crowd."""
    draft = Draft(today)
    plan_campaigns(draft)
    for add in (
        add_major_donor_stories,
        add_giving_stories,
        add_stories_about_limits,
        add_stories_about_names,
    ):
        add(draft)
    return finished(draft, "stories", STORIES)


@dataclass
class Request:
    """One request that the bot made."""

    method: str
    path: str


def one_origin(slack: AsgiApp, crm: AsgiApp, model: AsgiApp, heard: list[Request]) -> AsgiApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.startswith(("/slack-sim/", "/crm/api/", "/model/v1/")):
            heard.append(Request(scope.get("method", "WS"), path))
        if path.startswith("/crm"):
            await crm(scope, receive, send)
        elif path.startswith("/model/"):
            await model(scope, receive, send)
        else:
            await slack(scope, receive, send)

    return app


def simulated_slack(origin: str, request_url: str | None) -> Starlette:
    """The workspace with the app as the product's own manifest describes it, without waiting for repeats."""
    manifest = _manifest()
    config = SlackSandboxConfig(
        signing_secret=SLACK_SIGNING_SECRET.get_secret_value(),
        bot_token=SLACK_BOT_TOKEN.get_secret_value(),
        app_token=SLACK_APP_TOKEN.get_secret_value(),
        request_url=request_url,
        base_url=origin,
        commands=tuple(
            Command(
                each["command"],
                each["description"],
                each.get("usage_hint", ""),
                each.get("should_escape", False),
            )
            for each in manifest["features"]["slash_commands"]
        ),
        bot_scopes=tuple(manifest["oauth_config"]["scopes"]["bot"]),
        bot_events=tuple(manifest["settings"]["event_subscriptions"]["bot_events"]),
        retry_delays=(0.0, 0.2, 0.5),
        posts_per_second=1000.0,
        post_burst=1000,
    )
    return build_slack(config, _real_time)


@cache
def _manifest() -> dict[str, Any]:
    return read_manifest()


def simulated_crm(webhook_url: str) -> Starlette:
    config = CrmSandboxConfig(
        token=CRM_TOKEN.get_secret_value(),
        webhook_secret=WEBHOOK_SECRET.get_secret_value(),
        webhook_url=webhook_url,
        retry_delays_s=(0.1, 0.2, 0.3, 0.5, 1.0, 1.0, 2.0, 2.0, 5.0),
    )
    return build_crm(config, _real_time, stories(day_of(_real_time())))


def _real_time() -> datetime:
    return datetime.now(UTC)
