"""The signing secret and the token are replaced, or taken away, while people click."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.forked import Nursery
from tests.independent_slack.conftest import ADA, ADAS, LONERS, House, watched_house
from tests.independent_slack.workspace import BOT_TOKEN, SECRET, Ack, Json

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FRESH_SECRET, FRESH_TOKEN = "1f2e3d4c5b6a79880716253443526170", "xoxb-7-replaced"


async def signed_with(house: House, secret: str, payload: Json) -> Ack:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return await house.slack.send_signed(body, FORM, secret=secret)


async def test_the_secret_and_the_token_are_replaced_while_people_click(
    nursery: Nursery, tmp_path: Path
) -> None:
    """Slack goes over to a new secret when somebody says so, and takes the old token away at once."""
    async with watched_house(tmp_path, nursery, socket_mode=False) as house:
        nora, otto = await house.card("Nora Birch"), await house.card("Otto Cedar")
        before = house.click(ADA, ADAS, nora, "cs:approve")
        assert (await signed_with(house, FRESH_SECRET, before)).status == 401
        house.slack.bot_token, house.slack.shut_out = FRESH_TOKEN, "token_revoked"
        await house.gift("Ash Number1")
        shut_out = ("auth.test", "conversations.open", "users.lookupByEmail", "chat.postMessage")
        await house.slack.until(
            lambda: any((method, "token_revoked") in house.slack.refused for method in shut_out),
            "it is shut out",
        )
        assert (await signed_with(house, SECRET, before)).status == 200, "what is signed is kept meanwhile"
        house.slack.shut_out = ""
        await house.restart(
            {
                "COUNTERSIGN_SLACK__BOT_TOKEN": FRESH_TOKEN,
                "COUNTERSIGN_SLACK__SIGNING_SECRET": FRESH_SECRET,
                "COUNTERSIGN_SLACK__PREVIOUS_SIGNING_SECRET": SECRET,
            }
        )
        other = house.click(ADA, ADAS, otto, "cs:approve")
        acks = await asyncio.gather(
            *(
                signed_with(house, secret, press)
                for secret in (SECRET, FRESH_SECRET)
                for press in (before, other)
            )
        )
        assert [ack.status for ack in acks] == [200] * 4
        assert (await signed_with(house, "neither", other)).status == 401
        for name, card in (("Nora Birch", nora), ("Otto Cedar", otto)):
            await house.shows(card, f"Done: {name}")
            assert len(house.tasks(name)) == 1
        direct = house.slack.direct(LONERS["loner1"])
        await house.posted(direct, "Decision needed", "Ash Number1")
        assert len(house.posts(direct, "Ash Number1")) == 1
        await house.restart(
            {"COUNTERSIGN_SLACK__BOT_TOKEN": FRESH_TOKEN, "COUNTERSIGN_SLACK__SIGNING_SECRET": FRESH_SECRET}
        )
        assert (await signed_with(house, SECRET, other)).status == 401, "the old one is taken away"
        assert (await signed_with(house, FRESH_SECRET, other)).status == 200
        log = house.log.read_text(encoding="utf-8")
        assert [secret for secret in (FRESH_SECRET, FRESH_TOKEN, BOT_TOKEN) if secret in log] == []
