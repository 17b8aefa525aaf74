"""`countersign status` and `countersign inbox`: what a tired person reads, and what it asks of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.occurrences import INSTALLED_AT
from handlers.record.last_checks import VERIFIED
from handlers.service import attention
from handlers.service.attention import CONDITIONS, NOBODY
from handlers.service.status import service_status
from policy.organisation import Organisation
from storage.database import Database
from storage.pauses import Pause
from storage.queue import Received
from storage.replicas import Replica
from storage.transaction import Transaction
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
ORGANISATION = Organisation(review_channel="CDESK")


def _replica(number: int, **changes: Any) -> Replica:
    plain = {"role": "all", "version": "1", "started_at": NOW, "seen_at": NOW, "report": {}}
    return Replica(id=f"box:{number}", **plain | changes)


def _waiting(kind: str, minutes: float) -> Received:
    return Received(
        id=f"item-{kind}",
        source="crm",
        dedupe_key=kind,
        kind=kind,
        entity_key=None,
        body=b"{}",
        correlation_id="01K000000000000000000abcde",
        received_at=NOW - timedelta(minutes=minutes),
    )


def _bury_unknown(tx: Transaction) -> None:
    for number in range(5):
        each = replace(_waiting("gala_event", 2), id=f"gala-{number}", dedupe_key=f"gala-{number}")
        tx.inbox.accept(each)
        (item,) = tx.inbox.claim(owner="w", now=NOW, lease=timedelta(seconds=9), limit=1)
        tx.inbox.bury(item, NOW, "event_unknown_type")


def _bury(tx: Transaction, code: str, now: datetime = NOW) -> None:
    tx.inbox.accept(_waiting("crm_event", 2))
    (item,) = tx.inbox.claim(owner="w", now=now, lease=timedelta(seconds=9), limit=1)
    tx.inbox.bury(item, now, code)


def _two_versions(tx: Transaction) -> None:
    tx.replicas.seen(_replica(1, role="web"))
    tx.replicas.seen(_replica(2, role="web", version="2", report={"redis_down": True, "slack_held": False}))


def _silent(tx: Transaction) -> None:
    tx.replicas.seen(_replica(1, seen_at=NOW - timedelta(minutes=20)))


def _paused(tx: Transaction) -> None:
    tx.replicas.seen(_replica(1))
    tx.pauses.put(
        Pause(capability="execute", change_id="p1", by="slack:U1", by_name="Adam Novak", reason="", since=NOW)
    )


def _late(tx: Transaction) -> None:
    tx.replicas.seen(_replica(1))
    tx.inbox.accept(_waiting("crm_event", 90))


def _set_aside(tx: Transaction) -> None:
    tx.replicas.seen(_replica(1))
    _bury(tx, "slack_channel_not_found")


def _changed(tx: Transaction) -> None:
    tx.replicas.seen(_replica(1))
    tx.settings.put(VERIFIED, {"at": NOW.isoformat(), "ok": False, "first_bad": 3, "what": "altered"}, NOW)


def _unanswered(code: str, minutes: float) -> Callable[[Transaction], None]:
    def write(tx: Transaction) -> None:
        tx.replicas.seen(_replica(1))
        tx.inbox.accept(_waiting("crm_event", minutes))
        first = NOW - timedelta(minutes=minutes)
        (item,) = tx.inbox.claim(owner="w", now=first, lease=timedelta(seconds=9), limit=1)
        tx.inbox.retry(item, first, NOW + timedelta(seconds=30), code)

    return write


FOLLOWS = "What needs it (1) follows by itself; countersign doctor says what is wrong."
NO_RULES = "No rules are in force, so nothing is allowed. Start the service, or activate a policy."
NEEDS: list[tuple[Callable[[Transaction], None], list[str]]] = [
    (lambda tx: tx.replicas.seen(_replica(1)), []),
    (lambda _: None, [NOBODY]),
    (
        _silent,
        [
            NOBODY,
            "box:1 stopped without saying so, 20 minutes ago. Is its machine up?",
        ],
    ),
    (
        _two_versions,
        [
            "The processes run different versions. Finish the upgrade.",
            "No process works through the queues. Start one with COUNTERSIGN_ROLE=worker.",
            "No process watches the clock. Start one with COUNTERSIGN_ROLE=scheduler.",
            "box:2: Redis does not answer or takes nothing; work is found every second and not at once.",
        ],
    ),
    (_late, ["The inbox is late: something has been due for 90 minutes."]),
    (
        _unanswered("crm_no_answer", 10),
        [f"The CRM has not answered for 10 minutes. {FOLLOWS}"],
    ),
    (
        _unanswered("slack_unreachable", 3),
        [f"Slack has not answered for 3 minutes. {FOLLOWS}"],
    ),
    *(
        (_unanswered(f"{who}_certificate_refused", 3), [f"{said} has not answered for 3 minutes. {FOLLOWS}"])
        for who, said in (("crm", "The CRM"), ("slack", "Slack"))
    ),
    (
        _unanswered("slack_http_502", 3),
        [f"Slack has not answered for 3 minutes. {FOLLOWS}"],
    ),
    (
        _unanswered("slack_token_revoked", 3),
        [f"Slack has kept the app out for 3 minutes. {FOLLOWS}"],
    ),
    *(
        (_unanswered(f"crm_http_{status}", 3), [f"The CRM has not answered for 3 minutes. {FOLLOWS}"])
        for status in (302, 500, 504)
    ),
    (_unanswered("crm_http_401", 3), [f"The CRM has not let us in for 3 minutes. {FOLLOWS}"]),
    (_unanswered("crm_no_answer", 0.5), []),
    (_unanswered("crm_event_record_missing", 10), []),
    (_set_aside, ["1 item is set aside. Look: countersign inbox list."]),
    (_paused, ["execute is paused by Adam Novak."]),
    (_changed, ["The audit log is not as it was sealed: countersign audit verify says where."]),
    (
        lambda tx: tx.replicas.seen(
            _replica(1, report={"hourly_budget_micros": 0, "clock_off": True, "crm_refused": True})
        ),
        [
            "What models may cost in the hour is used up; texts come from CRM records until it is over.",
            f"box:1: {CONDITIONS['crm_refused']}",
            "box:1: this machine's clock is wrong, so what Slack sends is refused. Switch on NTP.",
        ],
    ),
]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("COUNTERSIGN_ORGANISATION_FILE", raising=False)
    return fresh_sqlite(tmp_path / "countersign.db")


def _write(url: str, *works: Callable[[Transaction], Any]) -> list[Any]:
    async def run() -> list[Any]:
        database = Database.open(url)
        try:
            return [await database.write(work) for work in works]
        finally:
            await database.close()

    return asyncio.run(run())


@pytest.mark.parametrize(("happened", "wanted"), NEEDS)
def test_it_names_what_needs_somebody(
    url: str, happened: Callable[[Transaction], None], wanted: list[str]
) -> None:
    _, found = _write(url, happened, lambda tx: service_status(tx, NOW, ORGANISATION, {}))
    assert sorted(set(found.attention) - {NO_RULES}) == sorted(wanted)
    assert NO_RULES in found.attention, "a database nobody has started with"


def test_the_command_prints_what_people_and_programs_read(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = datetime.now(UTC)
    _write(
        url,
        lambda tx: tx.replicas.seen(
            _replica(1, started_at=now, seen_at=now, report={"hourly_budget_micros": 2_500_000})
        ),
        lambda tx: _bury(tx, "x"),
    )
    assert main(["status", "--database", url]) == 1
    shown = capsys.readouterr().out
    assert "  • 1 item is set aside. Look: countersign inbox list.\n" in shown
    assert "Arrived       0 due now; 0 being worked on; 0 planned for later; 1 set aside\n" in shown
    assert "Process       box:1 (all, 1) alive\n" in shown
    assert "Decisions     none waits for anybody\n" in shown
    assert "Model costs   last hour 0.00 of 2.50, last day 0.00 (no limit)\n" in shown
    assert "Schedule      retention: not yet, next " in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert main(["status", "--json", "--database", url]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [(q["name"], q["dead"]) for q in told["queues"]] == [("inbox", 1), ("outbox", 0)]
    assert told["set_aside"] == {"x": 1}


def test_a_digest_that_nobody_took_is_overdue_and_only_schedules_are_listed(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    due = now - timedelta(hours=2)
    path = tmp_path / "organisation.yaml"
    cron = f"{due.minute} {due.hour} * * *"
    path.write_text(f"review_channel: '#desk'\ndigests:\n  - {{id: daily, channel: '#m', cron: '{cron}'}}\n")
    monkeypatch.setenv("COUNTERSIGN_ORGANISATION_FILE", str(path))

    def began(tx: Transaction) -> None:
        tx.settings.put(INSTALLED_AT, (now - timedelta(days=3)).isoformat(), now)
        tx.replicas.seen(_replica(1, started_at=now, seen_at=now))
        for schedule in ("retention_due", "replay_due", "drift_due", "held:donor-1:thanks:x"):
            tx.occurrences.claim(schedule, "today", now)

    _write(url, began, lambda tx: tx.occurrences.claim("daily", "then", due - timedelta(days=1)))
    assert main(["status", "--database", url]) == 1
    shown = capsys.readouterr().out
    assert "  • Overdue: the digest daily. Is a scheduler running?\n" in shown
    assert "donor-1" not in shown
    _write(url, lambda tx: tx.occurrences.claim("daily", "now", now))
    main(["status", "--database", url])
    assert "Overdue" not in capsys.readouterr().out


def test_who_is_late_and_what_waits_is_not_passed_over(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "_of_evidence", lambda *_: [])  # there are no rules here
    now = datetime.now(UTC)

    def waits(tx: Transaction) -> None:
        tx.inbox.accept(_waiting("crm_event", 2))
        (item,) = tx.inbox.claim(owner="w", now=now, lease=timedelta(seconds=9), limit=1)
        tx.inbox.retry(item, now, now + timedelta(seconds=30), "crm_no_answer")

    _write(
        url,
        waits,
        lambda tx: tx.replicas.seen(_replica(1, started_at=now, seen_at=now - timedelta(seconds=30))),
    )
    assert main(["status", "--database", url]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Nothing needs anybody: what waits for another service follows by itself.\n")
    assert "Waiting       1 for the CRM, which has not answered for " in shown
    assert "Process       box:1 (all, 1) last heard of 3" in shown


def test_a_dead_letter_is_shown_retried_and_discarded(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    _write(url, lambda tx: _bury(tx, "donor_unknown"))
    ask = ["--database", url]
    assert main(["inbox", "list", *ask]) == 0
    assert "The CRM does not show us the donor" in capsys.readouterr().out
    assert main(["inbox", "show", "item-crm_event", *ask]) == 0
    shown = capsys.readouterr().out
    assert "Reference     0abcde (in the log and in the audit)" in shown
    assert 'countersign inbox discard item-crm_event --by EMAIL --reason "..."' in shown
    assert main(["inbox", "retry", "item-crm_event", *ask]) == 1
    assert capsys.readouterr().err == "Say who does this: --by EMAIL.\n"
    assert main(["inbox", "retry", "item-crm_event", "--by", "adam@x.example", *ask]) == 0
    assert main(["inbox", "discard", "item-crm_event", "--by", "a@x.example", "--reason", "no", *ask]) == 1
    assert capsys.readouterr().err == "There is no dead letter item-crm_event.\n"
    _write(url, lambda tx: _bury(tx, "donor_unknown", datetime.now(UTC)))
    assert main(["inbox", "discard", "item-crm_event", "--by", "a@x.example", "--reason", "no", *ask]) == 0
    assert capsys.readouterr().out == "item-crm_event is discarded. The audit keeps who did it and why.\n"
    assert main(["inbox", "list", *ask]) == 0
    assert capsys.readouterr().out == "Nothing was set aside: everything that arrived was handled.\n"


def test_many_of_a_kind_are_one_line_and_settled_together(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(url, lambda tx: _bury(tx, "donor_unknown"), _bury_unknown)
    ask, by = ["--database", url], ["--by", "adam@x.example"]
    assert main(["inbox", "list", *ask]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "item-crm_event  inbox   crm_event             donor_unknown  2026-11-20 14:58 UTC",
        "    The CRM does not show us the donor: deleted, merged, or not visible to our API user.",
        "5 × inbox  gala_event  event_unknown_type  the latest 2026-11-20 14:58 UTC",
        "    The CRM sent a kind of event that Countersign does not know.",
        "    One by one: countersign inbox list --code event_unknown_type",
        "    All at once: countersign inbox retry --code event_unknown_type --by EMAIL (or discard)",
    ]
    assert main(["inbox", "list", "--code", "event_unknown_type", *ask]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[::2]] == [
        f"gala-{number}" for number in reversed(range(5))
    ]
    together = ["inbox", "discard", "--code", "event_unknown_type", *ask, *by]
    assert main(together) == 1
    assert main([*together, "--reason", "no galas"]) == 0
    assert capsys.readouterr().out == "5 are discarded. The audit keeps who did it and why.\n"
    assert main([*together, "--reason", "no galas"]) == 1
    assert capsys.readouterr().err == "Nothing was set aside with event_unknown_type.\n"
    assert main(["inbox", "retry", "--code", "donor_unknown", *ask, *by]) == 0
    assert capsys.readouterr().out == "1 is back in the queue and will be tried again.\n"
