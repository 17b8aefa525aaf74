"""Starts `countersign` quickly and often: everything is imported once, each process of it is a fork of that.

Reads a JSON object per line: {"start": [arguments], "environment", "folder", "said", "log"} answers
{"pid"}, {"await": pid} answers {"signal", "code"} once that has ended; "ready" comes before everything.
*said* gets what a bot prints, *log* what it complains of. Each is a process of its own and can be killed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config  # noqa: F401
import anyio._backends._asyncio  # noqa: F401
import apscheduler.executors.asyncio  # noqa: F401
import asyncpg  # noqa: F401
import google.protobuf.text_format  # noqa: F401
import holidays.countries  # noqa: F401
import httpcore2  # noqa: F401
import sqlalchemy.dialects.postgresql.asyncpg  # noqa: F401
import truststore  # noqa: F401
import uvicorn.protocols.http.httptools_impl
import uvicorn.protocols.websockets.websockets_sansio_impl  # noqa: F401
import uvloop  # noqa: F401

import bot.cli.serve
import bot.wiring  # noqa: F401
import storage.postgresql
import storage.sqlite  # noqa: F401
from bot.cli import _parser, main


def _live_by(file: str) -> None:
    """Set the machine's clock off by as many seconds as *file* says, for all that asks for the time."""
    import time
    from datetime import UTC, datetime, timedelta
    from types import SimpleNamespace

    import slack_sdk.signature

    import bot.clock
    import bot.http.crm_events

    def off() -> float:
        try:
            return float(Path(file).read_text() or 0)
        except (OSError, ValueError):
            return 0.0

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=off())

    bot.clock.SystemClock.now = lambda _self: Shifted.now(UTC)  # type: ignore[method-assign]
    slack_sdk.signature.Clock.now = lambda _self: time.time() + off()  # type: ignore[method-assign]
    shifted = SimpleNamespace(time=lambda: time.time() + off())
    bot.http.crm_events.time = shifted  # type: ignore[assignment]


def _tell(*_: object) -> None:
    """Print what every task is waiting for, when whoever looks on asks why nothing goes on."""
    for task in list(asyncio.tasks._all_tasks):  # type: ignore[attr-defined]
        task.print_stack(file=sys.stderr)
    sys.stderr.flush()


def _be_a_bot(arguments: list[str], environment: dict[str, str], folder: str, said: str, log: str) -> None:
    os.setsid()
    os.chdir(folder)
    for stream, path in enumerate((os.devnull, said, log)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), stream)
    os.environ.update(environment)
    signal.signal(signal.SIGUSR1, _tell)
    if clock := os.environ.pop("FAULTS_CLOCK", ""):
        _live_by(clock)
    sys.stdout, sys.stderr = (os.fdopen(each, "w", 1, closefd=False) for each in (1, 2))
    try:
        code = main(arguments)
    except BaseException:  # noqa: BLE001 - whatever ended it belongs into its log
        sys.excepthook(*sys.exc_info())
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _start(order: dict[str, Any]) -> dict[str, int]:
    arguments = order["start"]
    import_module(_parser().parse_args(arguments).module)
    pid = os.fork()
    if pid == 0:
        _be_a_bot(arguments, order["environment"], order["folder"], order["said"], order["log"])
    return {"pid": pid}


def _await(pid: int) -> dict[str, int | None]:
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status)
    return {
        "signal": os.WTERMSIG(status) if killed else None,
        "code": None if killed else os.WEXITSTATUS(status),
    }


def _serve() -> None:
    gc.collect()
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        answer = _start(order) if "start" in order else _await(order["await"])
        print(json.dumps(answer), flush=True)


_serve()
