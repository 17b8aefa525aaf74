"""`countersign demo`: the whole product in one process, with a simulated Slack, CRM and model beside it."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvloop

from bot.cli.complaint import complain
from bot.cli.running import PortTaken, listen, server_for, stop_on_signal
from bot.cli.stage import (
    CRM_TOKEN,
    MODEL,
    SLACK_APP_TOKEN,
    SLACK_BOT_TOKEN,
    SLACK_SIGNING_SECRET,
    WEBHOOK_SECRET,
    ExportUnusable,
    Stage,
    imported_world,
    open_stage,
)
from bot.http.asgi import AsgiApp, Receive, Scope, Send
from bot.logs import configure_logs
from bot.master_key import MasterKeyProblem
from bot.settings import AiModelSettings, CrmSettings, Settings, SlackSettings
from bot.wiring import Runtime, build

HOST = "127.0.0.1"
POLL_S = 20.0
LOCK = "lock"
DASHBOARD = "/dashboard"
BOT_PATHS = ("/crm/events", "/slack/events", "/healthz", "/readyz", "/metrics")
WELCOME = """
  Countersign is running with a simulated Slack workspace and a simulated CRM.
  Nothing leaves this machine.

    Slack   {origin}/
    CRM     {origin}/crm

  Open the first address, choose Olivia Hart, and make a gift happen. Ctrl-C stops everything.
"""


def run(options: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C."""
    configure_logs("error")
    data = Path(options.data)
    try:
        with _alone_in(data):
            if options.fresh:
                _empty(data)
            uvloop.run(_demo(options, data))
    except (FolderUnusable, MasterKeyProblem) as unusable:
        return complain(str(unusable))
    except PortTaken as taken:
        return complain(f"{taken} (make demo PORT=8001)")
    except ExportUnusable as unusable:
        return complain(str(unusable))
    return 0


class FolderUnusable(Exception):
    """A demo cannot keep its state in the folder; the message says why and what to do."""


@contextmanager
def _alone_in(data: Path) -> Iterator[None]:
    """Keep other demos out of *data* until the end; the system lets go of it even after a kill.

    What somebody else keeps there would be deleted by a fresh demo, so only an empty folder, or one that a
    demo has made, is taken.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not (data / LOCK).exists() and any(data.iterdir()):
            raise FolderUnusable(
                f"{data} holds something else than a demo. Name an empty folder, or a new one."
            )
        opened = (data / LOCK).open("w")
    except OSError as error:
        why = f"cannot be made or written ({type(error).__name__})"
        raise FolderUnusable(f"{data} {why}. Name another folder with --data.") from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FolderUnusable(
                f"Another demo is running with its state in {data}. Stop it, or run this one beside it"
                ' (make demo PORT=8001 ARGS="--data .demo-2").'
            ) from None
        yield


def _empty(data: Path) -> None:
    for path in data.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


async def _demo(options: argparse.Namespace, data: Path) -> None:
    listening = listen(HOST, options.port)
    origin = f"http://{HOST}:{listening.getsockname()[1]}"
    world = imported_world(Path(options.import_dir), data) if options.import_dir else None
    stage = open_stage(origin, data, world, socket_mode=options.socket_mode)
    stop = asyncio.Event()
    with stop_on_signal(stop):
        async with (
            build(demo_settings(options, origin, data), poll_s=POLL_S) as runtime,
            _performance(stage, runtime, listening) as serving,
        ):
            print(WELCOME.format(origin=origin), flush=True)
            await _until(stop, serving)


@asynccontextmanager
async def _performance(
    stage: Stage, runtime: Runtime, listening: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve first, then start both worlds, so that nobody calls a door that is still closed.

    At the end the bot lets go of both worlds before they close, and they close when nobody can come in.
    """
    server = server_for(_one_port(runtime.http, stage.app))
    async with asyncio.TaskGroup() as serving:
        served = serving.create_task(server.serve(sockets=[listening]))
        await server.listening.wait()
        await stage.start()
        try:
            async with asyncio.TaskGroup() as working:
                await runtime.start(working)
                try:
                    yield served
                finally:
                    await _let_go(runtime)
        finally:
            await server.close_doors()
            await stage.stop()


async def _let_go(runtime: Runtime) -> None:
    if runtime.scheduler:
        runtime.scheduler.stop()
    runtime.stop.set()
    if runtime.socket:
        await runtime.socket.close()


async def _until(stop: asyncio.Event, serving: asyncio.Task[None]) -> None:
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


def _one_port(bot: AsgiApp, sandbox: AsgiApp) -> AsgiApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        serve = bot if path in BOT_PATHS or path.startswith(DASHBOARD) else sandbox
        await serve(scope, receive, send)

    return app


def demo_settings(options: argparse.Namespace, origin: str, data: Path) -> Settings:
    """Point the unchanged bot at the simulated counterparts; a model of your own takes precedence."""
    own = _OwnModel().ai
    simulated = AiModelSettings(
        base_url=f"{origin}/model/v1", model=MODEL, region="local", timeout_s=20, send_notes=True
    )
    model = AiModelSettings() if options.no_model else simulated
    return Settings(
        _env_file=None,
        database_url=f"sqlite:///{data / 'countersign.db'}",
        redis_url=None,
        organisation_file=_organisation(origin, data),
        policy_file=None,
        slack=SlackSettings(
            bot_token=SLACK_BOT_TOKEN,
            signing_secret=SLACK_SIGNING_SECRET,
            app_token=SLACK_APP_TOKEN if options.socket_mode else None,
            base_url=f"{origin}/slack-sim/api/",
        ),
        crm=CrmSettings(base_url=f"{origin}/crm/api/v1/", token=CRM_TOKEN, webhook_secret=WEBHOOK_SECRET),
        ai=own if own.is_configured else model,
    )


class _OwnModel(Settings):
    def _needed(self) -> list[tuple[str, object]]:
        return []


def _organisation(origin: str, data: Path) -> Path:
    shipped = (Path(__file__).parent.parent / "sandbox" / "organisation.yaml").read_text(encoding="utf-8")
    path = data / "organisation.yaml"
    path.write_text(shipped.replace("http://127.0.0.1:8000", origin), encoding="utf-8")
    return path
