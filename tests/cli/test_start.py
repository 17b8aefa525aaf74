"""What a start loads: nothing that it does not use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
HEAVY = frozenset(
    {
        "aiohttp",
        "alembic",
        "apscheduler",
        "asyncpg",
        "cel_expr_python",
        "cloudevents",
        "fastapi",
        "httpx2",
        "openai",
        "pydantic",
        "redis",
        "rich",
        "slack_bolt",
        "slack_sdk",
        "sqlalchemy",
        "starlette",
        "uvicorn",
        "uvloop",
        "yaml",
    }
)
HELP = """
import json, sys
from bot.cli import main
try:
    main(["--help"])
except SystemExit:
    pass
print("\\n" + json.dumps(sorted(sys.modules)))
"""
COMMAND = """
import json, sys
from importlib import import_module
import_module("bot.cli.{command}")
print(json.dumps(sorted(sys.modules)))
"""
SERVICE = """
import asyncio, json, sys
from bot.cli import serve
from bot.cli.loading import load_settings
from bot.wiring import build

async def start():
    async with build(load_settings()) as runtime, asyncio.TaskGroup() as tasks:
        await runtime.start(tasks)
        runtime.stop.set()

asyncio.run(start())
print("\\n" + json.dumps(sorted(sys.modules)))
"""


def loaded(program: str, **environment: str) -> set[str]:
    """Run *program* in an interpreter of its own and return the modules that it ends with."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=clean | environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def settings(directory: Path, **more: str) -> dict[str, str]:
    nowhere = "http://127.0.0.1:9/"
    return {
        "COUNTERSIGN_DATABASE_URL": f"sqlite:///{directory / 'countersign.db'}",
        "COUNTERSIGN_ORGANISATION_FILE": str(ROOT / "bot/sandbox/organisation.yaml"),
        "COUNTERSIGN_SLACK__BOT_TOKEN": "xoxb-test",
        "COUNTERSIGN_SLACK__SIGNING_SECRET": "0123456789abcdef",
        "COUNTERSIGN_SLACK__BASE_URL": nowhere,
        "COUNTERSIGN_CRM__BASE_URL": nowhere,
        "COUNTERSIGN_CRM__TOKEN": "token",
        "COUNTERSIGN_CRM__WEBHOOK_SECRET": "whsec_c2ltdWxhdGVkLXdlYmhvb2stc2VjcmV0LTAwMDE=",
        **more,
    }


def test_help_loads_no_library() -> None:
    assert loaded(HELP) & HEAVY == set()


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_a_command_that_looks_loads_neither_server_nor_handlers(command: str) -> None:
    unused = {"uvicorn", "slack_bolt", "handlers.tables", "handlers.proposals.escalate", "handlers.effects"}
    assert loaded(COMMAND.format(command=command)) & unused == set()


def test_the_service_loads_only_what_it_is_set_up_to_use(tmp_path: Path) -> None:
    unused = {"openai", "rich", "redis", "asyncpg", "bot.sandbox"}
    assert loaded(SERVICE, **settings(tmp_path)) & unused == set()
    assert loaded(SERVICE, **settings(tmp_path)) & (unused | {"alembic"}) == set(), "when it is started again"
