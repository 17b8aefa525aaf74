"""`python -m tests.fuzz [--seconds N] [--seed N]`: anything at all, at every door and parser, for so long.

A door answers what it cannot use with a status below 500, a parser refuses it in its own words; whatever else
comes out is printed with the seed that leads there, and ends the run.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import httpx2
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from bot.cli.stage import CRM_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, WEBHOOK_SECRET
from bot.crm.webhook import Accepted, Rejected, read_structured
from bot.settings import CrmSettings, Settings, SlackSettings
from bot.wiring import build
from policy.events import CrmEventType
from policy.language import PolicyInvalidError, parse_policy

ORGANISATION = Path(__file__).parents[2] / "bot/sandbox/organisation.yaml"
POLICY = Path(__file__).parents[2] / "policy/default/policy.yaml"
NOWHERE = "http://127.0.0.1:9/"
ROUND = 60

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.fixed_dictionaries(
    {"specversion": st.just("1.0") | SCALARS, "id": st.text(max_size=600) | SCALARS, "source": SCALARS},
    optional={
        "type": st.sampled_from([each.value for each in CrmEventType]) | SCALARS,
        "subject": SCALARS,
        "time": st.just("2026-11-20T09:00:00Z") | SCALARS,
        "datacontenttype": st.just("application/json") | SCALARS,
        "data": st.dictionaries(st.sampled_from(["donor_id", "gift_id", "fields", "actor"]), JSON) | JSON,
    },
)
NAMES = ("type", "user", "team", "channel", "actions", "view", "container", "event", "message", "command")
KINDS = ("block_actions", "view_submission", "view_closed", "shortcut", "event_callback", "url_verification")
PAYLOADS = st.dictionaries(st.sampled_from(NAMES), JSON | st.sampled_from(KINDS), max_size=8)


class Found(Exception):
    """Something came out that must not."""


async def main(options: argparse.Namespace) -> int:
    """Go on until the time is over; return 1 when something was found."""
    logging.disable(logging.CRITICAL)
    until, random, tried = time.monotonic() + options.seconds, Random(options.seed), Counter[str]()
    print(f"seed {options.seed}, {options.seconds:.0f} s")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        runtime = await stack.enter_async_context(build(_settings(folder)))
        transport = httpx2.ASGITransport(app=runtime.http, raise_app_exceptions=True)
        client = httpx2.AsyncClient(transport=transport, base_url="http://bot")
        http = await stack.enter_async_context(client)
        while time.monotonic() < until:
            number = random.getrandbits(32)
            for name, values, check in _checks(http, asyncio.get_running_loop()):
                try:
                    await asyncio.to_thread(_round, values, check, number)
                except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
                    print(f"FOUND at {name} (seed {number}): {type(error).__name__}: {error}")
                    return 1
                tried[name] += ROUND
    print(", ".join(f"{count:,} at {name}" for name, count in tried.items()) + "; nothing found")
    return 0


def _settings(folder: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=f"sqlite:///{folder}/countersign.db",
        redis_url=None,
        organisation_file=ORGANISATION,
        slack=SlackSettings(bot_token=SLACK_BOT_TOKEN, signing_secret=SLACK_SIGNING_SECRET, base_url=NOWHERE),
        crm=CrmSettings(base_url=NOWHERE, token=CRM_TOKEN, webhook_secret=WEBHOOK_SECRET),
    )


def _round(values: st.SearchStrategy[Any], check: Callable[[Any], None], number: int) -> None:
    @seed(number)
    @settings(
        max_examples=ROUND,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(values)
    def run(value: Any) -> None:
        check(value)

    run()


Check = tuple[str, st.SearchStrategy[Any], Callable[[Any], None]]


def _checks(http: httpx2.AsyncClient, loop: asyncio.AbstractEventLoop) -> tuple[Check, ...]:
    def post(path: str, body: bytes, headers: dict[str, str]) -> None:
        answer = asyncio.run_coroutine_threadsafe(
            http.post(path, content=body, headers=headers), loop
        ).result(60)
        if answer.status_code >= 500:
            raise Found(f"{path} answered {answer.status_code} to {body[:300]!r}")

    def crm(document: Any) -> None:
        _crm(post, json.dumps(document).encode())

    def slack(payload: Any) -> None:
        _slack(post, urlencode({"payload": json.dumps(payload)}).encode())

    return (
        ("/crm/events, events", EVENTS, crm),
        ("/crm/events, bytes", st.binary(max_size=300), lambda body: _crm(post, body)),
        ("/slack/events, payloads", PAYLOADS, slack),
        ("/slack/events, bytes", st.binary(max_size=300), lambda body: _slack(post, body)),
        ("the CRM's event list", JSON, _listed),
        ("the policy language", _policies(), _policy),
    )


def _crm(post: Callable[[str, bytes, dict[str, str]], None], body: bytes) -> None:
    now = datetime.now(UTC)
    name = hashlib.sha256(body).hexdigest()
    try:
        signature = Webhook(WEBHOOK_SECRET.get_secret_value()).sign(name, now, body.decode())
    except UnicodeDecodeError:
        signature = "v1,bm90aGluZw=="
    headers = {
        "content-type": "application/cloudevents+json",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    post("/crm/events", body, headers)


def _slack(post: Callable[[str, bytes, dict[str, str]], None], body: bytes) -> None:
    stamp = str(int(time.time()))
    secret = SLACK_SIGNING_SECRET.get_secret_value().encode()
    signature = "v0=" + hmac.new(secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signature,
    }
    post("/slack/events", body, headers)


def _listed(item: Any) -> None:
    outcome = read_structured(json.dumps(item).encode())
    if not isinstance(outcome, Accepted | Rejected):
        raise Found(repr(outcome))


def _policies() -> st.SearchStrategy[str]:
    """The default policy with a piece replaced, and anything at all."""
    text = POLICY.read_text(encoding="utf-8")
    place = st.integers(0, len(text) - 1)
    cut = st.tuples(place, st.integers(0, 60), st.text(max_size=20))
    return st.text(max_size=200) | cut.map(lambda at: text[: at[0]] + at[2] + text[at[0] + at[1] :])


def _policy(text: str) -> None:
    try:
        parse_policy(text, "fuzz.yaml")
    except PolicyInvalidError:
        return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    sys.exit(asyncio.run(main(parser.parse_args())))
