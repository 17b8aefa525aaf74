"""The writing half of the REST API: versions, repeats, history, and who wins a race."""

from __future__ import annotations

import asyncio

import pytest

JANE = "donor-0001"
TASK = {
    "donor_id": JANE,
    "kind": "thank_you",
    "title": "Ring Jane",
    "details": "Before noon",
    "due_on": "2026-11-24",
    "assignee_id": "staff-olivia",
}
NOTE = {"donor_id": JANE, "text": "Wants to see the lens.", "category": "general"}
CONSENT = {
    "channel": "email",
    "purpose": "fundraising",
    "status": "opted_out",
    "source": "Her reply",
    "jurisdiction": "US",
    "captured_on": "2026-11-20",
}


async def version_of(sandbox, path):
    return (await sandbox.get(path))["version"]


def problem(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"]


async def changes(sandbox, key):
    page = await sandbox.get("/changes", change_key=key)
    return [(c["record_id"], c["field"], c["before"], c["after"], c["by"]) for c in page["items"]]


async def test_a_donor_is_changed_at_the_version_that_was_read(sandbox):
    before = await sandbox.get(f"/donors/{JANE}")
    sandbox.crm.store.clock.move(60)
    answer = await sandbox.write(
        "PATCH",
        f"/donors/{JANE}",
        {"lifecycle_stage": "solicitation", "segments": ["keep-the-light"]},
        If_Match=f'"{before["version"]}"',
        X_Change_Key="key-1",
    )
    after = answer.json()
    assert answer.status_code == 200
    assert after == before | {
        "lifecycle_stage": "solicitation",
        "segments": ["keep-the-light"],
        "version": f"v{int(before['version'][1:]) + 1}",
        "modified_at": "2026-11-20T15:01:00Z",
    }
    assert answer.headers["etag"] == f'"{after["version"]}"'
    assert await sandbox.get(f"/donors/{JANE}") == after
    assert sorted(await changes(sandbox, "key-1")) == [
        (JANE, "lifecycle_stage", "stewardship", "solicitation", "staff-olivia"),
        (JANE, "segments", ["keep-the-light", "monthly-circle"], ["keep-the-light"], "staff-olivia"),
    ]


async def test_an_owner_can_be_taken_away_and_given(sandbox):
    seen = await version_of(sandbox, f"/donors/{JANE}")
    nobody = (
        await sandbox.write("PATCH", f"/donors/{JANE}", {"owner_id": None}, If_Match=f'"{seen}"')
    ).json()
    assert nobody["owner_id"] is None
    omar = await sandbox.write(
        "PATCH", f"/donors/{JANE}", {"owner_id": "staff-omar"}, If_Match=f'"{nobody["version"]}"'
    )
    assert omar.json()["owner_id"] == "staff-omar"


async def test_writing_what_is_already_so_changes_nothing(sandbox):
    before = await sandbox.get(f"/donors/{JANE}")
    answer = await sandbox.write(
        "PATCH", f"/donors/{JANE}", {"lifecycle_stage": "stewardship"}, If_Match=f'"{before["version"]}"'
    )
    assert (answer.status_code, answer.json()) == (200, before)
    assert (await sandbox.get("/events"))["items"] == []


async def test_a_stale_write_is_refused_and_changes_nothing(sandbox):
    before = await sandbox.get(f"/donors/{JANE}")
    answer = await sandbox.write("PATCH", f"/donors/{JANE}", {"tags": ["x"]}, If_Match='"v1"')
    assert problem(answer) == (412, "stale_version")
    assert await sandbox.get(f"/donors/{JANE}") == before


@pytest.mark.parametrize("path", [f"/donors/{JANE}", "/gifts/gift-000001"])
async def test_a_write_without_a_version_is_refused(sandbox, path):
    body = {"acknowledgement": {"status": "needed"}} if "gifts" in path else {"tags": []}
    assert problem(await sandbox.write("PATCH", path, body)) == (428, "version_required")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", f"/donors/{JANE}", {"tags": []}),
        ("PUT", "/tasks/key", TASK),
        ("PUT", "/notes/key", NOTE),
        ("POST", f"/donors/{JANE}/consents", CONSENT),
        ("DELETE", "/tasks/task-000001", None),
        ("DELETE", "/notes/note-000001", None),
    ],
)
async def test_a_write_without_an_actor_is_refused(sandbox, method, path, body):
    answer = await sandbox.write(method, path, body, X_Actor="", If_Match='"v1"')
    assert problem(answer) == (400, "missing_header")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/donors/{JANE}", {"lifecycle_stage": "adoration"}),
        (f"/donors/{JANE}", {"lifecycle_stage": None}),
        (f"/donors/{JANE}", {"owner_id": "staff-nobody"}),
        (f"/donors/{JANE}", {"deceased": True}),
        (f"/donors/{JANE}", {"tags": "major"}),
        (f"/donors/{JANE}", []),
        ("/gifts/gift-000001", {"acknowledgement": {"status": "acknowledged"}}),
        ("/gifts/gift-000001", {"acknowledgement": {"status": "needed", "by": "staff-olivia"}}),
        ("/gifts/gift-000001", {"amount": {"minor": 1, "currency": "USD"}}),
    ],
)
async def test_a_change_that_makes_no_sense_is_refused(sandbox, path, body):
    answer = await sandbox.write("PATCH", path, body, If_Match=f'"{await version_of(sandbox, path)}"')
    assert problem(answer) == (422, "invalid")


async def test_text_that_is_not_json_is_refused(sandbox):
    answer = await sandbox.http.put(
        "/crm/api/v1/tasks/key", content=b"{nope", headers={"X-Actor": "staff-olivia"}
    )
    assert problem(answer) == (422, "invalid")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/donors/donor-0013", {"tags": []}),
        ("PUT", "/tasks/key", TASK | {"donor_id": "donor-0013"}),
        ("PUT", "/notes/key", NOTE | {"donor_id": "donor-0013"}),
        ("POST", "/donors/donor-0013/consents", CONSENT),
    ],
)
async def test_a_merged_donor_takes_no_writes(sandbox, method, path, body):
    answer = await sandbox.write(method, path, body, If_Match="*", X_Change_Key="k")
    assert problem(answer) == (409, "merged")
    assert "donor-0014" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/donors/none", {"tags": []}),
        ("PATCH", "/gifts/none", {"acknowledgement": {"status": "needed"}}),
        ("PATCH", "/tasks/none", {"status": "done"}),
        ("DELETE", "/tasks/none", None),
        ("DELETE", "/notes/none", None),
        ("PUT", "/tasks/key", TASK | {"donor_id": "none"}),
        ("PUT", "/notes/key", NOTE | {"donor_id": "none"}),
        ("POST", "/donors/none/consents", CONSENT),
    ],
)
async def test_writing_to_what_is_not_there_is_refused(sandbox, method, path, body):
    answer = await sandbox.write(method, path, body, If_Match="*", X_Change_Key="k")
    assert problem(answer) == (404, "not_found")


async def test_a_gift_is_acknowledged_once(sandbox):
    gift = (await sandbox.happen("gift", donor_id=JANE))["record"]
    body = {"acknowledgement": {"status": "acknowledged", "on": "2026-11-20", "by": "staff-olivia"}}
    path, seen = f"/gifts/{gift['id']}", f'"{gift["version"]}"'
    answer = await sandbox.write("PATCH", path, body, If_Match=seen, X_Change_Key="thanks")
    assert answer.json() == gift | body | {"version": "v2"}
    again = await sandbox.write("PATCH", path, body, If_Match=seen, X_Change_Key="thanks")
    assert problem(again) == (412, "stale_version")
    needed = {"status": "needed", "on": None, "by": None}
    assert await changes(sandbox, "thanks") == [
        (gift["id"], "acknowledgement", needed, body["acknowledgement"], "staff-olivia")
    ]


async def test_a_task_is_made_once_per_key(sandbox):
    first = await sandbox.write("PUT", "/tasks/key/with a slash", TASK)
    again = await sandbox.write("PUT", "/tasks/key/with a slash", TASK | {"title": "Another"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert first.json() == TASK | {
        "id": "task-000002",
        "status": "open",
        "created_by": "staff-olivia",
        "external_key": "key/with a slash",
        "created_at": "2026-11-20T15:00:00Z",
        "version": "v1",
    }
    tasks = (await sandbox.get(f"/donors/{JANE}/tasks"))["items"]
    assert [task["id"] for task in tasks] == ["task-000002", "task-000001"]
    assert await changes(sandbox, "key/with a slash") == [
        ("task-000002", "task", None, "Ring Jane", "staff-olivia")
    ]


async def test_a_task_can_be_done_moved_and_removed(sandbox):
    task = (await sandbox.write("PUT", "/tasks/key", TASK)).json()
    path = f"/tasks/{task['id']}"
    done = await sandbox.write("PATCH", path, {"status": "done", "due_on": "2026-12-01"})
    assert done.json() == task | {"status": "done", "due_on": "2026-12-01", "version": "v2"}
    assert problem(await sandbox.write("PATCH", path, {"status": "open"}, If_Match='"v1"'))[0] == 412
    assert (await sandbox.write("DELETE", path)).status_code == 204
    assert problem(await sandbox.write("DELETE", path)) == (404, "not_found")


async def test_what_was_deleted_is_not_made_again_by_a_repetition_that_was_held_up(sandbox):
    for path, body in (("/tasks", TASK), ("/notes", NOTE)):
        made = (await sandbox.write("PUT", f"{path}/late", body)).json()
        await sandbox.write("DELETE", f"{path}/{made['id']}", X_Change_Key="late:undo")
        assert problem(await sandbox.write("PUT", f"{path}/late", body)) == (410, "gone")
        kept = (await sandbox.get(f"/donors/{JANE}{path}"))["items"]
        assert [each for each in kept if each["external_key"] == "late"] == []


async def test_a_note_is_made_once_per_key_and_its_text_leaves_no_trace_in_the_history(sandbox):
    first = await sandbox.write("PUT", "/notes/key", NOTE)
    again = await sandbox.write("PUT", "/notes/key", NOTE)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    note = first.json()
    assert note == NOTE | {
        "id": note["id"],
        "author_id": None,
        "external_author": False,
        "written_at": "2026-11-20T15:00:00Z",
        "external_key": "key",
    }
    assert (await sandbox.write("DELETE", f"/notes/{note['id']}")).status_code == 204
    assert problem(await sandbox.http.get(f"/crm/api/v1/notes/{note['id']}")) == (404, "not_found")
    assert NOTE["text"] not in (await sandbox.http.get("/crm/api/v1/changes")).text


async def test_a_consent_is_appended_and_never_replaced(sandbox):
    before = (await sandbox.get(f"/donors/{JANE}/consents"))["items"]
    path = f"/donors/{JANE}/consents"
    answer = await sandbox.write("POST", path, CONSENT, X_Change_Key="out")
    assert answer.status_code == 201
    row = answer.json()
    assert row == CONSENT | {"id": row["id"], "donor_id": JANE, "expires_on": None}
    again = await sandbox.write("POST", path, CONSENT, X_Change_Key="out")
    assert (again.status_code, again.json()) == (200, row)
    assert (await sandbox.get(path))["items"] == [row, *before]
    assert await changes(sandbox, "out") == [
        (row["id"], "consent.email.fundraising", None, "opted_out", "staff-olivia")
    ]


async def test_a_consent_needs_a_key_and_a_day_that_has_come(sandbox):
    path = f"/donors/{JANE}/consents"
    assert problem(await sandbox.write("POST", path, CONSENT)) == (400, "missing_header")
    far_ahead = CONSENT | {"captured_on": "2026-11-22"}
    assert problem(await sandbox.write("POST", path, far_ahead, X_Change_Key="k")) == (422, "invalid")


async def test_of_many_writers_who_read_the_same_version_one_wins(serve_crm):
    async with serve_crm() as sandbox:
        seen = await version_of(sandbox, f"/donors/{JANE}")
        race = [
            sandbox.write(
                "PATCH", f"/donors/{JANE}", {"tags": [f"t{n}"]}, If_Match=f'"{seen}"', X_Change_Key=f"k{n}"
            )
            for n in range(20)
        ]
        answers = await asyncio.gather(*race)
        winners = [answer for answer in answers if answer.status_code == 200]
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19
        assert await sandbox.get(f"/donors/{JANE}") == winners[0].json()
        history = (await sandbox.get("/changes", donor_id=JANE))["items"]
        assert [c["field"] for c in history].count("tags") == 1


async def test_of_many_writers_with_one_key_one_makes_the_task(serve_crm):
    async with serve_crm() as sandbox:
        answers = await asyncio.gather(*(sandbox.write("PUT", "/tasks/same", TASK) for _ in range(20)))
        assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
