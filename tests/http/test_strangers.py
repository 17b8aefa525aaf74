"""A flood of requests that prove nothing: it is turned away, and who is signed comes through beside it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from bot.http.strangers import Strangers, address_of
from bot.settings import AiModelSettings, CrmSettings, Settings, SlackSettings
from bot.wiring import Runtime, build
from tests.loop.staging import MASTER_KEY, ORGANISATION

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLACK_SECRET = "0123456789abcdef0123456789abcdef"
CRM_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PROXY = "10.0.0.1"
PER_MINUTE = 20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def runtime(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Runtime]:
    away = "http://127.0.0.1:1/"
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{tmp_path_factory.mktemp('strangers') / 'countersign.db'}",
        master_key=MASTER_KEY,
        organisation_file=ORGANISATION,
        strangers_per_minute=PER_MINUTE,
        trusted_proxies=PROXY,
        slack=SlackSettings.model_validate(
            {"bot_token": "xoxb-1", "signing_secret": SLACK_SECRET, "base_url": away}
        ),
        crm=CrmSettings.model_validate({"base_url": away, "webhook_secret": CRM_SECRET, "token": "t"}),
        ai=AiModelSettings(),
    )
    async with build(settings) as built:
        yield built


def _from(runtime: Runtime, address: str, behind: str = "") -> httpx2.AsyncClient:
    """Whoever speaks from *address*, which says that it speaks for somebody *behind* it."""
    transport = httpx2.ASGITransport(app=runtime.http, client=(address, 40000))
    headers = {"x-forwarded-for": behind} if behind else {}
    return httpx2.AsyncClient(transport=transport, base_url="http://bot", headers=headers)


def _slack(secret: str) -> tuple[bytes, dict[str, str]]:
    body, stamp = b'{"type":"url_verification","challenge":"hello"}', str(int(time.time()))
    computed = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    signed = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={computed}"}
    return body, signed | {"content-type": "application/json"}


def _crm(event_id: str) -> tuple[bytes, dict[str, str]]:
    now = datetime.now(UTC)
    body = json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": "/tests",
            "type": "email.opened",
            "subject": "donor-1",
            "time": now.isoformat(),
            "data": {"donor_id": "donor-1", "interaction_id": "interaction-1"},
        }
    )
    signed = {
        "content-type": "application/cloudevents+json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(CRM_SECRET).sign(event_id, now, body),
    }
    return body.encode(), signed


async def _flooded(http: httpx2.AsyncClient, method: str, door: str) -> list[httpx2.Response]:
    """Ask often without proving anything, and see that the bucket is what limits it."""
    body, wrong = _slack("f" * 32)
    began = time.monotonic()
    told = [await http.request(method, door, content=body, headers=wrong) for _ in range(PER_MINUTE * 2)]
    filled_again = (time.monotonic() - began) * PER_MINUTE / 60
    heard = [each.status_code != 429 for each in told]
    assert heard[:PER_MINUTE] == [True] * PER_MINUTE
    assert sum(heard) <= PER_MINUTE + filled_again + 1
    return [each for each in told if each.status_code == 429]


@pytest.mark.parametrize("door", ["/slack/events", "/crm/events"])
async def test_who_signs_comes_through_a_flood_from_the_same_address(runtime: Runtime, door: str) -> None:
    shared = f"198.51.100.{len(door)}"
    async with _from(runtime, PROXY, behind=shared) as http:
        refused = await _flooded(http, "POST", door)
        assert refused
        assert int(refused[-1].headers["retry-after"]) >= 1
        assert refused[-1].headers["x-content-type-options"] == "nosniff"
        body, signed = _slack(SLACK_SECRET)
        clicks = [await http.post("/slack/events", content=body, headers=signed) for _ in range(30)]
        assert {each.status_code for each in clicks} == {200}
        events = [_crm(f"{door}-{number}") for number in range(30)]
        accepted = [
            await http.post("/crm/events", content=content, headers=headers) for content, headers in events
        ]
        assert {each.status_code for each in accepted} == {202}


async def test_pages_are_refused_to_whoever_knocks_too_often_and_to_nobody_else(runtime: Runtime) -> None:
    async with _from(runtime, "203.0.113.7") as stranger, _from(runtime, "203.0.113.8") as other:
        assert await _flooded(stranger, "POST", "/dashboard/enter/none")
        assert (await stranger.get("/wp-login.php")).status_code == 429
        assert (await other.get("/wp-login.php")).status_code == 404
        assert (await stranger.get("/healthz")).status_code == 200
        metrics = (await stranger.get("/metrics")).text
    assert 'countersign_turned_away_total{door="other"}' in metrics
    assert "203.0.113" not in metrics


async def test_only_a_trusted_proxy_is_believed(runtime: Runtime) -> None:
    """Whoever names another address each time draws on one bucket all the same."""
    told = []
    for number in range(PER_MINUTE + 10):
        async with _from(runtime, "203.0.113.66", behind=f"192.0.2.{number}") as liar:
            told.append((await liar.get("/nothing")).status_code)
    assert 429 in told[PER_MINUTE:]
    async with _from(runtime, PROXY, behind="192.0.2.1") as believed:
        assert (await believed.get("/nothing")).status_code == 404


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_bucket_fills_again_and_memory_is_bounded() -> None:
    clock = Clock()
    strangers = Strangers(60, clock=clock, most=100)
    for _ in range(60):
        assert strangers.wait_s("a") == 0
        strangers.refused("a")
    assert strangers.wait_s("a") == 1
    clock.now += 1
    assert strangers.wait_s("a") == 0
    clock.now += 3600
    for _ in range(60):
        strangers.refused("a")
    assert strangers.wait_s("a") == 1, "no more than a full bucket was saved up"
    for number in range(10_000):
        strangers.refused(f"b{number}")
    assert len(strangers) == 100
    assert Strangers(6, clock=clock).wait_s("new") == 0


@pytest.mark.parametrize(
    ("client", "bucket"),
    [
        (("203.0.113.7", 1), "203.0.113.7"),
        (("::ffff:203.0.113.7", 1), "203.0.113.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("x" * 60_000, 1), "unknown"),
        (None, "unknown"),
    ],
)
async def test_whose_bucket_it_is(client: tuple[str, int] | None, bucket: str) -> None:
    assert address_of({"client": client}) == bucket
