"""The doors that are measured, and the plain way to build each, as servers of their own.

    python -m tests.bench.doors countersign|plain PORT DATABASE_URL

*countersign* is the whole wiring with its queues at rest: what a door costs, without the work behind it.
*plain* is what a quick start leads to: Bolt as it comes behind FastAPI, a typed body with the signature as a
dependency, and SQLAlchemy's async session with a commit for each request. Both run on the same server with
uvloop and a frozen heap, and promise the same: SQLite with a write-ahead log and `synchronous=FULL`,
PostgreSQL with the server's own settings. The plain way has what makes it fastest: one connection to SQLite,
so that nobody fights over its lock, and ten to PostgreSQL.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import uvloop
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, SecretStr
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy import String, UniqueConstraint, event, make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from standardwebhooks import Webhook, WebhookVerificationError

from bot.cli.running import listen, server_for
from bot.cli.stage import CRM_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, WEBHOOK_SECRET
from bot.http.asgi import AsgiApp
from bot.settings import CrmSettings, Settings, SlackSettings
from bot.wiring import build

HOST = "127.0.0.1"
ORGANISATION = Path(__file__).parents[2] / "bot/sandbox/organisation.yaml"
REDIS = "COUNTERSIGN_TEST_REDIS_URL"
NOWHERE = "http://127.0.0.1:9/"
Sessions = async_sessionmaker[AsyncSession]


async def countersign(port: int, url: str) -> None:
    """Serve the product's own doors, beside PostgreSQL with the tests' Redis; nothing is worked on."""
    settings = Settings(
        _env_file=None,
        database_url=url,
        redis_url=os.environ.get(REDIS) if url.startswith("postgresql") else None,
        master_key=SecretStr(base64.b64encode(bytes(32)).decode()),
        organisation_file=ORGANISATION,
        slack=SlackSettings(bot_token=SLACK_BOT_TOKEN, signing_secret=SLACK_SIGNING_SECRET, base_url=NOWHERE),
        crm=CrmSettings(base_url=NOWHERE, token=CRM_TOKEN, webhook_secret=WEBHOOK_SECRET),
    )
    async with build(settings) as runtime:
        await _serve(runtime.http, port)


async def plain(port: int, url: str) -> None:
    """Serve the plain way."""
    engine = _engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(_Base.metadata.create_all)
    sessions = async_sessionmaker(engine)
    app = FastAPI()
    _plain_slack(app, sessions)
    _plain_events(app, sessions)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    await _serve(app, port)


async def _serve(app: AsgiApp, port: int) -> None:
    gc.collect()
    gc.freeze()
    await server_for(app).serve(sockets=[listen(HOST, port)])


class _Base(DeclarativeBase):
    pass


class _Arrived(_Base):
    __tablename__ = "arrived"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    body: Mapped[str]


class _CrmEvent(BaseModel):
    id: str
    source: str
    type: str
    subject: str | None = None
    data: dict[str, Any]


def _engine(url: str) -> AsyncEngine:
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        return create_async_engine(address.set(drivername="postgresql+asyncpg"), pool_size=10, max_overflow=0)
    engine = create_async_engine(address.set(drivername="sqlite+aiosqlite"), pool_size=1, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    return engine


async def _keep(sessions: Sessions, source: str, key: str, body: str) -> None:
    try:
        async with sessions() as session:
            session.add(_Arrived(source=source, key=key, body=body))
            await session.commit()
    except IntegrityError:
        return


def _plain_slack(app: FastAPI, sessions: Sessions) -> None:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=SLACK_BOT_TOKEN.get_secret_value()
        )

    bolt = AsyncApp(signing_secret=SLACK_SIGNING_SECRET.get_secret_value(), authorize=authorize)

    @bolt.command("/donor")
    async def donor(ack: Any, body: dict[str, Any]) -> None:
        await _keep(sessions, "slack", body["trigger_id"], json.dumps(body))
        await ack()

    @bolt.action(re.compile("^cs:"))
    async def clicked(ack: Any, body: dict[str, Any]) -> None:
        await _keep(sessions, "slack", body["trigger_id"], json.dumps(body))
        await ack()

    handler = AsyncSlackRequestHandler(bolt)

    @app.post("/slack/events")
    async def slack_events(request: Request) -> Any:
        return await handler.handle(request)


def _plain_events(app: FastAPI, sessions: Sessions) -> None:
    webhook = Webhook(WEBHOOK_SECRET.get_secret_value())

    async def signed(request: Request) -> None:
        try:
            webhook.verify(await request.body(), dict(request.headers))
        except WebhookVerificationError:
            raise HTTPException(401) from None

    @app.post("/crm/events", status_code=202, dependencies=[Depends(signed)])
    async def crm_events(received: _CrmEvent) -> dict[str, str]:
        await _keep(sessions, received.source, received.id, received.model_dump_json())
        return {"status": "accepted"}


if __name__ == "__main__":
    uvloop.run({"countersign": countersign, "plain": plain}[sys.argv[1]](int(sys.argv[2]), sys.argv[3]))
