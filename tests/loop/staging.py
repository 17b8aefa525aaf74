"""The simulated counterparts on a port of their own, and the doors through which tests act on them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx2
from pydantic import SecretStr

from bot.cli.running import listen, server_for
from bot.cli.stage import (
    CRM_TOKEN,
    MODEL,
    SLACK_APP_TOKEN,
    SLACK_BOT_TOKEN,
    SLACK_SIGNING_SECRET,
    WEBHOOK_SECRET,
    model_sandbox,
)
from bot.http.asgi import AsgiApp
from bot.sandbox.crm.app import SandboxCrm
from bot.sandbox.slack.world import World as SlackWorld
from bot.settings import AiModelSettings, CrmSettings, Settings, SlackSettings
from policy.yaml_source import read_yaml
from tests.loop.counterparts import Request, one_origin, simulated_crm, simulated_slack
from tests.loop.shown import Json, escalation_of, find_element, has, text_of
from tests.patience import PATIENCE_S

T = TypeVar("T")
MASTER_KEY = SecretStr("5a" * 32)
GLANCE_S, LONGEST_GLANCE_S = 0.02, 0.12

JANE = "donor-0001"
OLIVIA, OMAR, FIONA, FELIX = "U0OLIVIA0", "U0OMAR000", "U0FIONA00", "U0FELIX00"
MARA, CARMEN, ADAM, GUS, ELLIS = "U0MARA000", "U0CARMEN0", "U0ADAM000", "U0GUEST00", "U0EXTERN0"
OLIVIAS, OMARS, DESK, FUNDRAISING = "C0OLIVIA0", "C0OMAR000", "C0DESK000", "C0FUNDRAS"
DANA, DATA = "U0DANA000", "C0DATA000"
MANAGERS, GENERAL, PARTNER = "C0MANAGER", "C0GENERAL", "C0PARTNER"

ORGANISATION = Path(__file__).parent.parent.parent / "bot" / "sandbox" / "organisation.yaml"


class HandClock:
    """The real time plus what a test adds; the bot lives by it, signatures on both sides by the real one."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def __call__(self) -> datetime:
        return self.now()

    def move(self, **amount: float) -> None:
        self.offset += timedelta(**amount)

    def move_to(self, moment: datetime) -> None:
        self.offset += max(moment - self.now(), timedelta())


async def until(condition: Callable[[], Awaitable[T]], what: str = "") -> T:
    """Return what *condition* gives as soon as that is true."""
    seen: object = None
    pause = GLANCE_S
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (seen := await condition()):
                await asyncio.sleep(pause)
                pause = min(pause * 1.4, LONGEST_GLANCE_S)  # looking costs as much as what is looked for
    except TimeoutError:
        raise AssertionError(f"never happened: {what or condition}; last seen: {seen!r}") from None
    return seen  # type: ignore[return-value]


def _is(value: str, choice: str) -> bool:
    return value[0].isdigit() if choice == "a_day" else value.startswith(f"{choice}:")


def _entered(element: Json, value: str) -> Json:
    match element["type"]:
        case "static_select" | "radio_buttons":
            option = next(o for o in element["options"] if o["value"] == value)
            return {"type": element["type"], "selected_option": option}
        case "datepicker":
            return {"type": element["type"], "selected_date": value}
        case "external_select":
            return {"type": element["type"], "selected_option": {"value": value}}
        case "users_select":
            return {"type": element["type"], "selected_user": value}
        case _:
            return {"type": element["type"], "value": value}


@contextlib.asynccontextmanager
async def serving(app: AsgiApp, listening: socket.socket, *, websockets: bool = True) -> AsyncIterator[str]:
    """*app* behind uvicorn on a bound socket; yields the origin."""
    server = server_for(app, websockets=websockets)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    async with asyncio.timeout(PATIENCE_S):
        await server.listening.wait()
    try:
        yield origin_of(listening)
    finally:
        server.should_exit = server.force_exit = True
        await task
        listening.close()


def origin_of(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@dataclass
class Staging:
    """Slack, CRM and model as one origin, and everything a person can do there."""

    origin: str
    bot_origin: str
    clock: HandClock
    slack: SlackWorld
    crm: SandboxCrm
    http: httpx2.AsyncClient
    heard: list[Request] = field(default_factory=list)
    _seen: dict[tuple[object, ...], tuple[tuple[int, int], Json]] = field(default_factory=dict)

    # What people and the CRM's users do

    async def happen(self, what: str, donor_id: str | None = None, **fields: Any) -> Json:
        return await self._post("/crm/sim/happen", {"what": what, "donor_id": donor_id, **fields})

    async def command(self, user: str, channel: str, text: str) -> None:
        await self._act("command", user, channel=channel, command="/donor", text=text)

    async def write(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> None:
        await self._act("message", user, channel=channel, text=text, thread_ts=thread_ts)

    async def press(self, user: str, channel: str, message: Json, wanted: str, choice: str = "") -> None:
        """Press the button or use the menu whose action id is *wanted*, as the card offers it now.

        The first of the days that a card names is chosen as "a_day".
        """
        block, element = find_element(message, wanted, choice)
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
        if element["type"] == "static_select":
            option = next(o for o in element["options"] if _is(o["value"], choice))
            action["selected_option"] = option
        else:
            action |= {"value": element.get("value"), "text": element.get("text")}
        await self._act("block", user, channel=channel, message_ts=message["ts"], action=action)

    async def submit(self, user: str, view: Json, **values: Any) -> Json:
        """Submit a modal; each keyword names an action id (with cs: left out) and its value."""
        state: Json = {}
        for block in view["blocks"]:
            element = block.get("element")
            if element and element["action_id"].removeprefix("cs:") in values:
                value = values[element["action_id"].removeprefix("cs:")]
                state[block["block_id"]] = {element["action_id"]: _entered(element, value)}
        return await self._act("view_submit", user, view_id=view["id"], state={"values": state})

    async def enter(self, user: str, view: Json, **values: str) -> Json:
        """Submit a modal with inputs named by their blocks ("cs:edit:title"); the rest stays as it was."""
        state: Json = {}
        for block in view["blocks"]:
            element, parts = block.get("element"), str(block.get("block_id", "")).split(":")
            name = parts[2] if len(parts) > 2 else parts[-1]
            if element and name in values:
                entered = _entered(element, values[name])
                state[block["block_id"]] = {element["action_id"]: entered}
        return await self._act("view_submit", user, view_id=view["id"], state={"values": state})

    async def use_shortcut(self, user: str, channel: str, callback_id: str, message_ts: str) -> None:
        await self._act("shortcut", user, channel=channel, callback_id=callback_id, message_ts=message_ts)

    async def offered(self, user: str, view: Json, wanted: str, typed: str) -> list[Json]:
        """What is offered in the field of a modal whose action id is *wanted*, for what was typed."""
        block, element = find_element(view, wanted)
        action = {"block_id": block["block_id"], "action_id": element["action_id"]}
        return list(
            (await self._act("suggest", user, view_id=view["id"], action=action, value=typed))["options"]
        )

    async def break_crm(self, **faults: Any) -> None:
        await self._post("/crm/sim/faults", faults)

    async def break_slack(self, **faults: Any) -> None:
        await self._post("/sim/faults", faults)

    async def break_model(self, **faults: Any) -> None:
        await self._post("/model/sim/faults", faults)

    # What people see

    async def history(self, user: str, channel: str, limit: int = 100) -> list[Json]:
        query = {"as": user, "channel": channel, "limit": limit}
        # Whoever looks into direct messages opens the app, and the bot hears of that.
        look = self._get if channel.startswith("D") else self._look
        return (await look("/sim/history", query))["messages"]

    async def thread(self, user: str, channel: str, thread_ts: str) -> list[Json]:
        query = {"as": user, "channel": channel, "thread_ts": thread_ts}
        return (await self._look("/sim/thread", query))["messages"][1:]

    async def views(self, user: str) -> list[Json]:
        return (await self._look("/sim/boot", {"as": user}))["views"]

    async def home(self, user: str) -> Json | None:
        return (await self._get("/sim/home", {"as": user}))["view"]

    async def published_home(self, user: str) -> Json:
        """Wait for the Home tab that the bot publishes; looking at it tells the bot nothing."""

        async def look() -> Json | None:
            view = self.slack.views.home(user)
            return view.shown() if view else None

        return await until(look, f"a Home tab for {user}")

    async def direct(self, user: str) -> str:
        """The channel of somebody's direct messages with the bot."""
        channels = (await self._get("/sim/boot", {"as": user}))["channels"]
        return next(c["id"] for c in channels if c["kind"] == "im" and c["peer"] and c["peer"]["is_bot"])

    async def seen(self, user: str, channel: str, *words: str) -> Json:
        """Wait until *user* sees a message with all the *words* in it."""

        async def look() -> Json | None:
            found = [m for m in await self.history(user, channel) if has(m, *words)]
            return found[-1] if found else None

        return await until(look, f"{user} sees {words} in {channel}")

    async def shown(self, user: str, title: str) -> Json:
        """Wait until a modal with *title* in it is on *user*'s screen."""

        async def look() -> Json | None:
            return next((v for v in await self.views(user) if title in text_of(v)), None)

        return await until(look, f"{user} sees a window with {title}")

    # What the CRM holds

    async def crm_get(self, path: str, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {CRM_TOKEN.get_secret_value()}"}
        answer = await self.http.get(f"/crm/api/v1/{path}", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def crm_patch(self, path: str, body: Json) -> None:
        """A colleague edits a record in the CRM."""
        version = (await self.crm_get(path))["version"]
        headers = {
            "Authorization": f"Bearer {CRM_TOKEN.get_secret_value()}",
            "X-Actor": "staff-omar",
            "If-Match": f'"{version}"',
        }
        answer = await self.http.patch(f"/crm/api/v1/{path}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text

    async def own_tasks(self, donor_id: str) -> list[Json]:
        """The tasks that the bot wrote."""
        tasks = (await self.crm_get(f"donors/{donor_id}/tasks"))["items"]
        return [task for task in tasks if task["external_key"]]

    async def written_for(self, card: Json, donor_id: str) -> list[Json]:
        """The tasks that the bot wrote for one card."""
        tasks = await self.own_tasks(donor_id)
        return [task for task in tasks if task["external_key"].startswith(escalation_of(card))]

    def edit_donor(self, donor_id: str, **fields: Any) -> None:
        """Somebody edits a record while nobody is told: also when the CRM's API is down."""
        tables = self.crm.tables
        self.crm.store.commit(tables.donors.get(donor_id).changed(**fields))

    async def signed_click(
        self,
        user: str,
        action_id: str,
        value: str,
        *,
        nonce: str = "1",
        channel: str = OLIVIAS,
        block_id: str = "b",
        **wrong: Any,
    ) -> httpx2.Response:
        """A click as Slack would sign and send it, whatever any page shows; *wrong* spoils the signature."""
        action = {"type": "button", "action_id": action_id, "block_id": block_id, "value": value}
        payload = {
            "type": "block_actions",
            "user": {"id": user, "team_id": "T0HARBOUR"},
            "team": {"id": "T0HARBOUR"},
            "channel": {"id": channel},
            "container": {"type": "message", "message_ts": "1.1", "channel_id": channel},
            "trigger_id": f"trigger-{nonce}",
            "actions": [action | {"action_ts": nonce}],
        }
        return await self.signed(urlencode({"payload": json.dumps(payload)}).encode(), **wrong)

    async def signed_submission(self, user: str, view: Json, **wrong: Any) -> httpx2.Response:
        """A submission as Slack would sign and send it, whatever stands in the window."""
        person = {"id": user, "team_id": "T0HARBOUR"}
        payload = {"type": "view_submission", "user": person, "team": {"id": "T0HARBOUR"}, "view": view}
        return await self.signed(urlencode({"payload": json.dumps(payload)}).encode(), **wrong)

    async def dismiss(self, user: str, view: Json) -> None:
        """Close a modal."""
        await self._act("view_close", user, view_id=view["id"])

    async def signed(
        self,
        body: bytes,
        *,
        secret: str = "",
        age_s: int = 0,
        signature: str | None = None,
        origin: str = "",
    ) -> httpx2.Response:
        stamp = str(int(datetime.now(UTC).timestamp()) - age_s)
        key = (secret or SLACK_SIGNING_SECRET.get_secret_value()).encode()
        computed = "v0=" + hmac.new(key, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": computed if signature is None else signature,
        }
        door = f"{origin or self.bot_origin}/slack/events"
        return await self.http.post(door, content=body, headers=headers)

    def delivered(self) -> bool:
        return all(delivery.status != "pending" for delivery in self.crm.tables.deliveries)

    async def _act(self, path: str, user: str, **body: Any) -> Json:
        given = {name: value for name, value in body.items() if value is not None}
        return await self._post(f"/sim/act/{path}", {"as": user} | given)

    async def _post(self, path: str, body: Json) -> Json:
        answer = await self.http.post(path, json=body)
        assert answer.status_code in (200, 202), answer.text
        return dict(answer.json())

    async def _look(self, path: str, query: Json) -> Json:
        """Get what a person sees; asked again once anything has changed, or a second later."""
        state = (self.slack.journal._connection.total_changes, int(time.monotonic()))
        about = (path, *query.values())
        if about not in self._seen or self._seen[about][0] != state:
            self._seen[about] = (state, await self._get(path, query))
        return self._seen[about][1]

    async def _get(self, path: str, query: Json) -> Json:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@contextlib.asynccontextmanager
async def open_staging(
    bot_origin: str,
    *,
    socket_mode: bool = False,
    clock: HandClock | None = None,
) -> AsyncIterator[Staging]:
    """Serve the counterparts of the bot that is (or will be) at *bot_origin*."""
    clock = clock or HandClock()
    listening = listen("127.0.0.1", 0)
    origin = origin_of(listening)
    slack = simulated_slack(origin, None if socket_mode else f"{bot_origin}/slack/events")
    crm = simulated_crm(f"{bot_origin}/crm/events")
    heard: list[Request] = []
    app = one_origin(slack, crm, model_sandbox(), heard)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(serving(app, listening))
        http = httpx2.AsyncClient(
            base_url=origin, headers={"X-Sim": "1"}, timeout=PATIENCE_S, trust_env=False, verify=False
        )
        await stack.enter_async_context(http)
        for part in (slack.state.slack, crm.state.crm):
            await part.start()
            stack.push_async_callback(part.stop)
        yield Staging(origin, bot_origin, clock, slack.state.slack, crm.state.crm, http, heard)


def organisation_file(folder: Path, stage_origin: str, **changes: Any) -> Path:
    """The demo's organisation, with a digest once a week and without holidays, whatever the day is."""
    settings = dict(_of_the_demo())
    settings["crm_record_url"] = f"{stage_origin}/crm/donors/{{donor_id}}"
    settings["crm_item_url"] = f"{stage_origin}/crm/donors/{{donor_id}}#{{record_id}}"
    settings["digests"] = [
        {"id": "weekly", "channel": "#fundraising-managers", "cron": "0 8 * * mon", "days": 7}
    ]
    settings["holidays"] = {}
    # Tests that are not about floods get every card at once.
    settings["cards_per_day"] = 500
    path = folder / "organisation.yaml"
    path.write_text(json.dumps(settings | changes, default=str), encoding="utf-8")  # JSON is YAML, and quick
    return path


@cache
def _of_the_demo() -> dict[str, Any]:
    return dict(read_yaml(ORGANISATION.read_text(encoding="utf-8")).data)


def bot_settings(
    staging: Staging,
    database_url: str,
    organisation: Path,
    *,
    socket_mode: bool = False,
    redis_url: str | None = None,
    model: bool = True,
    crm_timeout_s: float = PATIENCE_S,
) -> Settings:
    """The settings of a bot beside *staging*."""
    simulated = AiModelSettings(
        base_url=f"{staging.origin}/model/v1", model=MODEL, region="us", timeout_s=PATIENCE_S
    )
    return Settings(
        _env_file=None,
        database_url=database_url,
        master_key=MASTER_KEY,
        redis_url=redis_url,
        organisation_file=organisation,
        strangers_per_minute=0,  # some of those who try the doors here prove nothing, and often
        slack=SlackSettings(
            bot_token=SLACK_BOT_TOKEN,
            signing_secret=SLACK_SIGNING_SECRET,
            app_token=SLACK_APP_TOKEN if socket_mode else None,
            base_url=f"{staging.origin}/slack-sim/api/",
        ),
        crm=CrmSettings(
            base_url=f"{staging.origin}/crm/api/v1/",
            token=CRM_TOKEN,
            webhook_secret=WEBHOOK_SECRET,
            timeout_s=crm_timeout_s,
        ),
        ai=simulated if model else AiModelSettings(),
    )
