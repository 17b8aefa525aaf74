"""Setting up the simulated counterparts: one application with Slack, CRM and model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr
from starlette.applications import Starlette

from bot.clock import SystemClock
from bot.http.asgi import AsgiApp, Receive, Scope, Send
from bot.manifest import read_manifest
from bot.sandbox.crm.app import CrmSandboxConfig, build_crm
from bot.sandbox.crm.days import day_of
from bot.sandbox.crm.model import World
from bot.sandbox.slack.app import build_slack
from bot.sandbox.slack.config import Command, Shortcut, SlackSandboxConfig

# Known to everybody: these open nothing but the simulation on this machine.
SLACK_BOT_TOKEN = SecretStr("xoxb-simulated-workspace")
SLACK_APP_TOKEN = SecretStr("xapp-simulated-workspace")
SLACK_SIGNING_SECRET = SecretStr("simulated-signing-secret-0123456789")
CRM_TOKEN = SecretStr("simulated-crm-token")
WEBHOOK_SECRET = SecretStr("whsec_c2ltdWxhdGVkLXdlYmhvb2stc2VjcmV0LTAwMDE=")
MODEL = "sandbox-model"


class SimulatedPart(Protocol):
    """What works in the background of a simulated counterpart."""

    async def start(self) -> None:
        """Begin to deliver."""

    async def stop(self) -> None:
        """Stop delivering and close the journal."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The simulated counterparts as one application, with their own start and stop."""

    app: AsgiApp
    parts: tuple[Starlette, ...]

    async def start(self) -> None:
        """Start deliveries."""
        for part in self.parts:
            await running_part(part).start()

    async def stop(self) -> None:
        """Stop deliveries and close the journals."""
        for part in reversed(self.parts):
            await running_part(part).stop()


def open_stage(origin: str, data: Path | None, world: World | None, *, socket_mode: bool) -> Stage:
    """Build Slack, CRM and model for the bot at *origin*, their state kept below *data*."""
    slack = slack_sandbox(origin, None if socket_mode else f"{origin}/slack/events", data)
    crm = crm_sandbox(f"{origin}/crm/events", data, world)
    model = model_sandbox()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path.startswith(("/crm", "/static/crm")):
            await crm(scope, receive, send)
        elif path.startswith("/model/"):
            await model(scope, receive, send)
        else:
            await slack(scope, receive, send)

    return Stage(app, (slack, crm))


def slack_sandbox(origin: str, request_url: str | None, data: Path | None) -> Starlette:
    """Install the app, as its manifest describes it, in the simulated Slack.

    Without *request_url* the app connects over Socket Mode.
    """
    manifest = read_manifest()
    commands = manifest["features"]["slash_commands"]
    config = SlackSandboxConfig(
        signing_secret=SLACK_SIGNING_SECRET.get_secret_value(),
        bot_token=SLACK_BOT_TOKEN.get_secret_value(),
        app_token=SLACK_APP_TOKEN.get_secret_value(),
        request_url=request_url,
        base_url=origin,
        journal_path=data / "slack.db" if data else None,
        commands=tuple(
            Command(
                each["command"],
                each["description"],
                each.get("usage_hint", ""),
                each.get("should_escape", False),
            )
            for each in commands
        ),
        shortcuts=tuple(
            Shortcut(each["name"], each["type"], each["callback_id"], each["description"])
            for each in manifest["features"]["shortcuts"]
        ),
        bot_scopes=tuple(manifest["oauth_config"]["scopes"]["bot"]),
        bot_events=tuple(manifest["settings"]["event_subscriptions"]["bot_events"]),
    )
    return build_slack(config, _now)


def crm_sandbox(webhook_url: str, data: Path | None, world: World | None) -> Starlette:
    """Build the simulated CRM."""
    config = CrmSandboxConfig(
        token=CRM_TOKEN.get_secret_value(),
        webhook_secret=WEBHOOK_SECRET.get_secret_value(),
        webhook_url=webhook_url,
        journal_path=data / "crm.db" if data else None,
    )
    return build_crm(config, _now, world)


def model_sandbox() -> AsgiApp:
    """Build the simulated language model."""
    from bot.sandbox.model.app import ModelSandboxConfig, build_model

    return build_model(ModelSandboxConfig(pace_ms=25), SystemClock())


class ExportUnusable(Exception):
    """The export to be imported cannot be used; the message says in plain words what to do."""


def imported_world(directory: Path, data: Path) -> World:
    """Read somebody's own export; what could not be read is listed in a report beside the demo's state.

    Raises ExportUnusable.
    """
    from rich.console import Console

    from bot.sandbox.crm.importing import UnusableExportError, import_world, terminal_progress

    try:
        with terminal_progress(Console(stderr=True)) as progress:
            report = import_world(directory, today=day_of(_now()), progress=progress)
    except UnusableExportError as unusable:
        raise ExportUnusable(str(unusable)) from None
    path = data / "import-problems.csv"
    report.write_report(path)
    print(report.summary())
    if report.problems:
        print(f"  {len(report.problems)} rows could not be read; each is listed with its reason in {path}")
    return report.world


def running_part(part: Starlette) -> SimulatedPart:
    """Return what works in the background of *part*."""
    running: SimulatedPart = getattr(part.state, "slack", None) or part.state.crm
    return running


def _now() -> datetime:
    return datetime.now(UTC)
