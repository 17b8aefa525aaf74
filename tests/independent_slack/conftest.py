"""The real service as a process, beside a Slack that knows nothing of it and a CRM in this process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import yaml

from bot.cli.running import listen, server_for
from bot.sandbox.crm.app import CrmSandboxConfig, SandboxCrm, build_crm
from bot.sandbox.crm.model import Consent, Donor, Staff, World
from bot.sandbox.crm.rollups import rollups_of
from tests.collector import Collected, collecting
from tests.forked import Nursery, is_running
from tests.independent_slack.payloads import (
    action_on,
    block_actions,
    event_callback,
    slash_command,
    written,
)
from tests.independent_slack.plain_slack import PlainSlack
from tests.independent_slack.workspace import (
    APP_TOKEN,
    BOT_ID,
    BOT_TOKEN,
    BOT_USER,
    SECRET,
    TEAM,
    Ack,
    Channel,
    Json,
)
from tests.patience import PATIENCE_S

GLANCE_S = 0.01
PRESSES = 5
CRM_TOKEN, WEBHOOK_SECRET = "another-crm-token", "whsec_YW5vdGhlci13ZWJob29rLXNlY3JldC0wMDAwMDAwMQ=="

ADA, BEN, CLEO, DORA, FINN = "U7ADA", "U7BEN", "U7CLEO", "U7DORA", "U7FINN"
GIL, HANA, IVY, JON, KIM, LEV, MIA = "U7GIL", "U7HANA", "U7IVY", "U7JON", "U7KIM", "W7LEV", "U7MIA"
ADAS, BENS, HANAS, DESK, LOUNGE = "C7ADA", "C7BEN", "C7HANA", "C7DESK", "C7LOUNGE"
SECRET_ROOM, PARTNERS, BETWEEN_TWO = "C7SECRET", "C7PARTNERS", "D7BETWEEN"

LONERS = {f"loner{n}": f"U7LONER{n}" for n in range(1, 24)}
"""Owners without a channel: each gets cards in direct messages of their own, so that none waits its turn."""
OWNERS = {"ada": ADA, "ben": BEN, "cleo": CLEO, "gil": GIL, "hana": HANA, "faye": ""} | LONERS
DONORS = {
    "Nora Birch": "ada",
    "Otto Cedar": "ada",
    "Pia Dogwood": "ada",
    "Quin Elder": "ada",
    "Rosa Fir": "ada",
    "Sven Gorse": "ada",
    "Tess Hazel": "ada",
    "Uma Ivy": "ada",
    "Vera Juniper": "ada",
    "Wim Kapok": "ada",
    "Xenia Larch": "ada",
    "Yves Maple": "ada",
    "Zoe Nutmeg": "ada",
    "Abel Oak": "ben",
    "Bea Pine": "ben",
    "Cara Quince": "cleo",
    "Dan Rowan": "gil",
    "Eva Spruce": "hana",
    "Fritz Teak": "faye",
    "Gwen Umber": "ada",
    "Alex Willow": "ada",
    "Alex Willow-Yew": "ada",
    "Fig One": "ada",
    "Fig Two": "ada",
    "Fig Three": "ada",
    "Fig Four": "ada",
    "Fig Five": "ada",
    "Fig Six": "ada",
    "Fig Seven": "ada",
    "Gum One": "ada",
    "Hal Yarrow": "ada",
} | {f"Ash Number{n}": f"loner{n}" for n in range(1, 24)}


def mail(name: str) -> str:
    return f"{name}@north.example"


def people() -> dict[str, Json]:
    """The members of the workspace; some of them as Slack shows them to an app that may see little."""

    def user(user_id: str, name: str, **more: Any) -> Json:
        profile = {"real_name": name.title(), "display_name": "", "email": mail(name), "avatar_hash": "x"}
        found = {"id": user_id, "team_id": TEAM, "name": name, "real_name": name.title(), "deleted": False}
        return (
            found | {"tz": "Europe/Berlin", "profile": profile, "is_bot": False, "who_can_share": {}} | more
        )

    names = OWNERS | {"dora": DORA, "finn": FINN}
    found = {user_id: user(user_id, name) for name, user_id in names.items() if user_id}
    found[IVY] = user(IVY, "ivy", tz=None)
    found[JON] = {"id": JON, "team_id": TEAM, "name": "jon", "profile": {"real_name": "Jon"}}
    found[KIM] = user(KIM, "kim", is_restricted=True)
    found[LEV] = user(LEV, "lev", team_id="T8OTHER", is_stranger=True)
    found[MIA] = user(MIA, "mia", tz="Mars/Phobos")
    found[BOT_USER] = user(BOT_USER, "countersign", is_bot=True, profile={"bot_id": BOT_ID})
    return found


def conversations() -> list[Channel]:
    everybody = {ADA, BEN, CLEO, DORA, FINN, GIL, HANA, IVY, JON, KIM, MIA}
    return [
        Channel(DESK, "desk", everybody | {BOT_USER}),
        Channel(LOUNGE, "lounge", everybody),
        Channel(ADAS, "ada-portfolio", {ADA, DORA, FINN, IVY, JON, MIA, BOT_USER}, "private"),
        Channel(BENS, "ben-portfolio", {BEN, DORA, BOT_USER}),
        Channel(HANAS, "hana-portfolio", {HANA}),
        Channel(SECRET_ROOM, "secret", {ADA, FINN}, "private"),
        Channel(PARTNERS, "partners", {ADA, LEV, BOT_USER}, shared=True),
        Channel(BETWEEN_TWO, "", {ADA, FINN}, "im"),
    ]


def organisation() -> Json:
    """What an organisation would write; channels by name and by id."""
    channels = {"ada": "#ada-portfolio", "ben": BENS, "gil": "#never-made", "hana": HANAS}
    owners = [{"email": mail(name), "roles": ["owner"], "channel": c} for name, c in channels.items()]
    return {
        "name": "Northwood",
        "review_channel": "#desk",
        "people": [
            *owners,
            {"email": mail("cleo"), "roles": ["owner"]},
            {"email": mail("dora"), "roles": ["manager"]},
        ],
    }


def records(today: date) -> World:
    """A CRM with our own staff and donors, each of whom may be written to."""
    began = datetime(2022, 3, 1, 9, tzinfo=UTC)
    staff = tuple(
        Staff(
            id=f"staff-{name}",
            name=name.title(),
            email=mail(name),
            title="Officer",
            active=True,
            time_zone="Europe/Berlin",
        )
        for name in OWNERS
    )
    nothing = rollups_of((), "USD")
    donors = tuple(
        Donor(
            version="v1",
            id=donor_id(name),
            first_name=name.split()[0],
            last_name=name.split()[1],
            name=name,
            salutation=name.split()[0],
            email=f"{donor_id(name)}@mail.example",
            city="Oslo",
            owner_id=f"staff-{owner}",
            tier="major",
            created_at=began,
            modified_at=began,
            rollups=nothing,
        )
        for name, owner in DONORS.items()
    )
    consents = tuple(
        Consent(
            id=f"consent-{donor.id}-{channel}",
            donor_id=donor.id,
            channel=channel,
            purpose="stewardship",
            status="opted_in",
            source="form",
            jurisdiction="US",
            captured_on=began.date(),
        )
        for donor in donors
        for channel in ("email", "phone")
    )
    return World(origin="northwood", as_of=today, staff=staff, donors=donors, consents=consents)


def donor_id(name: str) -> str:
    return f"donor-{list(DONORS).index(name) + 1:04d}"


@dataclass
class House:
    """The running service and its two neighbours."""

    slack: PlainSlack
    crm: SandboxCrm
    http: httpx2.AsyncClient
    origin: str
    crm_origin: str
    log: Path
    collected: Collected
    restart: Callable[[Json], Awaitable[None]]
    """Stop the service and start it with other settings besides, at the same address."""

    @property
    def bare(self) -> bool:
        """Socket Mode carries the sparse payloads, HTTP the full ones."""
        return self.slack.socket_mode

    async def slash(self, user: str, channel: str, text: str) -> Ack:
        payload = slash_command(self.slack, user, channel, text, bare=self.bare)
        return await self.slack.deliver("slash_commands", payload)

    async def press(self, user: str, channel: str, shown: Json, action_id: str, value: str = "") -> Ack:
        return await self.slack.deliver("interactive", self.click(user, channel, shown, action_id, value))

    async def window(self, press: Callable[[], Awaitable[Ack]]) -> str:
        """Press what opens a window, and return its id.

        Whoever is told that it did not open in time, as on a busy machine, presses again.
        """
        known = set(self.slack.views)
        for _ in range(PRESSES):
            ack = await press()
            assert (ack.status, ack.in_time) == (200, True)
            if opened := [view_id for view_id in self.slack.views if view_id not in known]:
                return opened[0]
        raise AssertionError("no window opened")

    def click(self, user: str, channel: str, shown: Json, action_id: str, value: str = "") -> Json:
        action = action_on(shown, action_id, value)
        return block_actions(self.slack, user, channel, shown, action, bare=self.bare)

    async def write(self, user: str, channel: str, text: str, **more: object) -> tuple[Ack, Json]:
        """Write a message or mention; returns it with how it was acknowledged."""
        message = written(self.slack, user, channel, text, **more)
        ack = await self.slack.deliver("events_api", event_callback(self.slack, message, bare=self.bare))
        return ack, message

    async def event(self, event: Json) -> Ack:
        return await self.slack.deliver("events_api", event_callback(self.slack, event, bare=self.bare))

    async def told(self, user: str, *words: str, channel: str = "", after: int = 0) -> Json:
        """Wait for a private answer to *user* that says all *words*."""

        def probe() -> Json | None:
            mine = [m for m in self.slack.private[after:] if m["user_id"] == user]
            return next((m for m in mine if says(m, *words) and channel in ("", m["channel"])), None)

        return await self._seen(probe, f"{user} is told {words}")

    async def posted(self, channel: str, *words: str) -> Json:
        """Wait for a message of the bot in *channel*."""

        def probe() -> Json | None:
            return next(iter(self.posts(channel, *words)), None)

        return await self._seen(probe, f"{words} in {channel}")

    def posts(self, channel: str, *words: str) -> list[Json]:
        ours = [m for m in self.slack.messages.get(channel, []) if m.get("user") == BOT_USER]
        return [m for m in ours if says(m, *words)]

    async def shows(self, message: Json, *words: str) -> None:
        await self._seen(lambda: says(message, *words), f"{words} instead of {text_of(message)}")

    async def _seen(self, probe: Callable[[], Any], what: str) -> Any:
        try:
            return await self.slack.until(probe, what)
        except AssertionError as late:
            private = [text_of(m)[:150] for m in self.slack.private[-3:]]
            tail = self.log.read_text(encoding="utf-8").splitlines()[-8:]
            raise AssertionError(
                f"{late}\n{private}\n{self.slack.refused[-5:]}\n" + "\n".join(tail)
            ) from None

    async def gift(self, name: str) -> None:
        body = {"what": "gift", "donor_id": donor_id(name), "amount_minor": 2_500_000}
        url = f"{self.crm_origin}/crm/sim/happen"
        answer = await self.http.post(url, json=body, headers={"X-Sim": "1"})
        assert answer.status_code == 202 or answer.is_success, answer.text

    async def card(self, name: str, channel: str = ADAS) -> Json:
        """A gift arrives; its card."""
        await self.gift(name)
        return await self.posted(channel, "Decision needed", name)

    def tasks(self, name: str) -> list[Any]:
        """What the bot wrote for a donor."""
        return [task for task in self.crm.tables.tasks.of(donor_id(name)) if task.external_key]

    async def arrivals(self) -> int:
        """How many things were ever taken in, by the service's own metrics: those that wait, and the done."""
        text = (await self.http.get(f"{self.origin}/metrics")).text
        waiting = re.findall(r'countersign_queue_items\{queue="inbox",status="\w+"\} ([\d.]+)', text)
        done = re.findall(r'countersign_item_seconds_count\{outcome="done",queue="inbox"\} ([\d.]+)', text)
        return sum(int(float(count)) for count in (*waiting, *done))


def text_of(shown: Any) -> str:
    """Everything there is to read, in order, without marks of direction."""
    parts: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            parts.extend(str(value[k]) for k in ("text", "fallback") if isinstance(value.get(k), str))
            parts.extend([f"<@{value['user_id']}>"] if value.get("type") == "user" else [])
            for each in value.values():
                walk(each)
        elif isinstance(value, list):
            for each in value:
                walk(each)

    walk({key: shown[key] for key in ("title", "text", "blocks") if key in shown})
    return " ".join(parts).replace("\u2068", "").replace("\u2069", "")


def says(shown: Any, *words: str) -> bool:
    text = text_of(shown)
    return all(word in text for word in words)


@asynccontextmanager
async def open_house(folder: Path, nursery: Nursery, *, socket_mode: bool) -> AsyncIterator[House]:
    """Start Slack, then the service on a free port, then the CRM that knows where the service listens."""
    async with AsyncExitStack() as stack:
        slack = PlainSlack(people(), conversations(), socket_mode=socket_mode)
        slack.dead_tickets = 1
        await slack.start()
        stack.push_async_callback(slack.stop)
        listening = stack.enter_context(closing(listen("127.0.0.1", 0)))
        crm_origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        log = folder / "bot.log"
        collected = stack.enter_context(collecting())
        running = await stack.enter_async_context(AsyncExitStack())

        async def start(settings: Json) -> str:
            wanted = dict(collected.environment) | settings
            return await running.enter_async_context(service(nursery, folder, slack, crm_origin, log, wanted))

        async def restart(settings: Json) -> None:
            await running.aclose()
            assert await start({"COUNTERSIGN_PORT": origin.rpartition(":")[2]} | settings) == origin

        origin = await start({})
        slack.bot_url = f"{origin}/slack/events"
        config = CrmSandboxConfig(
            CRM_TOKEN, WEBHOOK_SECRET, f"{origin}/crm/events", retry_delays_s=(0.2, 1.0)
        )
        app = build_crm(config, lambda: datetime.now(UTC), records(datetime.now(UTC).date()))
        server = server_for(app)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await app.state.crm.start()
        http = await stack.enter_async_context(
            httpx2.AsyncClient(timeout=PATIENCE_S, trust_env=False, verify=False)
        )
        try:
            yield House(slack, app.state.crm, http, origin, crm_origin, log, collected, restart)
        finally:
            await app.state.crm.stop()
            server.should_exit = server.force_exit = True
            await serving


@asynccontextmanager
async def service(
    nursery: Nursery, folder: Path, slack: PlainSlack, crm_origin: str, log: Path, more: Mapping[str, str]
) -> AsyncIterator[str]:
    """`countersign serve` as an operator runs it: settings in the environment; it ends well when told to."""
    (folder / "organisation.yaml").write_text(yaml.safe_dump(organisation()), encoding="utf-8")
    environment = {
        "HOME": str(folder),
        "COUNTERSIGN_DATABASE_URL": f"sqlite:///{folder / 'countersign.db'}",
        "COUNTERSIGN_ORGANISATION_FILE": str(folder / "organisation.yaml"),
        "COUNTERSIGN_PORT": "0",
        "COUNTERSIGN_SLACK__BOT_TOKEN": BOT_TOKEN,
        "COUNTERSIGN_SLACK__BASE_URL": f"{slack.origin}/api",
        "COUNTERSIGN_CRM__BASE_URL": f"{crm_origin}/crm/api/v1",
        "COUNTERSIGN_CRM__TOKEN": CRM_TOKEN,
        "COUNTERSIGN_CRM__WEBHOOK_SECRET": WEBHOOK_SECRET,
    }
    name = "APP_TOKEN" if slack.socket_mode else "SIGNING_SECRET"
    environment[f"COUNTERSIGN_SLACK__{name}"] = APP_TOKEN if slack.socket_mode else SECRET
    environment |= more
    said, ended = folder / "said", {"signal": None, "code": 0}
    said.unlink(missing_ok=True)
    pid = await nursery.start(environment, log, folder=folder, said=said)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while is_running(pid) and not (said.exists() and said.read_text(encoding="utf-8").endswith("\n")):
                await asyncio.sleep(GLANCE_S)
        printed = said.read_text(encoding="utf-8")
        assert "listens on" in printed, log.read_text(encoding="utf-8")
        yield printed.split()[-1]
    finally:
        os.kill(pid, signal.SIGTERM)
        assert await nursery.end_of(pid) == ended, log.read_text(encoding="utf-8")[-2000:]


@asynccontextmanager
async def watched_house(folder: Path, nursery: Nursery, *, socket_mode: bool) -> AsyncIterator[House]:
    """A house in which the service may not meet what it did not expect, and Slack no faulty message."""
    async with open_house(folder, nursery, socket_mode=socket_mode) as house:
        yield house
    log = house.log.read_text(encoding="utf-8")
    assert [secret for secret in (BOT_TOKEN, APP_TOKEN, SECRET, CRM_TOKEN, "ticket=") if secret in log] == []
    assert [name for name in DONORS if name in log] == []
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line for line in lines if line["message"] == "unexpected error"] == []
    assert [refusal for refusal in house.slack.refused if "invalid_blocks" in refusal[1]] == []


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nursery(forking: subprocess.Popen[bytes]) -> Nursery:
    return Nursery(forking)


# Per module, because the second Slack answers only while a test runs: between the files of one worker it
# would be as if it hung, and the service would have every reason to give the connection up.
@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def by_http(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The service reached over signed HTTP."""
    async with watched_house(tmp_path_factory.mktemp("http"), nursery, socket_mode=False) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def by_socket(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The service reached over Socket Mode."""
    async with watched_house(tmp_path_factory.mktemp("socket"), nursery, socket_mode=True) as house:
        yield house


@pytest.fixture(params=["by_http", "by_socket"])
def house(request: pytest.FixtureRequest) -> House:
    """The service over either transport."""
    found: House = request.getfixturevalue(request.param)
    return found
