"""Who decides, who does not, and what everybody is told."""

from __future__ import annotations

import pytest

from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, escalation_of, has
from tests.loop.staging import (
    CARMEN,
    DESK,
    ELLIS,
    FELIX,
    FIONA,
    GUS,
    JANE,
    MARA,
    OLIVIA,
    OLIVIAS,
    OMAR,
    OMARS,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _private(loop: Loop, user: str, channel: str, *words: str) -> Json:
    message = await loop.stage.seen(user, channel, *words)
    assert message["is_ephemeral"], "an answer to one person is seen by nobody else"
    return message


async def test_somebody_else_is_told_privately_whose_decision_it_is(shared: Loop) -> None:
    card = await shared.card()
    await shared.stage.press(MARA, OLIVIAS, card, "cs:approve")
    told = await _private(shared, MARA, OLIVIAS, "This decision is for Olivia Hart.", "Nothing was changed")
    await shared.settled()
    assert await shared.state(card) == "open"
    assert await shared.stage.written_for(card, JANE) == []
    assert told["ts"] not in {m["ts"] for m in await shared.stage.history(OLIVIA, OLIVIAS)}
    refused = (await shared.entries())[-1]
    assert (refused.kind, refused.actor) == ("click.refused", f"slack:{MARA}")


async def test_a_click_on_a_decided_card_says_where_it_stands(shared: Loop) -> None:
    card = await shared.card()
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe")
    about = escalation_of(card)
    assert (await shared.stage.signed_click(OLIVIA, "cs:approve", about, nonce="late")).status_code == 200
    already = ("already approved by Olivia Hart and is in the CRM", "Nothing was changed by your click")
    await _private(shared, OLIVIA, OLIVIAS, *already)
    await shared.settled()
    assert len(await shared.stage.written_for(card, JANE)) == 1
    assert await shared.state(card) == "executed"


async def test_two_quick_clicks_write_once(shared: Loop) -> None:
    card = await shared.card()
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe")
    await shared.settled()
    assert len(await shared.stage.written_for(card, JANE)) == 1
    approvals = [e for e in await shared.entries() if e.kind == "escalation.approved"]
    assert (
        sum(e.payload is not None and e.payload["escalation_id"] == escalation_of(card) for e in approvals)
        == 1
    )


async def test_a_replayed_click_is_acknowledged_and_does_nothing(shared: Loop) -> None:
    card = await shared.card()
    about = escalation_of(card)

    async def told() -> int:
        # How fast she approved is told her once, and is no answer to a repetition.
        return sum(not has(m, "Only you see this line") for m in await shared.stage.history(OLIVIA, OLIVIAS))

    before = await told()
    for _ in range(3):
        assert (await shared.stage.signed_click(OLIVIA, "cs:approve", about, nonce="once")).status_code == 200
    await shared.now_shows(card, "Done: Jane Doe")
    await shared.settled()
    assert len(await shared.stage.written_for(card, JANE)) == 1
    assert await told() == before, "a repetition is answered with silence"


async def test_a_card_of_another_installation_is_not_known(shared: Loop) -> None:
    counted = await shared.counts()
    answer = await shared.stage.signed_click(
        OLIVIA, "cs:approve", "01HZZZZZZZZZZZZZZZZZZZZZZZ", nonce="foreign"
    )
    assert answer.status_code == 200
    await _private(shared, OLIVIA, OLIVIAS, "I do not know this card", "Nothing was changed")
    await shared.settled()
    assert (await shared.counts())["inbox"]["dead"] == counted["inbox"]["dead"] == 0


@pytest.mark.parametrize(
    "value", ["", "a b", "x' OR 1=1 --", "../../etc/passwd", "é", "a" * 200, "{}", "01H\n01H"]
)
async def test_a_value_no_card_of_ours_carries_is_turned_away(shared: Loop, value: str) -> None:
    await shared.settled()
    before = await shared.counts()
    answer = await shared.stage.signed_click(OLIVIA, "cs:approve", value, nonce=f"forged-{value[:5]}")
    assert answer.status_code == 200, "Slack is told that it arrived, the person that it means nothing"
    assert await shared.counts() == before


@pytest.mark.parametrize(
    "wrong", [{"secret": "not-the-secret"}, {"age_s": 400}, {"signature": "v0=00"}, {"signature": ""}]
)
async def test_a_click_that_slack_did_not_sign_changes_nothing(
    shared: Loop, wrong: dict[str, object]
) -> None:
    card = await shared.card()
    await shared.settled()
    before = await shared.counts()
    answer = await shared.stage.signed_click(
        OLIVIA, "cs:approve", escalation_of(card), nonce="forged", **wrong
    )
    assert answer.status_code == 401
    assert await shared.counts() == before
    assert await shared.state(card) == "open"


async def test_outsiders_decide_nothing_and_see_no_evidence(shared: Loop) -> None:
    card = await shared.card()
    about = escalation_of(card)
    for person in (GUS, ELLIS, "U0NOBODY0"):
        await shared.stage.signed_click(person, "cs:approve", about, nonce=f"outsider-{person}")
    await shared.settled()
    assert await shared.state(card) == "open"
    refused = [e for e in await shared.entries() if e.kind == "click.refused"][-3:]
    assert {e.actor for e in refused} == {f"slack:{p}" for p in (GUS, ELLIS, "U0NOBODY0")}
    assert all("members of this organisation" in (e.payload or {})["reason"] for e in refused)


async def test_owner_and_compliance_both_have_to_agree(shared: Loop) -> None:
    rutger = "donor-0006"
    await shared.stage.happen("gift", rutger)
    card = await shared.stage.seen(OMAR, DESK, "Decision needed: Rutger van Ness")
    assert has(card, "Under legal review", "Omar Haddad and compliance")
    await shared.stage.press(OMAR, DESK, card, "cs:approve")
    await _private(shared, OMAR, DESK, "Your approval is recorded.", "1 more as compliance")
    await shared.settled()
    assert await shared.stage.written_for(card, rutger) == []

    await shared.stage.press(OMAR, DESK, card, "cs:approve")
    await _private(shared, OMAR, DESK, "You have already given your approval; it counts once.")
    await shared.stage.press(FIONA, DESK, card, "cs:approve")
    await _private(shared, FIONA, DESK, "This decision is for Omar Haddad and compliance")
    await shared.settled()
    assert await shared.state(card) == "open"

    await shared.stage.press(CARMEN, DESK, card, "cs:approve")
    await shared.now_shows(card, "Done: Rutger van Ness", channel=DESK, user=CARMEN)
    assert len(await shared.stage.written_for(card, rutger)) == 1


# Where a decision goes when there is no ordinary owner


@pytest.mark.parametrize(
    ("donor_id", "name", "reason"),
    [
        ("donor-0011", "Harold Quimby", "the relationship owner Petra Long is no longer active"),
        ("donor-0012", "Lucía Ibáñez", "the donor has no relationship owner"),
    ],
)
async def test_without_an_owner_a_manager_decides_at_the_desk(
    shared: Loop, donor_id: str, name: str, reason: str
) -> None:
    await shared.stage.happen("gift", donor_id)
    card = await shared.stage.seen(MARA, DESK, f"Decision needed: {name}", reason)
    await shared.stage.press(FIONA, DESK, card, "cs:approve")
    await _private(shared, FIONA, DESK, "This decision is for a reviewer (manager)")
    await shared.stage.press(MARA, DESK, card, "cs:approve")
    await shared.now_shows(card, f"Done: {name}", f"<@{MARA}>", channel=DESK, user=MARA)
    assert len(await shared.stage.written_for(card, donor_id)) == 1


async def test_an_owner_without_a_slack_account_is_named(shared: Loop) -> None:
    tables = shared.stage.crm.tables
    petra = tables.staff.get("staff-petra")
    assert petra is not None
    newcomer = petra.model_copy(
        update={"id": "staff-new", "name": "Nina New", "email": "nina@x.example", "active": True}
    )
    shared.stage.crm.store.commit(newcomer)
    shared.stage.edit_donor("donor-0024", owner_id="staff-new")
    await shared.later(minutes=6)
    await shared.stage.happen("gift", "donor-0024")
    await shared.stage.seen(
        MARA, DESK, "Joan Merriweather", "the relationship owner Nina New has no Slack account here"
    )


async def test_an_owner_without_a_channel_decides_in_direct_messages(shared: Loop) -> None:
    await shared.stage.happen("gift", "donor-0019")
    direct = await shared.stage.direct(FELIX)
    card = await shared.stage.seen(FELIX, direct, "Decision needed: Anna Müller", "direct messages")
    await shared.stage.press(FELIX, direct, card, "cs:approve")
    await shared.now_shows(card, "Done: Anna Müller", channel=direct, user=FELIX)
    assert len(await shared.stage.written_for(card, "donor-0019")) == 1


# What may not be proposed


async def test_for_the_dead_nothing_but_care_for_the_family_is_proposed(shared: Loop) -> None:
    await shared.stage.happen("gift", "donor-0002")
    card = await shared.stage.seen(OMAR, OMARS, "Decision needed: Walter Lindgren")
    assert has(card, "Died on", "Condolences and estate handling for Walter Lindgren", "stop all appeals")
    assert not has(card, "Thank-you")


async def test_somebody_who_wants_no_contact_is_not_contacted(shared: Loop) -> None:
    card = await shared.card("donor-0017")
    assert has(card, "Do not contact", "Decide how to acknowledge")
    await shared.stage.happen("reply", "donor-0017")
    held = await shared.stage.seen(OLIVIA, OLIVIAS, "Vivian Crane: nothing to approve")
    assert has(held, "This donor asked not to be contacted", "nobody can approve this from here")
    assert buttons(held) == set()


async def test_under_legal_review_contact_is_held_back(shared: Loop) -> None:
    await shared.stage.happen("reply", "donor-0006")
    held = await shared.stage.seen(OMAR, OMARS, "Rutger van Ness: nothing to approve")
    assert has(held, "Under legal review", "legal review")
    assert buttons(held) == set()


async def test_a_paused_campaign_is_reported_to_the_desk(shared: Loop) -> None:
    happened = await shared.stage.happen("campaign")
    name = happened["record"]["name"]
    await shared.stage.seen(MARA, DESK, f"The campaign {name} is now paused.")
    assert (await shared.entries())[-1].kind == "campaign.changed"


async def test_our_own_writes_start_nothing(shared: Loop) -> None:
    token = {"Authorization": "Bearer simulated-crm-token", "X-Actor": "countersign for Olivia Hart"}
    version = (await shared.stage.crm_get("donors/donor-0015"))["version"]
    answer = await shared.stage.http.patch(
        "/crm/api/v1/donors/donor-0015",
        json={"lifecycle_stage": "stewardship"},
        headers=token | {"If-Match": f'"{version}"'},
    )
    assert answer.status_code == 200
    await shared.settled()
    last = (await shared.entries())[-1]
    assert (last.kind, last.actor) == ("event.own", "system")


async def test_a_name_full_of_markup_notifies_nobody(shared: Loop) -> None:
    card = await shared.card("donor-0021")
    assert "<!channel>" not in card["text"]
    assert "<@U0OLIVIA0>" not in card["text"]


async def test_the_home_tab_lists_what_waits(shared: Loop) -> None:
    await shared.card()
    await shared.stage.home(OLIVIA)
    await shared.stage.home(GUS)
    view = await shared.stage.published_home(OLIVIA)
    assert has(view, "Jane Doe")
    assert not has(view, "Walter Lindgren"), "that is Omar's"
    outside = await shared.stage.published_home(GUS)
    assert not has(outside, "Jane Doe")


async def test_what_all_of_this_left_behind_verifies(shared: Loop) -> None:
    await shared.settled()
    await shared.verified()
    # The only thing that could not be delivered is the refusal to a person who does not exist.
    assert await shared.dead() == [("send_answer", "slack_user_not_found")]
