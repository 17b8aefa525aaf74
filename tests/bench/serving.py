"""Servers as processes of their own, so that their processor time and memory are theirs alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

from bot.cli.stage import CRM_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, WEBHOOK_SECRET
from tests.bench.report import cpu_seconds, resident_mb
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
LONGEST_START_S = 180.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on this machine."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def cpu(self) -> float:
        """Return the processor time it has used, in seconds."""
        return cpu_seconds(self.process.pid)

    @property
    def memory_mb(self) -> float:
        """Return its resident memory in megabytes."""
        return resident_mb(self.process.pid)


@contextmanager
def door(kind: str, url: str) -> Iterator[Server]:
    """Run one of `tests.bench.doors` over the database at *url* until the block ends."""
    port = free_port()
    with running(["-m", "tests.bench.doors", kind, str(port), url]) as process:
        server = Server(port, process)
        wait_until_it_answers(server, "/healthz")
        yield server


@contextmanager
def demo(directory: Path, *options: str) -> Iterator[tuple[Server, float]]:
    """Run the demo until the block ends; with it the seconds from its start to ready."""
    port = free_port()
    began = time.perf_counter()
    with running(
        ["-m", "tests.bench.busy_demo", "demo", "--port", str(port), "--data", str(directory), *options]
    ) as process:
        server = Server(port, process)
        wait_until_it_answers(server, "/readyz")
        yield server, time.perf_counter() - began


@contextmanager
def service(directory: Path) -> Iterator[tuple[Server, float]]:
    """Run the service, with Slack and CRM out of reach, until the block ends; with it the time to ready."""
    port, nowhere = free_port(), "http://127.0.0.1:9/"
    settings = {
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{directory / 'countersign.db'}",
        "ORGANISATION_FILE": str(ROOT / "bot/sandbox/organisation.yaml"),
        "SLACK__BOT_TOKEN": "xoxb-bench",
        "SLACK__SIGNING_SECRET": "0123456789abcdef",
        "SLACK__BASE_URL": nowhere,
        "CRM__BASE_URL": nowhere,
        "CRM__TOKEN": "token",
        "CRM__WEBHOOK_SECRET": "whsec_c2ltdWxhdGVkLXdlYmhvb2stc2VjcmV0LTAwMDE=",
    }
    began = time.perf_counter()
    with running(["-m", "bot", "serve"], environment(settings)) as process:
        server = Server(port, process)
        wait_until_it_answers(server, "/readyz")
        yield server, time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Beside:
    """The service alone in its process, and the simulated Slack and CRM in processes of their own."""

    service: Server
    slack: Server
    crm: Server
    database: Path


@contextmanager
def beside(directory: Path) -> Iterator[Beside]:
    """Run the service on SQLite beside its counterparts until the block ends: what it uses is its own."""
    port = free_port()
    bot = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        slack, crm = (stack.enter_context(_counterpart(what, bot)) for what in ("slack", "crm"))
        organisation = directory / "organisation.yaml"
        shipped = (ROOT / "bot/sandbox/organisation.yaml").read_text(encoding="utf-8")
        organisation.write_text(
            shipped.replace("cards_per_day: 8\n", "cards_per_day: 500\n"), encoding="utf-8"
        )
        database = directory / "countersign.db"
        settings = {
            "PORT": str(port),
            "LOG_LEVEL": "error",
            "DATABASE_URL": f"sqlite:///{database}",
            "ORGANISATION_FILE": str(organisation),
            "SLACK__BOT_TOKEN": SLACK_BOT_TOKEN.get_secret_value(),
            "SLACK__SIGNING_SECRET": SLACK_SIGNING_SECRET.get_secret_value(),
            "SLACK__BASE_URL": f"http://127.0.0.1:{slack.port}/slack-sim/api/",
            "CRM__BASE_URL": f"http://127.0.0.1:{crm.port}/crm/api/v1/",
            "CRM__TOKEN": CRM_TOKEN.get_secret_value(),
            "CRM__WEBHOOK_SECRET": WEBHOOK_SECRET.get_secret_value(),
        }
        process = stack.enter_context(running(["-m", "bot", "serve"], environment(settings)))
        server = Server(port, process)
        wait_until_it_answers(server, "/readyz")
        yield Beside(server, slack, crm, database)


@contextmanager
def _counterpart(what: str, bot: str) -> Iterator[Server]:
    port = free_port()
    with running(["-m", "bot", "sandbox", what, "--port", str(port), "--bot", bot]) as process:
        server = Server(port, process)
        wait_until_it_answers(server, "/" if what == "slack" else "/crm")
        yield server


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process of the service with these settings and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    return others | {f"COUNTERSIGN_{name}": value for name, value in settings.items()}


def wait_until_it_answers(server: Server, path: str) -> None:
    """Return when the path answers 200; raises RuntimeError when the server ends or never does."""
    until = time.perf_counter() + LONGEST_START_S
    while time.perf_counter() < until:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=10):
                return
        except (HTTPError, URLError, OSError):
            time.sleep(0.005)
    raise RuntimeError("the server did not become ready")


@contextmanager
def running(
    arguments: list[str], variables: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python with *arguments* until the block ends."""
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=variables, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
