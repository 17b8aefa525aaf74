"""Too much for one day: an import makes a list instead of a flood, and small ones go several at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from policy.escalation import EscalationState
from storage.escalations import Escalation
from tests.databases import fresh_sqlite
from tests.loop.conftest import Loop, running_loop
from tests.loop.shown import Json, buttons, find_element, has, text_of
from tests.loop.staging import MARA, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
CARDS_A_DAY, IMPORTED = 3, 24
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def flooded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Loop]:
    """A running product in which three cards a day are enough, when many gifts are imported."""
    folder = tmp_path_factory.mktemp("flooded")
    url = fresh_sqlite(folder / "countersign.db")
    organisation = {"cards_per_day": CARDS_A_DAY, "working_days": EVERY_DAY}
    async with running_loop(url, folder, model=False, organisation=organisation) as loop:
        # Ten in the morning where Olivia works, on a day after today.
        tomorrow = loop.clock.now().date() + timedelta(days=1)
        loop.clock.move_to(datetime.combine(tomorrow, time(15), tzinfo=UTC))
        usual = loop.stage.crm.tables.donors.get("donor-0014")
        for number in range(IMPORTED):
            donor = usual.changed(
                id=f"donor-9{number:03}", name=f"Imported Donor {number}", household_id=None
            )
            loop.stage.crm.store.commit(donor)
        await asyncio.gather(*(_gift(loop, f"donor-9{number:03}") for number in range(IMPORTED)))
        await loop.settled()
        await loop.later(minutes=21)
        await _list(loop)
        await loop.settled()
        yield loop


async def _gift(loop: Loop, donor_id: str) -> None:
    await loop.stage.happen("gift", donor_id, amount_minor=2_500)


async def _all(loop: Loop) -> list[Escalation]:
    return await loop.runtime.context.database.read(
        lambda tx: tx.escalations.page(tuple(EscalationState), limit=1000)
    )


async def _cards(loop: Loop) -> list[Json]:
    messages = await loop.stage.history(OLIVIA, OLIVIAS)
    return [m for m in messages if m["blocks"] and "cs:evidence" in buttons(m) and "Imported" in m["text"]]


async def _list(loop: Loop) -> Json:
    return await loop.stage.seen(OLIVIA, OLIVIAS, "more decisions wait")


async def test_an_import_posts_a_few_cards_and_one_list_and_drops_nothing(flooded: Loop) -> None:
    escalations = await _all(flooded)
    assert len(escalations) >= IMPORTED
    assert sum(each.shown == "card" for each in escalations) < IMPORTED / 2
    listed = await _list(flooded)
    assert has(listed, " more decisions wait", "type /donor queue", f"<@{OLIVIA}>")
    lists = [m for m in await flooded.stage.history(OLIVIA, OLIVIAS) if has(m, "more decisions wait")]
    assert len(lists) == 1
    groups = {each.grouping_id for each in await _all(flooded) if each.shown == "grouped"}
    assert len(groups) == 1
    assert None not in groups


async def test_what_is_urgent_has_its_own_card_on_the_busiest_day(flooded: Loop) -> None:
    opened = await _complaint(flooded, "donor-9000")
    complaint = await flooded.runtime.context.database.read(lambda tx: tx.escalations.get(opened.id))
    assert complaint is not None
    assert (complaint.shown, complaint.grouping_id) == ("card", None)
    assert complaint.message_ts, "and it was posted"


async def _complaint(loop: Loop, donor_id: str) -> Escalation:
    await loop.stage.happen("reply", donor_id, text="I am furious about your letters. This is a complaint.")

    async def look() -> Escalation | None:
        open_ = [e for e in await _all(loop) if e.state is EscalationState.OPEN and e.donor_id == donor_id]
        return next((e for e in open_ if b"complaint" in e.card), None)

    complaint = await until(look, "a complaint to decide on")
    await loop.settled()
    return complaint


async def test_the_queue_shows_them_all_page_by_page(flooded: Loop) -> None:
    await flooded.stage.command(OLIVIA, OLIVIAS, "queue")
    first = await flooded.stage.seen(OLIVIA, OLIVIAS, "Page 1 of ")
    assert first["is_ephemeral"]
    await flooded.stage.press(OLIVIA, OLIVIAS, first, "cs:queue_page:more")
    await flooded.stage.seen(OLIVIA, OLIVIAS, "Page 2 of ")


async def test_a_line_of_the_list_becomes_a_card_when_somebody_wants_it(flooded: Loop) -> None:
    before = len(await _cards(flooded))
    await flooded.stage.press(OLIVIA, OLIVIAS, await _list(flooded), "cs:open_card")

    async def another() -> bool:
        return len(await _cards(flooded)) == before + 1

    await until(another, "one more card")


async def _window(loop: Loop) -> Json:
    await loop.stage.press(OLIVIA, OLIVIAS, await _list(loop), "cs:together")
    return await loop.stage.shown(OLIVIA, "Approve this")


async def _submit(loop: Loop, view: Json, chosen: list[str]) -> Json:
    option = {"value": "yes", "text": {"type": "plain_text", "text": "Approve this", "emoji": False}}
    boxes = [block["block_id"] for block in view["blocks"] if block.get("element")]
    state = {
        box: {"cs:chosen": {"type": "checkboxes", "selected_options": [option] if box in chosen else []}}
        for box in {*boxes, *chosen}
    }
    return await loop.stage._act("view_submit", OLIVIA, view_id=view["id"], state={"values": state})


async def test_several_small_ones_are_approved_with_one_press_each_by_itself(flooded: Loop) -> None:
    await flooded.stage.home(OLIVIA)
    view = await _window(flooded)
    boxes = [block["block_id"] for block in view["blocks"] if block.get("element")]
    assert len(boxes) == 10
    assert has(view, "Imported Donor", "New task", "more follow when these are decided")
    taken = boxes[0].split(":")[2]
    # One of them is decided elsewhere while the window is open.
    await flooded.stage.signed_click(OLIVIA, "cs:approve", taken, nonce="elsewhere")
    await until(lambda: _is(flooded, taken, EscalationState.EXECUTED), "the first is done already")
    await _submit(flooded, view, boxes[:4])
    done = await flooded.stage.seen(OLIVIA, OLIVIAS, "3 approved, 1 not")
    assert has(done, "already approved by Olivia Hart")
    for box in boxes[1:4]:
        await until(lambda box=box: _is(flooded, box.split(":")[2], EscalationState.EXECUTED), "done")
    entries = [e for e in await flooded.entries() if e.kind == "escalation.approved" and e.payload]
    together = [e.payload.get("together") for e in entries if e.payload]
    assert sum(each is not None for each in together) == 3
    assert len({each for each in together if each}) == 1

    await flooded.later(seconds=3)

    async def follows() -> bool:
        view = flooded.stage.slack.views.home(OLIVIA)
        return view is not None and has(view.shown(), "Decided lately", "Undo", "Open the card")

    await until(follows, "the Home tab follows by itself, and offers Undo")
    await until(lambda: _says(flooded, "Done"), "the list follows as well")


async def _says(loop: Loop, words: str) -> bool:
    return has(await _list(loop), words)


async def _is(loop: Loop, about: str, state: EscalationState) -> bool:
    found = await loop.runtime.context.database.read(lambda tx: tx.escalations.get(about))
    return found is not None and found.state is state


async def _forged(loop: Loop, user: str, box: str) -> None:
    """A submission as Slack would sign it, with a box that no window ever had."""
    values = {box: {"cs:chosen": {"type": "checkboxes", "selected_options": [{"value": "yes"}]}}}
    view = {"type": "modal", "id": f"V{user}", "hash": "1", "callback_id": "cs:together_view"}
    payload = {
        "type": "view_submission",
        "user": {"id": user, "team_id": "T0HARBOUR"},
        "team": {"id": "T0HARBOUR"},
        "view": view | {"state": {"values": values}, "private_metadata": f'{{"channel_id": "{OLIVIAS}"}}'},
    }
    answer = await loop.stage.signed(urlencode({"payload": json.dumps(payload)}).encode())
    assert answer.status_code == 200


async def test_what_is_not_small_is_refused_whoever_puts_it_into_the_window(flooded: Loop) -> None:
    complaint = await _complaint(flooded, "donor-9001")
    await _forged(flooded, OLIVIA, f"cs:box:{complaint.id}:{complaint.revision}")
    await flooded.stage.seen(OLIVIA, OLIVIAS, "0 approved, 1 not", "needs a decision of its own")
    assert await _is(flooded, complaint.id, EscalationState.OPEN)


async def test_nobody_approves_what_is_not_theirs_by_a_forged_window(flooded: Loop) -> None:
    small = next(e for e in await _all(flooded) if e.shown == "grouped" and e.state is EscalationState.OPEN)
    await _forged(flooded, MARA, f"cs:box:{small.id}:{small.revision}")
    await flooded.settled()
    refused = [e for e in await flooded.entries() if e.kind == "click.refused" and e.actor == f"slack:{MARA}"]
    assert refused
    assert await _is(flooded, small.id, EscalationState.OPEN)


async def test_somebody_else_finds_nothing_of_hers_in_the_window(flooded: Loop) -> None:
    listed = await _list(flooded)
    grouping = find_element(listed, "cs:together")[1]["value"]
    await flooded.stage.signed_click(MARA, "cs:together", grouping, nonce="mara")
    await flooded.settled()
    assert not any("Imported" in text_of(view) for view in await flooded.stage.views(MARA))


async def test_what_the_flood_left_behind_verifies(flooded: Loop) -> None:
    await flooded.settled()
    await flooded.verified()
    assert await flooded.dead() == []
