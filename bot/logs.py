"""Structured logs: one JSON object a line, codes and references only, never a payload."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import walk_tb
from types import TracebackType

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_PACKAGES = ("bot", "handlers", "policy", "storage")
_NEVER_BELOW_INFO = (
    "slack_sdk",
    "slack_bolt",
    "openai",
    "httpx2",
    "httpcore2",
    "aiohttp",
    "apscheduler",
    "alembic",
    "uvicorn",
    "opentelemetry",
    "redis",
    "urllib3",
)


CORRELATION: ContextVar[str] = ContextVar("correlation_id", default="")
"""What is being worked on: every line that is logged meanwhile names it, whoever logs it."""


class JsonLines(logging.Formatter):
    """Spells a record as JSON; of an exception only its class and place, since its text may hold data."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if correlation_id := CORRELATION.get():
            line["correlation_id"] = correlation_id
        line |= {k: v for k, v in vars(record).items() if k not in _OWN}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["where"] = place_of(record.exc_info[2])
        return json.dumps(line, default=str, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    """Return what is said; of what nobody awaited, or called back, without what it was given or raised."""
    said = record.getMessage()
    return said.partition("\n")[0].partition("(")[0] if record.name == "asyncio" else said


def place_of(traceback: TracebackType | None) -> str:
    """Return the file and line that a traceback ends with, in our own code where any of it is."""
    frames = [
        (each.f_globals.get("__name__", ""), each.f_code.co_filename, at) for each, at in walk_tb(traceback)
    ]
    own = [each for each in frames if each[0].partition(".")[0] in _PACKAGES]
    _, file, line = (own or frames or [("", "", 0)])[-1]
    return f"{file.rpartition('/')[2]}:{line}" if file else ""


def configure_logs(level: str) -> None:
    """Send structured logs to standard error; libraries stay quiet below warnings of their own."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NEVER_BELOW_INFO:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of every look that a slow database makes it leave out; the next one sees the same.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
