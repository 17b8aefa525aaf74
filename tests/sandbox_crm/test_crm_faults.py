"""What can be made to go wrong with the REST API."""

from __future__ import annotations

import httpx2
import pytest

JANE = "donor-0001"
NOTE = {"donor_id": JANE, "text": "Noted."}
HEALTHY = {
    "api_down": False,
    "slow_ms": 0,
    "stale_412": 0,
    "rate_limit": False,
    "quota": False,
    "retry_after_s": 5,
    "empty_reads": False,
    "partial_permission": False,
    "lost_write_replies": False,
    "failed_writes_done": False,
    "cut_answers": False,
    "empty_promises": False,
    "repeated_items": False,
    "duplicate_events": False,
    "late_events": 0,
    "reorder_events": False,
    "drop_events": False,
}


async def status(sandbox, path="/ping"):
    answer = await sandbox.http.get(f"/crm/api/v1{path}")
    kind = answer.json().get("type") if answer.is_error else None
    return answer.status_code, kind, answer.headers.get("retry-after")


async def test_switches_move_alone_and_back(sandbox):
    assert await sandbox.break_it() == HEALTHY
    assert await sandbox.break_it(quota=True, retry_after_s=60) == HEALTHY | {
        "quota": True,
        "retry_after_s": 60,
    }
    assert await sandbox.break_it(slow_ms=5) == HEALTHY | {"quota": True, "retry_after_s": 60, "slow_ms": 5}
    assert await sandbox.break_it(**HEALTHY) == HEALTHY


@pytest.mark.parametrize("faults", [{"unknown": True}, {"slow_ms": -1}, {"stale_412": "many"}, {"quota": 7}])
async def test_a_switch_that_does_not_exist_is_refused(sandbox, faults):
    answer = await sandbox.http.post("/crm/sim/faults", json=faults)
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid")
    assert await sandbox.break_it() == HEALTHY


@pytest.mark.parametrize(
    ("faults", "seen"),
    [
        ({"api_down": True}, (503, "unavailable", None)),
        ({"rate_limit": True}, (429, "rate_limited", "5")),
        ({"quota": True, "retry_after_s": 3600}, (403, "quota_exceeded", "3600")),
    ],
)
async def test_the_api_refuses_and_recovers(sandbox, faults, seen):
    await sandbox.break_it(**faults)
    assert await status(sandbox) == seen
    assert await status(sandbox, f"/donors/{JANE}") == seen
    await sandbox.break_it(**HEALTHY)
    assert await status(sandbox) == (200, None, None)


async def test_the_page_goes_on_while_the_api_is_down(sandbox):
    await sandbox.break_it(api_down=True, rate_limit=True, empty_reads=True, partial_permission=True)
    record = (await sandbox.http.get(f"/crm/sim/donors/{JANE}")).json()
    assert len(record["gifts"]) == 52
    assert record["notes"]


async def test_lists_come_back_empty_while_single_records_do_not(sandbox):
    await sandbox.happen("gift", donor_id=JANE)
    await sandbox.break_it(empty_reads=True)
    for path in (
        "/donors",
        f"/donors/{JANE}/gifts",
        f"/donors/{JANE}/soft-credits",
        "/campaigns",
        "/changes",
    ):
        assert await sandbox.get(path) == {"items": [], "next": None}
    assert await sandbox.get("/events", after="0") == {"items": [], "next": None, "cursor": "0"}
    assert (await sandbox.get("/ping"))["donors"] == 0
    assert (await sandbox.get(f"/donors/{JANE}"))["id"] == JANE


async def test_notes_alone_are_forbidden(sandbox):
    await sandbox.break_it(partial_permission=True)
    for path in (f"/donors/{JANE}/notes", "/notes/note-000001"):
        assert await status(sandbox, path) == (403, "forbidden", None)
    assert (await sandbox.write("PUT", "/notes/key", NOTE)).status_code == 403
    assert (await sandbox.write("DELETE", "/notes/note-000001")).status_code == 403
    assert await status(sandbox, f"/donors/{JANE}/gifts") == (200, None, None)


async def test_the_next_conditional_writes_look_stale(sandbox):
    await sandbox.break_it(stale_412=2)
    jane = await sandbox.get(f"/donors/{JANE}")
    codes = [
        (
            await sandbox.write("PATCH", f"/donors/{JANE}", {"tags": ["x"]}, If_Match=f'"{jane["version"]}"')
        ).status_code
        for _ in range(3)
    ]
    assert codes == [412, 412, 200]
    assert await sandbox.break_it() == HEALTHY


async def test_a_slow_api_waits_before_each_answer(slow_crm):
    async with slow_crm() as (sandbox, slept):
        await sandbox.break_it(slow_ms=2500)
        await sandbox.get("/ping")
        await sandbox.get(f"/donors/{JANE}")
        assert slept == [2.5, 2.5]


async def test_a_lost_reply_leaves_the_write_done(serve_crm):
    async with serve_crm() as sandbox:
        await sandbox.break_it(lost_write_replies=True)
        with pytest.raises(httpx2.RemoteProtocolError, match="without sending a response"):
            await sandbox.write("PUT", "/notes/key", NOTE)
        assert await status(sandbox) == (200, None, None)
        await sandbox.break_it(lost_write_replies=False)
        again = await sandbox.write("PUT", "/notes/key", NOTE)
        assert (again.status_code, again.json()["text"]) == (200, NOTE["text"])
        notes = (await sandbox.get(f"/donors/{JANE}/notes"))["items"]
        assert [note["external_key"] for note in notes].count("key") == 1


async def test_a_write_that_is_said_to_have_failed_is_done(serve_crm):
    async with serve_crm() as sandbox:
        await sandbox.break_it(failed_writes_done=True)
        failed = await sandbox.write("PUT", "/notes/key", NOTE)
        assert (failed.status_code, failed.json()["type"]) == (500, "internal_error")
        await sandbox.break_it(failed_writes_done=False)
        assert (await sandbox.write("PUT", "/notes/key", NOTE)).status_code == 200, "it was there already"
