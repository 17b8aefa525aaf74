"""What the simulated workspace knows about the one app that is installed in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DEFAULT_SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:write",
    "team:read",
    "users:read",
    "users:read.email",
)
DEFAULT_EVENTS = (
    "app_home_opened",
    "app_mention",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
)
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command of the app, as its manifest declares it; *command* begins with a slash.

    With *should_escape* the app gets the people mentioned by id: <@U012AB3CD|name>.
    """

    command: str
    description: str
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut of the app, as its manifest declares it; *type* is "message" or "global"."""

    name: str
    type: str
    callback_id: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class SlackSandboxConfig:
    """The app's registration and the behaviour of the simulation.

    *request_url* None means Socket Mode. *base_url* is the origin (scheme, host, port) under which the app
    reaches this server, given late as a callable when the port is not known yet. Times are seconds.
    *replaceable_command_replies* departs from Slack: there a response_url of a slash command posts a new
    message even with replace_original, because a command has no original message.
    """

    signing_secret: str
    bot_token: str
    app_token: str
    request_url: str | None = None
    base_url: str | Callable[[], str] = "http://127.0.0.1:8000"
    prefix: str = "/slack-sim"
    bot_scopes: tuple[str, ...] = DEFAULT_SCOPES
    bot_events: tuple[str, ...] = DEFAULT_EVENTS
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    journal_path: Path | None = None
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    ack_seconds: float = 3.0
    posts_per_second: float = 1.0
    post_burst: int = 3
    bot_name: str = "countersign"
    bot_real_name: str = "Countersign"
    verification_token: str = "sandbox-verification-token"  # noqa: S105 - deprecated by Slack, still sent
    page_hosts: tuple[str, ...] = LOOPBACK_HOSTS
    socket_refresh_seconds: float | None = None
    replaceable_command_replies: bool = False

    @property
    def origin(self) -> str:
        """Scheme, host and port of this server as the app sees it, without a trailing slash."""
        base = self.base_url() if callable(self.base_url) else self.base_url
        return base.rstrip("/")

    def address(self, path: str) -> str:
        """The absolute URL of *path* below the configured prefix."""
        return f"{self.origin}{self.prefix}{path}"
