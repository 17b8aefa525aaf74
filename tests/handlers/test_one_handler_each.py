"""Everything that can arrive or leave has exactly one handler, and one handler alone writes to the CRM."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from handlers.commands import Command
from handlers.effects import Effect
from handlers.tables import ARRIVALS, DEPARTURES

ROOT = Path(__file__).parent.parent.parent


def _members(union: Any) -> set[type]:
    return set(get_args(get_args(union)[0]))


@pytest.mark.parametrize(("union", "table"), [(Command, ARRIVALS), (Effect, DEPARTURES)], ids=["in", "out"])
def test_each_has_exactly_one_handler(union: Any, table: dict[type, Any]) -> None:
    assert set(table) == _members(union)
    assert len(set(table.values())) == len(table), "no handler does two things"


def test_no_two_kinds_share_a_name() -> None:
    names = [member.model_fields["type"].default for member in _members(Command) | _members(Effect)]
    assert len(names) == len(set(names))


@cache
def _methods_called(folder: str) -> list[tuple[str, ast.Attribute]]:
    """Every call of a method below *folder*: the file and what is called."""
    return [
        (str(path.relative_to(ROOT)), node.func)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


def _calls(folder: str, method: str) -> Iterator[tuple[str, str]]:
    """Every call of *method* below *folder*: the file and what it is called on."""
    for path, called in _methods_called(folder):
        if called.attr == method:
            yield path, ast.unparse(called.value)


def test_one_place_alone_executes_actions() -> None:
    in_handlers = list(_calls("handlers", "execute"))
    assert in_handlers == [("handlers/execution/execute_action.py", "context.crm")]
    own_sandbox = {
        c for c in _calls("bot", "execute") if c[0].startswith("bot/sandbox/") or "connection" in c[1]
    }
    delegating = {("bot/crm/rest.py", "self._writes")}
    assert set(_calls("bot", "execute")) - own_sandbox == delegating


def test_one_place_alone_takes_actions_back() -> None:
    assert list(_calls("handlers", "undo")) == [("handlers/execution/take_back.py", "context.crm")]


def test_requests_that_write_leave_through_one_door() -> None:
    """The CRM's adapter has one function that sends a write, and only writing and undoing call it."""
    writers = {path for path, on in _calls("bot", "write") if on == "self._wire"}
    assert writers <= {"bot/crm/writes.py", "bot/crm/undoing.py"}
    sending = [
        (path, on)
        for method in ("request", "post", "put", "patch", "delete", "send")
        for path, on in _calls("bot/crm", method)
        if not on.startswith("tx.")
    ]
    assert sending == [("bot/crm/wire.py", "self._session")]


def test_no_handler_knows_slack_or_http() -> None:
    foreign = {
        "slack_sdk",
        "slack_bolt",
        "aiohttp",
        "httpx2",
        "fastapi",
        "starlette",
        "openai",
        "sqlalchemy",
        "bot",
    }
    for path in sorted((ROOT / "handlers").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.partition(".")[0] for name in names} & foreign, f"{path.name}: {names}"
