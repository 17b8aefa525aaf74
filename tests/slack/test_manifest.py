"""The manifest people paste into Slack asks for what the code uses: no more, no less."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.sandbox.slack.api.endpoint import METHODS
from bot.slack.prompts import PROMPTS
from bot.slack.requests import request
from bot.slack.scopes import COMMAND_SCOPES, EVENTS_AND_SCOPES, METHODS_AND_SCOPES
from handlers.commands import ChatUser, HelpRequested, ReplyAddress
from tests.slack.conftest import Door

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
METHOD = re.compile(r"(?:assistant|auth|chat|conversations|files|users|views)\.[a-zA-Z.]+")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "manifest.yml").read_text("utf-8")))


def methods_in_the_code() -> set[str]:
    found: set[str] = set()
    for module in (ROOT / "bot" / "slack").rglob("*.py"):
        if module.name == "scopes.py":
            continue
        literals = (
            node.value
            for node in ast.walk(ast.parse(module.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        found |= {text for text in literals if METHOD.fullmatch(text)}
    return found


def test_slack_accepts_the_manifest(manifest: dict[str, Any]) -> None:
    schema = json.loads((HERE / "data" / "manifest.schema.2.0.0.json").read_text("utf-8"))
    problems = [e.message for e in jsonschema.Draft7Validator(schema).iter_errors(manifest)]
    assert problems == []


def test_every_method_called_is_known_with_its_scopes() -> None:
    assert methods_in_the_code() == set(METHODS_AND_SCOPES)


def test_the_simulated_slack_is_content_with_these_scopes() -> None:
    for method, scopes in METHODS_AND_SCOPES.items():
        accepted = set(METHODS[method].scopes)
        assert not accepted or accepted & scopes, method


def test_the_scopes_are_the_ones_used(manifest: dict[str, Any]) -> None:
    used = COMMAND_SCOPES.union(*METHODS_AND_SCOPES.values(), *EVENTS_AND_SCOPES.values())
    assert manifest["oauth_config"]["scopes"]["bot"] == sorted(used)
    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}


async def test_the_events_are_the_ones_handled(manifest: dict[str, Any], door: Door) -> None:
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == sorted(EVENTS_AND_SCOPES)
    for number, event in enumerate(EVENTS_AND_SCOPES):
        kind = event.partition(".")[0]
        body = {"type": kind, "user": "U1", "channel": "D1" if kind == "message" else "C1", "ts": "1.1"}
        answer = await door.event(body | {"text": "help", "tab": "home"}, event_id=f"Ev{number}")
        assert answer.status_code == 200
    asked = [command.type for command, _ in door.inbox.arrived]
    assert asked == ["home", "help", "help"]


def test_the_command_is_the_one_the_help_names(manifest: dict[str, Any]) -> None:
    [command] = manifest["features"]["slash_commands"]
    assert command["command"] == "/donor"
    assert command["should_escape"]


def test_the_suggestions_lead_somewhere(manifest: dict[str, Any]) -> None:
    suggested = manifest["features"]["agent_view"]["suggested_prompts"]
    assert [(p["title"], p["message"]) for p in suggested] == list(PROMPTS)
    to = ReplyAddress(channel_id="D1", user_id="U1")
    for _, written in PROMPTS:
        asked = request(written, ChatUser(id="U1"), to)
        assert not isinstance(asked, HelpRequested) or not asked.unknown


def test_socket_mode_needs_no_public_address(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["socket_mode_enabled"]
    assert "request_url" not in json.dumps(manifest)
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
