"""The reading half of the REST API, over HTTP."""

from __future__ import annotations

import pytest

JANE = "donor-0001"
LISTS = ("consents", "gifts", "soft-credits", "pledges", "recurring-gifts", "interactions", "notes", "tasks")
SINGLES = (
    "donors/donor-0001",
    "households/household-0001",
    "gifts/gift-000001",
    "pledges/pledge-000001",
    "interactions/interaction-000001",
    "notes/note-000001",
    "tasks/task-000001",
    "campaigns/campaign-0001",
    "staff/staff-olivia",
)


async def test_without_the_token_nothing_is_told(sandbox):
    for path in ("ping", "donors", "events", *SINGLES):
        answer = await sandbox.http.get(f"/crm/api/v1/{path}", headers={"Authorization": "Bearer wrong"})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["type"] == "unauthorized"


async def test_ping_says_who_answers_how_many_donors_it_shows_and_what_time_it_is(sandbox):
    assert await sandbox.get("/ping") == {
        "name": "Countersign sandbox CRM",
        "version": "1",
        "donors": 28,
        "now": "2026-11-20T15:00:00Z",
    }


async def test_a_donor_is_told_whole(sandbox):
    answer = await sandbox.http.get(f"/crm/api/v1/donors/{JANE}")
    jane = answer.json()
    assert answer.headers["etag"] == f'"{jane["version"]}"'
    assert jane.pop("version").startswith("v")
    assert jane == {
        "id": JANE,
        "type": "individual",
        "first_name": "Jane",
        "last_name": "Doe",
        "name": "Jane Doe",
        "salutation": "Jane",
        "email": "jane.doe@mail.example",
        "phone": "+1 207 555 0101",
        "city": "Portland",
        "country": "US",
        "region": "US",
        "processing_region": "any",
        "household_id": "household-0001",
        "owner_id": "staff-olivia",
        "lifecycle_stage": "stewardship",
        "tier": "major",
        "tags": ["harbour-council", "gala-host"],
        "segments": ["keep-the-light", "monthly-circle"],
        "deceased": False,
        "deceased_on": None,
        "do_not_contact": False,
        "gives_anonymously": False,
        "legal_review": False,
        "sensitive": False,
        "vulnerable": False,
        "merged_into": None,
        "time_zone": "America/New_York",
        "created_at": "2019-12-09T09:00:00Z",
        "modified_at": "2026-11-05T18:00:00Z",
        "rollups": {
            "lifetime_giving": {"minor": 6_565_000, "currency": "USD"},
            "gift_count": 52,
            "first_gift_on": "2019-12-09",
            "last_gift_on": "2026-11-05",
            "largest_gift": {"minor": 1_500_000, "currency": "USD"},
        },
    }


async def test_a_merged_donor_is_told_with_where_they_went(sandbox):
    merged = await sandbox.get("/donors/donor-0013")
    assert (merged["id"], merged["merged_into"]) == ("donor-0013", "donor-0014")
    listed = [donor["id"] for donor in (await sandbox.get("/donors", limit=500))["items"]]
    assert "donor-0013" not in listed
    assert len(listed) == 27


@pytest.mark.parametrize("path", SINGLES)
async def test_each_record_can_be_read_by_its_id(sandbox, path):
    record = await sandbox.get(f"/{path}")
    assert record["id"] == path.rpartition("/")[2]


@pytest.mark.parametrize("path", [*(f"{one.partition('/')[0]}/none" for one in SINGLES), "nowhere", *LISTS])
async def test_what_is_not_there_is_a_problem(sandbox, path):
    path = f"donors/none/{path}" if path in LISTS else path
    answer = await sandbox.http.get(f"/crm/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() == {"type", "title", "status", "detail"}


async def test_an_unknown_method_is_a_problem(sandbox):
    answer = await sandbox.http.delete("/crm/api/v1/staff/staff-olivia")
    assert (answer.status_code, answer.json()["status"]) == (405, 405)


@pytest.mark.parametrize("name", LISTS)
async def test_every_list_of_a_donor_has_its_records(sandbox, name):
    whose = "donor-0027" if name == "soft-credits" else JANE
    page = await sandbox.get(f"/donors/{whose}/{name}", limit=500)
    assert page["next"] is None
    assert page["items"]
    if name != "soft-credits":
        assert {item["donor_id"] for item in page["items"]} == {whose}


async def test_soft_credits_are_gifts_of_others(sandbox):
    page = await sandbox.get("/donors/donor-0025/soft-credits")
    assert [(gift["donor_id"], gift["type"]) for gift in page["items"]] == [("donor-0028", "daf")] * 3
    assert page["items"][0]["soft_credits"] == [
        {
            "donor_id": "donor-0025",
            "amount": {"minor": 1_000_000, "currency": "USD"},
            "reason": "donor-advised fund adviser",
        }
    ]


async def test_campaigns_and_staff_are_listed(sandbox):
    assert len((await sandbox.get("/campaigns"))["items"]) == 31
    staff = {member["id"]: member for member in (await sandbox.get("/staff"))["items"]}
    assert staff["staff-petra"]["active"] is False
    assert staff["staff-olivia"] == {
        "id": "staff-olivia",
        "name": "Olivia Hart",
        "email": "olivia.hart@harbourlight.example",
        "title": "Major gifts officer",
        "active": True,
        "time_zone": "America/New_York",
    }


async def pages(sandbox, path, **query):
    cursor, items = {}, []
    while True:
        page = await sandbox.get(path, **query, **cursor)
        assert len(page["items"]) <= query["limit"]
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}


@pytest.mark.parametrize("path", [f"/donors/{JANE}/gifts", "/donors", "/campaigns", "/changes"])
async def test_pages_add_up_to_the_whole_list(sandbox, path):
    whole = (await sandbox.get(path, limit=500))["items"]
    assert await pages(sandbox, path, limit=3) == whole


async def test_gifts_come_newest_first(sandbox):
    gifts = (await sandbox.get(f"/donors/{JANE}/gifts", limit=500))["items"]
    days = [gift["received_on"] for gift in gifts]
    assert days == sorted(days, reverse=True)
    assert len(days) == 52


async def test_a_page_stays_right_when_a_gift_arrives_in_between(sandbox):
    before = (await sandbox.get(f"/donors/{JANE}/gifts", limit=500))["items"]
    first = await sandbox.get(f"/donors/{JANE}/gifts", limit=10)
    await sandbox.happen("gift", donor_id=JANE)
    second = await sandbox.get(f"/donors/{JANE}/gifts", limit=10, cursor=first["next"])
    assert first["items"] + second["items"] == before[:20]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "many"}, {"limit": "-1"}, {"cursor": "nonsense"}, {"cursor": "W10="}]
)
async def test_a_bad_page_is_refused(sandbox, query):
    answer = await sandbox.http.get(f"/crm/api/v1/donors/{JANE}/gifts", params=query)
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid")


async def test_a_limit_beyond_the_largest_is_cut(sandbox):
    page = await sandbox.get(f"/donors/{JANE}/gifts", limit=100_000)
    assert len(page["items"]) == 52


async def test_one_answer_holds_what_the_lists_hold(sandbox):
    whole = await sandbox.get(f"/donors/{JANE}/record")
    assert whole.pop("donor") == await sandbox.get(f"/donors/{JANE}")
    assert whole.pop("household") == await sandbox.get("/households/household-0001")
    assert whole == {path: await sandbox.get(f"/donors/{JANE}/{path}", limit=500) for path in LISTS}
