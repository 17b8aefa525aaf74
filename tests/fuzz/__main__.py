"""`python -m tests.fuzz [--seconds N] [--seed N]`: anything at all, at every door and parser, for so long.

Hypothesis goes through the signed doors and the parsers, schemathesis through every address by its OpenAPI
description, and atheris, where it is installed, steers by what of the parsers it has reached. A door answers
what it cannot use with a status below 500, a parser refuses it in its own words; whatever else comes out is
printed with the seed that leads there, and ends the run.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import logging
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import httpx2
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from bot.cli.running import listen
from bot.cli.stage import SLACK_SIGNING_SECRET, WEBHOOK_SECRET
from bot.crm.webhook import Accepted, Rejected, read_structured
from bot.http.dashboard import Dashboard
from bot.http.metrics import Metrics
from bot.http.pages import pages
from bot.wiring import Runtime, build
from policy.events import CrmEventType
from policy.language import PolicyInvalidError, parse_policy
from tests.fuzz.addresses import ask, requests
from tests.fuzz.parsers import PARSERS, Parser
from tests.loop.staging import MARA, bot_settings, open_staging, organisation_file, origin_of, serving

POLICY = Path(__file__).parents[2] / "policy/default/policy.yaml"
ROUND = 60
STARTING_S, ENDING_S = 90.0, 20.0
"""So long may the steered part need before it begins and after its time is over: it instruments what it
loads, which takes a busy machine most of a minute, and looks at its clock between inputs only."""

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
KINDS = (
    "block_actions",
    "view_submission",
    "view_closed",
    "shortcut",
    "block_suggestion",
    "event_callback",
    "url_verification",
)
PAYLOADS = st.dictionaries(st.sampled_from(NAMES), JSON | st.sampled_from(KINDS), max_size=8)


class Found(Exception):
    """Something came out that must not."""


class _OverError(BaseException):
    """The time is over; no Exception, which hypothesis would take for a finding."""


class _Bounded:
    """A check that ends its round when the time is over, and remembers what was found by then."""

    def __init__(self, check: Callable[[Any], None], until: float) -> None:
        self._check, self._until = check, until
        self.tried = 0
        self.found: Exception | None = None

    def __call__(self, value: Any) -> None:
        if time.monotonic() > self._until:
            raise _OverError
        self.tried += 1
        try:
            self._check(value)
        except Exception as error:
            self.found = error
            raise


async def main(options: argparse.Namespace) -> int:
    """Go on until the time is over; return 1 when something was found."""
    logging.disable(logging.CRITICAL)
    print(f"seed {options.seed}, {options.seconds:.0f} s", flush=True)
    until = time.monotonic() + options.seconds
    steered = 0.0 if find_spec("atheris") is None or options.only else options.seconds / 3
    if steered and not _steered(int(steered), options.seed):
        return 1
    random, tried = Random(options.seed), Counter[str]()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        listening = listen("127.0.0.1", 0)
        stage = await stack.enter_async_context(open_staging(origin_of(listening)))
        organisation = organisation_file(Path(folder), stage.origin)
        settings_ = bot_settings(stage, f"sqlite:///{folder}/countersign.db", organisation)
        runtime = await stack.enter_async_context(build(settings_))
        origin = await stack.enter_async_context(serving(runtime.http, listening))
        transport = httpx2.ASGITransport(app=runtime.http, raise_app_exceptions=True)
        client = httpx2.AsyncClient(transport=transport, base_url="http://bot")
        http = await stack.enter_async_context(client)
        addresses = (
            "every address",
            requests(pages(Metrics.__new__(Metrics), Dashboard(runtime.context, str))),
            partial(ask, origin=origin, session=await _session(runtime)),
        )
        until = max(until, time.monotonic() + options.seconds / 3)  # however long it took to come here
        while time.monotonic() < until:
            number = random.getrandbits(32)
            checks = [*_checks(http, asyncio.get_running_loop()), addresses]
            for name, values, check in random.sample(checks, len(checks)):
                if options.only not in name or time.monotonic() > until:
                    continue
                bounded = _Bounded(check, until)
                try:
                    await asyncio.to_thread(_round, values, bounded, number)
                except (Exception, _OverError) as error:  # noqa: BLE001 - whatever it is, it is what we look for
                    if found := bounded.found if isinstance(error, _OverError) else error:
                        print(f"FOUND at {name} (seed {number}): {type(found).__name__}: {found}")
                        return 1
                tried[name] += bounded.tried
    print(", ".join(f"{count:,} at {name}" for name, count in tried.items()) + "; nothing found")
    return 0


def _steered(seconds: int, seed_: int) -> bool:
    """Let atheris look for so long, in a process of its own; say whether it found nothing."""
    command = [sys.executable, "-m", "tests.fuzz.coverage", "--seconds", str(seconds), "--seed", str(seed_)]
    with TemporaryDirectory() as folder:
        told, said = Path(folder) / "told", Path(folder) / "said"
        with told.open("wb") as out, said.open("wb") as err:
            process = subprocess.Popen(command, stdout=out, stderr=err)
            began = _came(process, STARTING_S, so=lambda: told.stat().st_size > 0)
            ended = began and _came(process, seconds + ENDING_S)
            if not ended:
                process.kill()
                process.wait()
        heard, complaint = told.read_text(), said.read_text(errors="replace")
    if ended and process.returncode:
        print(f"FOUND by atheris (seed {seed_}):\n{heard[-1000:]}{complaint[-3000:]}")
        return False
    print(_how_much(heard, complaint, began=began, ended=ended), flush=True)
    return True


def _came(
    process: subprocess.Popen[bytes], seconds: float, *, so: Callable[[], bool] = lambda: False
) -> bool:
    """Wait until *process* has ended or it is *so*; False when neither comes in time."""
    until = time.monotonic() + seconds
    while process.poll() is None and not so():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _how_much(heard: str, complaint: str, *, began: bool, ended: bool) -> str:
    """Say how many inputs were tried, by what the process itself has told so far."""
    if not began:
        return f"atheris had not begun after {STARTING_S:.0f} s: nothing was steered"
    final = re.search(r"number_of_executed_units: (\d+)", complaint)
    tried = int(final[1] if final else heard.rsplit(maxsplit=1)[-1])
    return (
        f"{tried:,} steered by atheris" if ended else f"atheris was cut off after at least {tried:,} steered"
    )


async def _session(runtime: Runtime) -> str:
    """Open a manager's session at the dashboard."""
    now = runtime.context.clock.now()
    await runtime.context.database.write(lambda tx: tx.dashboard.offer("link", MARA, now))
    await runtime.context.database.write(lambda tx: tx.dashboard.open("link", "session", now))
    return "session"


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
        *((each.name, _near(each), each.try_with) for each in PARSERS),
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


def _near(parser: Parser) -> st.SearchStrategy[bytes]:
    """What *parser* understands with a piece replaced, and anything at all."""

    def near(example: bytes) -> st.SearchStrategy[bytes]:
        cut = st.tuples(st.integers(0, len(example)), st.integers(0, 30), st.binary(max_size=20))
        return cut.map(lambda at: example[: at[0]] + at[2] + example[at[0] + at[1] :])

    return st.binary(max_size=200) | st.sampled_from(parser.examples).flatmap(near)


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
    parser.add_argument("--only", default="", help="only what has this in its name")
    sys.exit(asyncio.run(main(parser.parse_args())))
