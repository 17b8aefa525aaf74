"""What somebody might try at the doors of the whole service: none of it is understood, kept or given away."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from bot.cli.running import listen
from bot.counterparts import signing_secrets
from bot.heartbeat import Conditions
from bot.http import asgi, patience
from bot.refusals import LATELY_S, SEVERAL, Refusals
from bot.settings import AiModelSettings, CrmSettings, Settings, SlackSettings
from bot.slack.http import SlackEndpoint
from bot.wiring import build
from tests.loop.staging import MASTER_KEY, ORGANISATION, serving
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW, OLD = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
WEBHOOK = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HERE = str(Path(__file__).parents[2]).encode()
GIVEN_AWAY = (b"root:", b"PATH=", NEW.encode(), WEBHOOK.encode(), b"xoxb-", b"Traceback", HERE, b".py")
HARDENING = (b"x-content-type-options", b"cache-control", b"content-security-policy", b"referrer-policy")
METRICS = b"GET /metrics HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n\r\n"


@dataclass
class Service:
    port: int
    settings: Settings
    conditions: Conditions

    async def refuses_everything_of(self) -> list[str]:
        found = await self.conditions()
        return [sender for sender in ("slack", "crm") if found[f"{sender}_refused"]]

    async def said(self, *pieces: bytes) -> bytes:
        """Send *pieces* and return everything that comes until the other side hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        heard = b""
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            async with asyncio.timeout(PATIENCE_S):
                while part := await reader.read(65536):
                    heard += part
        except ConnectionResetError:
            pass
        finally:
            writer.close()
        return heard

    async def asked(self, line: bytes, headers: bytes = b"", body: bytes = b"") -> bytes:
        head = line + b" HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n" + headers
        return await self.said(head + b"\r\n" + body)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    away = "http://127.0.0.1:1/"
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{tmp_path_factory.mktemp('attacked') / 'countersign.db'}",
        master_key=MASTER_KEY,
        organisation_file=ORGANISATION,
        strangers_per_minute=0,
        slack=SlackSettings.model_validate(
            {
                "bot_token": "xoxb-1",
                "signing_secret": NEW,
                "previous_signing_secret": OLD,
                "base_url": away,
            }
        ),
        crm=CrmSettings.model_validate({"base_url": away, "webhook_secret": WEBHOOK, "token": "t"}),
        ai=AiModelSettings(),
    )
    async with (
        build(settings) as runtime,
        serving(runtime.http, listen("127.0.0.1", 0)) as origin,
    ):
        yield Service(int(origin.rpartition(":")[2]), settings, runtime.heartbeat.conditions)


def _status(said: bytes) -> int:
    return int(said.split(b" ", 2)[1])


ESCAPES = [
    b"/../../../../proc/self/environ",
    b"/%2e%2e/%2e%2e/%2e%2e/proc/self/environ",
    b"/..%2f..%2f..%2fproc%2fself%2fenviron",
    b"/dashboard/../../../etc/passwd",
    b"/dashboard/style.css/../../../../etc/passwd",
    b"/dashboard/enter/..%2f..%2f..%2fetc%2fpasswd",
    b"/dashboard/enter/%00%0d%0aset-cookie:%20a=b",
    b"/dashboard/enter/%3Cscript%3Ealert(1)%3C/script%3E",
    b"//etc/passwd",
    b"/....//....//etc/passwd",
    b"/static/..%5c..%5cwindows",
    b"/docs",
    b"/openapi.json",
    b"/.env",
    b"/dashboard/figures.csv?kind=../../etc/passwd",
    b"http://169.254.169.254/latest/meta-data/",
    b"/dashboard?next=https://evil.example/",
]


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("method", [b"GET", b"POST", b"TRACE"])
async def test_no_address_leads_out_of_the_service(service: Service, method: bytes, path: bytes) -> None:
    said = await service.asked(method + b" " + path)
    head = said.partition(b"\r\n\r\n")[0].lower()
    assert _status(said) in (200, 400, 401, 403, 404, 405)
    assert [each for each in GIVEN_AWAY if each in said] == []
    assert b"evil.example" not in said
    assert b"<script" not in said
    assert b"\r\nset-cookie" not in head
    assert b"\r\nlocation" not in head
    assert [each for each in HARDENING if each not in head and _status(said) != 400] == []


POST = b"POST /crm/events HTTP/1.1\r\nhost: bot\r\n"
SMUGGLED = [
    POST + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + b"content-length: 0\r\ncontent-length: 60\r\n\r\n",
    POST + b"content-length: +0\r\n\r\n",
    POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    POST + b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    POST + b"transfer-encoding: chunked\r\n\r\n0x0\r\n\r\n",
    POST + b"x: a\x00b\r\n\r\n",
    POST + b" x-folded: 1\r\n\r\n",
]


@pytest.mark.parametrize("first", SMUGGLED)
async def test_no_request_hides_behind_one_that_can_be_read_in_two_ways(
    service: Service, first: bytes
) -> None:
    said = await service.said(first + METRICS)
    assert b"countersign_" not in said, "the second one is answered to whoever sent the first"
    assert said.startswith(b"HTTP/1.1 4") or said == b""
    assert [each for each in GIVEN_AWAY if each in said] == []


@pytest.mark.parametrize("door", ["/crm/events", "/slack/events"])
async def test_a_body_that_trickles_in_is_not_waited_for(
    service: Service, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "LONGEST_BODY_S", 0.1)
    head = f"POST {door} HTTP/1.1\r\nhost: bot\r\ncontent-length: 100\r\n".encode()
    signed = f"x-slack-request-timestamp: {int(time.time())}\r\nx-slack-signature: v0={'a' * 64}\r\n\r\n"
    assert _status(await service.said(head + signed.encode() + b"{")) == 408


@pytest.mark.parametrize("path", ["/healthz", "/dashboard", "/nowhere"])
async def test_a_body_that_nobody_reads_does_not_hold_the_connection(
    service: Service, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST_BODY_S", 0.2)
    head = f"GET {path} HTTP/1.1\r\nhost: bot\r\ncontent-length: 100\r\n\r\n{{".encode()
    assert 200 <= _status(await service.said(head)) < 500, "it is answered, and then hung up on"


async def _from_slack(service: Service, secret: str, age: int = 0, tampered: bytes = b"") -> int:
    body = urlencode({"payload": '{"type": "nothing_we_know"}'}).encode()
    stamp = str(int(time.time()) - age)
    signed = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = (
        f"content-type: application/x-www-form-urlencoded\r\nx-slack-request-timestamp: {stamp}\r\n"
        f"x-slack-signature: v0={signed}\r\ncontent-length: {len(body + tampered)}\r\n"
    )
    return _status(await service.asked(b"POST /slack/events", headers.encode(), body + tampered))


async def test_while_slacks_secret_is_replaced_both_are_good_and_nothing_else(service: Service) -> None:
    good = await _from_slack(service, NEW)
    assert good not in (401, 403)
    assert await _from_slack(service, OLD) == good
    for refused in (
        await _from_slack(service, "another"),
        await _from_slack(service, NEW, age=301),
        await _from_slack(service, OLD, age=301),
        await _from_slack(service, NEW, age=-400),
        await _from_slack(service, NEW, tampered=b"&more=1"),
        await _from_slack(service, OLD, tampered=b"&more=1"),
    ):
        assert refused == 401


async def test_a_secret_that_was_replaced_counts_no_longer() -> None:
    both = SlackSettings.model_validate(
        {"bot_token": "x", "signing_secret": NEW, "previous_signing_secret": OLD}
    )
    app: Any = None
    assert len(SlackEndpoint(app, signing_secrets(both))._verifiers) == 2
    alone = both.model_copy(update={"previous_signing_secret": None})
    assert signing_secrets(alone) == (NEW,)


async def _from_the_crm(service: Service, secret: str) -> int:
    now, body = datetime.now(UTC), "no event"
    signature = Webhook(secret).sign("e-1", now, body)
    headers = (
        f"content-type: application/json\r\nwebhook-id: e-1\r\nwebhook-timestamp: {int(now.timestamp())}\r\n"
        f"webhook-signature: {signature}\r\ncontent-length: {len(body)}\r\n"
    )
    return _status(await service.asked(b"POST /crm/events", headers.encode(), body.encode()))


async def test_it_is_known_when_everything_a_sender_signs_is_refused(service: Service) -> None:
    assert (await _from_slack(service, NEW), await service.refuses_everything_of()) == (200, [])
    unsigned = [await service.asked(b"POST /slack/events"), await service.asked(b"POST /crm/events")]
    assert {_status(each) for each in unsigned * SEVERAL} == {401}
    for _ in range(SEVERAL):
        assert await service.refuses_everything_of() == []
        assert await _from_the_crm(service, WEBHOOK.replace("M", "N")) == 401
    assert await service.refuses_everything_of() == ["crm"]
    for _ in range(SEVERAL):
        assert await service.refuses_everything_of() == ["crm"]
        assert await _from_slack(service, NEW, tampered=b"&more=1") == 401
    assert await service.refuses_everything_of() == ["slack", "crm"]
    assert (await _from_slack(service, OLD), await service.refuses_everything_of()) == (200, ["crm"])
    assert (await _from_the_crm(service, WEBHOOK), await service.refuses_everything_of()) == (400, [])


async def test_what_was_refused_long_ago_says_nothing_of_now() -> None:
    now = 0.0
    refusals = Refusals(lambda: now)
    for _ in range(SEVERAL):
        refusals.refused()
    now = LATELY_S - 1
    assert refusals.is_everything
    now = LATELY_S
    assert not refusals.is_everything


async def test_nothing_of_this_was_kept(service: Service) -> None:
    path = service.settings.database_url.removeprefix("sqlite+aiosqlite:///").removeprefix("sqlite:///")
    assert b"nothing_we_know" not in Path(path).read_bytes()
