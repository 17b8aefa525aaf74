"""Everything as in production: replicas of the service beside Slack, CRM and model, each in a process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from bot.cli.stage import CRM_TOKEN, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET, WEBHOOK_SECRET
from tests.bench.serving import ROOT, Server, environment, running, wait_until_it_answers
from tests.ports import free_port

MASTER_KEY = "5a" * 32
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class World:
    """The service's replicas and what they talk to; *environment* is that of the first replica."""

    replicas: tuple[Server, ...]
    slack: Server
    crm: Server
    model: Server
    environment: dict[str, str]

    def switch(self, server: Server, path: str, **switches: Any) -> None:
        """Move switches of a simulated counterpart."""
        address = f"http://127.0.0.1:{server.port}{path}"
        httpx2.post(address, json=switches, headers={"X-Sim": "1"}, timeout=30).raise_for_status()

    def crm_list(self, path: str) -> list[dict[str, Any]]:
        """Return all that a list of the CRM holds."""
        key = {"Authorization": f"Bearer {CRM_TOKEN.get_secret_value()}"}
        address = f"http://127.0.0.1:{self.crm.port}/crm/api/v1/{path}"
        found: list[dict[str, Any]] = []
        query: dict[str, str] = {"limit": "500"}
        while True:
            page = httpx2.get(address, params=query, headers=key, timeout=30).raise_for_status().json()
            found += page["items"]
            if not page.get("next"):
                return found
            query["cursor"] = page["next"]


@contextmanager
def open_world(
    directory: Path,
    database_url: str,
    redis_url: str | None = None,
    *,
    replicas: int = 1,
    organisation: Callable[[str], str] = str,
    **settings: str,
) -> Iterator[World]:
    """Run it all until the block ends; *organisation* changes the text of the shipped settings."""
    ports = [free_port() for _ in range(replicas)]
    bot = f"http://127.0.0.1:{ports[0]}"
    with ExitStack() as stack:

        def start(path: str, *command: str, port: int | None = None, **own: str) -> Server:
            at = port or free_port()
            words = [*command] if port else [*command, "--port", str(at)]
            server = Server(at, stack.enter_context(running(words, environment(own) if own else None)))
            wait_until_it_answers(server, path)
            return server

        slack = start("/", "-m", "bot", "sandbox", "slack", "--bot", bot)
        # Events come from the benchmark: what the CRM itself would deliver goes nowhere.
        crm = start("/crm", "-m", "bot", "sandbox", "crm", "--bot", NOWHERE)
        model = start("/model/v1/models", "-m", "tests.bench.model_server")
        file = directory / "organisation.yaml"
        shipped = (ROOT / "bot/sandbox/organisation.yaml").read_text(encoding="utf-8")
        file.write_text(organisation(shipped), encoding="utf-8")
        common = {
            "LOG_LEVEL": "error",
            "DATABASE_URL": database_url,
            "MASTER_KEY": MASTER_KEY,
            "ORGANISATION_FILE": str(file),
            "SLACK__BOT_TOKEN": SLACK_BOT_TOKEN.get_secret_value(),
            "SLACK__SIGNING_SECRET": SLACK_SIGNING_SECRET.get_secret_value(),
            "SLACK__BASE_URL": f"http://127.0.0.1:{slack.port}/slack-sim/api/",
            "CRM__BASE_URL": f"http://127.0.0.1:{crm.port}/crm/api/v1/",
            "CRM__TOKEN": CRM_TOKEN.get_secret_value(),
            "CRM__WEBHOOK_SECRET": WEBHOOK_SECRET.get_secret_value(),
            **({"REDIS_URL": redis_url} if redis_url else {}),
            **settings,
        }
        if "AI__MODEL" in settings:
            common["AI__BASE_URL"] = f"http://127.0.0.1:{model.port}/model/v1"
        serving = tuple(
            start("/readyz", "-m", "bot", "serve", port=port, **common, PORT=str(port)) for port in ports
        )
        yield World(serving, slack, crm, model, environment({**common, "PORT": str(ports[0])}))
