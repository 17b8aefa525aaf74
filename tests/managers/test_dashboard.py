"""The dashboard, attacked: by outsiders, with used links, as a fundraiser, as a manager of another team."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from bot.http.app import Pages, doors
from bot.http.dashboard import COOKIE, POLICY
from bot.http.metrics import Metrics
from bot.http.probes import Probes
from bot.policy_in_force import PolicyInForce
from handlers.commands import ChatUser, DashboardRequested, ReplyAddress
from handlers.context import Context
from handlers.digests import count_outcomes as counting_outcomes
from handlers.digests.add_up import add_up, add_up_some
from handlers.digests.dashboard_link import NO_ADDRESS
from handlers.digests.managing import managing
from handlers.digests.whose_figures import FOR_MANAGERS
from handlers.outcomes import LinkShown, Notice
from handlers.ports import Colleague
from policy.organisation import Organisation
from storage import tallies
from storage.appending import AuditEntry
from storage.bell import InProcessBell
from tests.handlers.conftest import GUEST, MANAGER, ORGANISATION, OWNER, House
from tests.managers.conftest import PEOPLE, START
from tests.managers.history import append

AT = START + timedelta(days=6)
CARMEN = Colleague("UCARMEN", "Carmen <b>Diaz</b>", "carmen@x.example", "UTC", is_full_member=True)
EVERYBODY = [{"email": email, "team": "Ladders & <i>Co</i>"} for _, email in PEOPLE]
EVERYBODY += [{"email": MANAGER.email, "roles": ["manager"], "team": "Ladders & <i>Co</i>"}]
EVERYBODY += [{"email": CARMEN.email, "roles": ["compliance"]}, {"email": OWNER.email, "roles": ["owner"]}]
HEADERS = {"content-type": "application/x-www-form-urlencoded"}


def settings(**changes: object) -> Organisation:
    given = {"people": EVERYBODY, "dashboard_url": "https://cs.example/dashboard/"} | changes
    return Organisation.model_validate(ORGANISATION.model_dump() | given)


@pytest.fixture
async def living(house: House, entries: tuple[AuditEntry, ...]) -> House:
    some = [entry for entry in entries if entry.at < AT]
    await house.database.write(lambda tx: append(tx, some))
    house.clock.moment = AT
    house.chat.people = (*house.chat.people, CARMEN)
    return with_settings(house, settings())


def with_settings(house: House, organisation: Organisation) -> House:
    return replace(house, context=replace(house.context, organisation=organisation))


def browser(context: Context) -> httpx2.AsyncClient:
    metrics = Metrics(context.database, InProcessBell(), context.clock, PolicyInForce())
    app = doors(None, None, Probes({}), Pages(metrics, context))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="https://cs.example")


@pytest.fixture
async def http(living: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser(living.context) as client:
        yield client


async def asked(house: House, person: Colleague) -> LinkShown | Notice:
    to = ReplyAddress(channel_id="C1", user_id=person.id)
    await house.accept(DashboardRequested(by=ChatUser(id=person.id), reply_to=to))
    await house.work_all()
    said = house.chat.whispers[-1][1]
    assert isinstance(said, LinkShown | Notice)
    return said


async def signed_in(house: House, http: httpx2.AsyncClient, person: Colleague) -> httpx2.Response:
    shown = await asked(house, person)
    assert isinstance(shown, LinkShown)
    return await http.post(
        "/dashboard/enter", content=f"link={shown.url.rpartition('/')[2]}", headers=HEADERS
    )


async def test_a_link_opens_one_session_and_looking_at_it_uses_nothing_up(
    living: House, http: httpx2.AsyncClient
) -> None:
    shown = await asked(living, CARMEN)
    assert isinstance(shown, LinkShown)
    for _ in range(3):  # whatever fetches addresses before people do
        before = await http.get(shown.url)
        assert before.status_code == 200
    link = shown.url.rpartition("/")[2]
    assert shown.url.startswith("https://cs.example/dashboard/enter/")
    opened = await http.post("/dashboard/enter", content=f"link={link}", headers=HEADERS)
    assert (opened.status_code, opened.headers["location"]) == (303, "/dashboard")
    cookie = opened.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "secure", "path=/dashboard"))
    assert link not in cookie
    again = await http.post("/dashboard/enter", content=f"link={link}", headers=HEADERS)
    assert again.status_code == 403
    kinds = [r.kind for r in await living.database.read(lambda tx: tx.audit.between(AT, AT + timedelta(1)))]
    assert [kind for kind in kinds if kind.startswith("dashboard")] == [
        "dashboard.link_given",
        "dashboard.opened",
    ]


async def test_every_page_says_what_it_should_and_nothing_of_a_donor(
    living: House, http: httpx2.AsyncClient
) -> None:
    await signed_in(living, http, CARMEN)
    for kind, words in {
        "adoption": "Who uses it",
        "override": "Confidence against outcome",
        "outcomes": "not a proof of effect",
        "operations": "At this moment",
    }.items():
        page = await http.get(f"/dashboard?kind={kind}&days=28")
        assert page.status_code == 200
        assert words in page.text
        assert "donor-0" not in page.text
        assert page.headers["content-security-policy"] == POLICY
        assert page.headers["cache-control"] == "no-store"
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert "Carmen &lt;b&gt;Diaz" in page.text
    assert (await http.get("/dashboard/style.css")).headers["content-type"].startswith("text/css")


async def test_an_outsider_sees_nothing(http: httpx2.AsyncClient) -> None:
    for address in ("/dashboard", "/dashboard?kind=override&days=7", "/dashboard/figures.csv"):
        for cookie in (None, "", "guess", "x" * 5000, "' OR 1=1 --"):
            headers = {} if cookie is None else {"cookie": f"{COOKIE}={cookie}"}
            answered = await http.get(address, headers=headers)
            assert answered.status_code == 401
            assert "You are not signed in" in answered.text


async def test_a_guessed_link_opens_nothing(http: httpx2.AsyncClient) -> None:
    for body in ("", "link=", "link=guess", "x" * 9000, "link=" + "y" * 200, "link=%00"):
        answered = await http.post("/dashboard/enter", content=body, headers=HEADERS)
        assert (answered.status_code, "set-cookie" in answered.headers) == (403, False)


async def test_an_altered_link_or_cookie_is_as_good_as_none(living: House, http: httpx2.AsyncClient) -> None:
    shown = await asked(living, CARMEN)
    assert isinstance(shown, LinkShown)
    link = shown.url.rpartition("/")[2]
    assert len(link) >= 32, "not one of our ids, which follow each other within a millisecond"
    others = {link[:-1] + "xy"[link.endswith("x")], link[:-1], link + "0", link.swapcase(), link + "%00"}
    for altered in others - {link}:
        refused = await http.post("/dashboard/enter", content=f"link={altered}", headers=HEADERS)
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False), altered
    opened = await http.post("/dashboard/enter", content=f"link={link}", headers=HEADERS)
    session = opened.headers["set-cookie"].partition(";")[0].partition("=")[2]
    http.cookies.clear()
    for altered in (session[:-1], session + "0", session.swapcase(), f"{link}", f'"{session}x"'):
        looked = await http.get("/dashboard", headers={"cookie": f"{COOKIE}={altered}"})
        assert looked.status_code == 401, altered
    assert (await http.get("/dashboard", headers={"cookie": f"{COOKIE}={session}"})).status_code == 200


async def test_one_session_never_shows_what_another_may_see(living: House, http: httpx2.AsyncClient) -> None:
    address, cookies = "/dashboard?kind=adoption&days=7", dict[str, str]()
    for person in (CARMEN, MANAGER):
        opened = await signed_in(living, http, person)
        cookies[person.id] = opened.headers["set-cookie"].partition(";")[0]
        http.cookies.clear()
    seen = [
        (await http.get(address, headers={"cookie": cookies[each.id]})).text
        for each in (CARMEN, MANAGER, CARMEN, MANAGER)
    ]
    assert ['name="team"' in page for page in seen] == [True, False, True, False]
    assert [f"as {MANAGER.name}." in page for page in seen] == [False, True, False, True]
    assert seen[:2] == seen[2:]
    await http.post("/dashboard/leave", headers={"cookie": cookies[CARMEN.id]})
    assert (await http.get(address, headers={"cookie": cookies[MANAGER.id]})).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/",
        "/dashboard/../metrics/x",
        "/dashboard/%2e%2e/%2e%2e/etc/passwd",
        "/dashboard/style.css/../../dashboard.py",
        "/dashboard/enter",
        "/dashboard/enter/a/b",
        "/dashboard/figures.csv/%00",
        "/dashboard?kind=override'%20OR%201=1--&days=7",
        "/dashboard?kind=override&days=7%3B%20DROP%20TABLE%20interactions",
        "/dashboard?kind=override&team=%0d%0aSet-Cookie:%20a=b",
        "/dashboard/figures.csv?kind=adoption&team=%22%0d%0aX-Evil:%201",
    ],
)
async def test_no_address_leads_elsewhere_or_says_what_it_is_made_of(
    living: House, http: httpx2.AsyncClient, path: str
) -> None:
    await signed_in(living, http, CARMEN)
    answered = await http.get(path, follow_redirects=False)
    assert answered.status_code in (307, 404, 405)
    assert "set-cookie" not in answered.headers
    assert "x-evil" not in answered.headers
    assert not re.search(r"Traceback|sqlalchemy|root:|def |SELECT", answered.text)


async def test_an_address_that_leads_nowhere_says_so_to_people(http: httpx2.AsyncClient) -> None:
    answered = await http.get("/dashboard/overrides")
    assert (answered.status_code, answered.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing at this address." in answered.text
    assert "Type /donor dashboard in Slack for a new link." in answered.text
    assert (await http.get("/dashboard/", follow_redirects=False)).headers["location"] == "/dashboard"


async def test_an_entrance_shows_no_markup_of_its_address(http: httpx2.AsyncClient) -> None:
    answered = await http.get('/dashboard/enter/"><b>x')
    assert "<b>x" not in answered.text


async def test_links_and_sessions_grow_old(living: House, http: httpx2.AsyncClient) -> None:
    shown = await asked(living, CARMEN)
    assert isinstance(shown, LinkShown)
    living.clock.move(minutes=5)
    body = f"link={shown.url.rpartition('/')[2]}"
    assert (await http.post("/dashboard/enter", content=body, headers=HEADERS)).status_code == 403
    await signed_in(living, http, CARMEN)
    living.clock.move(minutes=59)
    assert (await http.get("/dashboard")).status_code == 200
    living.clock.move(minutes=61)
    assert (await http.get("/dashboard")).status_code == 401
    await signed_in(living, http, CARMEN)
    for _ in range(9):
        living.clock.move(minutes=50)
        await http.get("/dashboard")
    living.clock.move(minutes=40)
    assert (await http.get("/dashboard")).status_code == 401, "eight hours are the most"


async def test_whoever_leaves_is_gone(living: House, http: httpx2.AsyncClient) -> None:
    opened = await signed_in(living, http, CARMEN)
    cookie = re.search(rf"{COOKIE}=([^;]+)", opened.headers["set-cookie"])
    assert cookie is not None
    await http.post("/dashboard/leave")
    kept = await http.get("/dashboard", headers={"cookie": f"{COOKIE}={cookie[1]}"})
    assert kept.status_code == 401


async def test_a_fundraiser_and_a_guest_get_no_link(living: House) -> None:
    refused = await asked(living, OWNER)
    assert refused == FOR_MANAGERS
    assert isinstance(await asked(living, GUEST), Notice)
    without = with_settings(living, settings(dashboard_url=None))
    assert await asked(without, CARMEN) == NO_ADDRESS


async def test_a_role_taken_away_ends_the_session(living: House, http: httpx2.AsyncClient) -> None:
    opened = await signed_in(living, http, CARMEN)
    cookie = {"cookie": opened.headers["set-cookie"].partition(";")[0]}
    people = [person for person in EVERYBODY if person["email"] != CARMEN.email]
    async with browser(with_settings(living, settings(people=people)).context) as later:
        assert (await later.get("/dashboard", headers=cookie)).status_code == 403
        assert (await later.get("/dashboard", headers=cookie)).status_code == 401


async def test_a_manager_sees_the_own_team_whatever_the_address_says(
    living: House, http: httpx2.AsyncClient
) -> None:
    await signed_in(living, http, MANAGER)
    page = await http.get("/dashboard?kind=adoption&team=Somebody+else")
    assert page.status_code == 200
    assert "Ladders &amp; &lt;i&gt;Co" in page.text, "the own team"
    assert ("0 of 7" in page.text, 'name="team"' in page.text) == (True, False)


async def test_an_address_that_makes_no_sense_says_so(living: House, http: httpx2.AsyncClient) -> None:
    await signed_in(living, http, CARMEN)
    for query in ("kind=<script>", "days=100000", "days=-1", "team=<script>alert(1)</script>", "kind="):
        answered = await http.get(f"/dashboard?{query}")
        assert answered.status_code == 404
        assert "<script>" not in answered.text
    chosen = await http.get("/dashboard", params={"team": "Ladders & <i>Co</i>"})
    assert chosen.status_code == 200
    assert "<i>Co" not in chosen.text


async def test_the_file_is_written_down_and_has_no_formula(living: House, http: httpx2.AsyncClient) -> None:
    await signed_in(living, http, CARMEN)
    answered = await http.get("/dashboard/figures.csv?kind=override&days=28")
    assert answered.headers["content-disposition"].startswith('attachment; filename="override-')
    assert answered.text.startswith("Part,What,Column,Value")
    taken = await living.database.read(lambda tx: tx.audit.of_kind("figures.taken"))
    assert [(entry.actor, entry.payload) for entry in taken] == [("slack:UCARMEN", {"digest": "override"})]


async def test_while_days_are_added_up_a_page_says_when_to_look_again_and_then_shows_the_same_figures(
    living: House, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in(living, http, CARMEN)
    pages = [f"/dashboard?kind={kind}&days=7" for kind in ("adoption", "override", "operations")]
    counted = [(await http.get(page)).text for page in pages]
    living.clock.move(seconds=61)  # figures of the last minute are not counted again
    monkeypatch.setattr(tallies, "MOST_COUNTED", 3)
    for page in (*pages, "/dashboard/figures.csv?days=7"):
        answered = await http.get(page)
        assert answered.status_code == 503
        assert "5 days are still being added up, the newest first." in answered.text
        assert "Look again at 19:03." in answered.text
    home = await managing(CARMEN, living.clock.now(), living.context)
    assert home is not None
    assert (home.headline[-20:], home.figures) == ("Look again at 19:03.", ())
    left = [await days_missing(living)]
    while await add_up_some(living.context):
        left.append(await days_missing(living))
    assert left[:3] == [5, 1, 0]
    assert [as_before((await http.get(page)).text) for page in pages] == [as_before(text) for text in counted]


async def test_outcomes_of_many_decisions_are_counted_in_the_background(
    living: House, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in(living, http, CARMEN)
    monkeypatch.setattr(counting_outcomes, "MOST_DECISIONS", 1)
    answered = await http.get("/dashboard?kind=outcomes&days=7")
    assert answered.status_code == 503
    assert "being counted now" in answered.text
    await add_up(living.context)
    shown = await http.get("/dashboard?kind=outcomes&days=7")
    assert (shown.status_code, "Outcomes are counted once a day" in shown.text) == (200, True)


async def days_missing(house: House) -> int:
    return await house.database.read(lambda tx: tx.tallies.days_missing(house.clock.now()))


def as_before(page: str) -> str:
    """Leave out at what moment a page was counted."""
    return re.sub(r"\d\d:\d\d", "", page)
