"""What operations see: each alert has its metric and its page, and one trace leads from door to card."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from opentelemetry import trace
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import func, update

from bot.cli import _parser
from bot.cli.operator import arrival
from bot.doorstep import Arrival, Doorstep
from bot.http.metrics import Metrics
from bot.lanes import INBOUND, OUTBOUND
from bot.logs import CORRELATION, JsonLines
from bot.policy_in_force import PolicyInForce
from bot.starting import settle_policy
from bot.tracing import start_tracing
from bot.worker import Worker
from handlers.commands import CrmEventArrived
from handlers.record.evidence import record
from handlers.record.last_checks import VERIFIED
from handlers.spans import BEGINS, root_of, span, trace_id_of
from policy.decide import CompiledPolicy
from policy.events import CrmEvent, CrmEventType
from storage.bell import InProcessBell
from storage.ids import IdSource
from storage.model_calls import ModelCall
from storage.queue import Received
from storage.schema import POLICY_VERSIONS
from storage.transaction import Transaction
from tests.collector import collecting
from tests.handlers.conftest import House, default_policy, house_in, migrated
from tests.patience import PATIENCE_S

__all__ = ["default_policy", "migrated"]

OPS = Path(__file__).parents[2] / "bot/ops"
RUNBOOK = (OPS / "RUNBOOK.md").read_text()
RULES: list[dict[str, Any]] = yaml.safe_load((OPS / "alerts.yml").read_text())["groups"][0]["rules"]
ULID = "01K2Z3ABCDEFGHJKMNPQRSTVWX"


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        yield house
        await house.database.close()


async def test_every_alert_asks_for_a_metric_there_is_and_has_a_page(house: House) -> None:
    metrics = Metrics(house.database, InProcessBell(), house.clock, PolicyInForce())
    metrics.handled("inbox", "done", 0.2)
    text = (await metrics.text()).decode()
    offered = set(re.findall(r"^(\w+)(?:\{| )", text, re.MULTILINE))
    pages = re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)
    assert [rule["alert"] for rule in RULES] == pages
    for rule in RULES:
        wanted = set(re.findall(r"countersign_\w+", rule["expr"]))
        assert wanted
        assert wanted - offered == set(), rule["alert"]
        said = rule["annotations"]
        # Prometheus refuses the whole file for one annotation whose name is none, as half a sentence is.
        assert said == {"summary": str(said["summary"]), "runbook": f"RUNBOOK.md#{rule['alert'].lower()}"}
        for name, values in re.findall(r'(\w+)=~?"([^"]+)"', rule["expr"]):
            known = set(re.findall(rf'{name}="(\w+)"', text)) | {"failed", "set_aside"}
            assert set(values.split("|")) <= known, "labels that exist"


def test_every_command_of_the_runbook_is_one_that_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """With the options that it names; what stands for a value is given one."""
    said = re.findall(r"`(?:docker compose \w+ (?:--rm )?worker )?countersign ([a-z][^`]*)`", RUNBOOK)
    assert len(said) > 12
    for words in said:
        try:
            _parser().parse_args(shlex.split(words))
        except SystemExit:
            pytest.fail(f"countersign {words}: {capsys.readouterr().err}")
    needing = {"pause", "resume", "retry", "discard", "rollback", "declare-restore"}
    changing = [words for words in said if needing & set(words.split())]
    assert [words for words in changing if "--by" not in words] == [], "whoever changes something says who"


async def test_rules_that_cannot_be_read_are_reported_for_as_long_as_they_rule(house: House) -> None:
    await settle_policy(house.context, None)
    metrics = Metrics(house.database, InProcessBell(), house.clock, PolicyInForce())

    async def reported() -> str:
        text = (await metrics.text()).decode()
        return re.findall(r"^countersign_policy_unreadable (\S+)$", text, re.MULTILINE)[0]

    assert await reported() == "0.0"
    damage = update(POLICY_VERSIONS).values(source=POLICY_VERSIONS.c.source + "#")
    repair = update(POLICY_VERSIONS).values(source=func.rtrim(POLICY_VERSIONS.c.source, "#"))
    await house.database.write(lambda tx: tx.policies._connection.execute(damage) and None)
    assert await reported() == "1.0", "though this process has read them before"
    metrics = Metrics(house.database, InProcessBell(), house.clock, PolicyInForce())
    assert await reported() == "1.0"
    await house.database.write(lambda tx: tx.policies._connection.execute(repair) and None)
    assert await reported() == "0.0", "the alert ends with its cause, not with the process"


async def test_a_log_that_nobody_ever_signed_is_as_old_as_the_installation(house: House) -> None:
    since = house.clock.now()
    await house.database.write(lambda tx: tx.settings.put("installed_at", since.isoformat(), since))
    await settle_policy(house.context, None)
    house.clock.moment += timedelta(hours=3)
    text = await Metrics(house.database, InProcessBell(), house.clock, PolicyInForce(), 1440).text()
    assert b"\ncountersign_checkpoint_age_seconds 10800.0\n" in text
    assert b"\ncountersign_checkpoint_every_seconds 86400.0\n" in text, "the alert waits for as long"


async def test_a_log_that_is_not_as_it_was_sealed_is_reported(house: House) -> None:
    now = house.clock.now()
    found = {"at": now.isoformat(), "ok": False, "first_bad": 3, "what": "altered"}
    await house.database.write(lambda tx: tx.settings.put(VERIFIED, found, now))
    text = await Metrics(house.database, InProcessBell(), house.clock, PolicyInForce()).text()
    assert b"\ncountersign_audit_damaged 1.0\n" in text


async def test_what_a_model_was_used_for_is_forgotten_after_a_day(house: House) -> None:
    def ask(tx: Transaction) -> None:
        tx.calls.note(
            ModelCall(
                id="call-1",
                at=house.clock.now() - timedelta(hours=1),
                use="summary",
                model="m",
                prompt_version="1",
                region="eu",
                code="ok",
                input_tokens=1,
                output_tokens=1,
                cost_micros=2_000_000,
                latency_ms=1,
            )
        )

    await house.database.write(ask)
    metrics = Metrics(house.database, InProcessBell(), house.clock, PolicyInForce())
    assert b'countersign_model_cost_last_day{use="summary"} 2.0' in await metrics.text()
    house.clock.moment += timedelta(hours=25)
    assert b"countersign_model_cost_last_day{" not in await metrics.text()


async def test_how_long_slack_and_the_crm_have_been_silent(house: House) -> None:
    def wait_in_vain(tx: Transaction) -> None:
        event = Received(
            id="item-1",
            source="crm",
            dedupe_key="1",
            kind="crm_event",
            entity_key=None,
            body=b"{}",
            correlation_id=ULID,
            received_at=house.clock.now(),
        )
        tx.inbox.accept(event)
        now = house.clock.now()
        (item,) = tx.inbox.claim(owner="w", now=now, lease=timedelta(seconds=9), limit=1)
        tx.inbox.retry(item, now, now + timedelta(hours=1), "crm_no_answer")

    await house.database.write(wait_in_vain)
    house.clock.moment += timedelta(minutes=11)
    metrics = Metrics(house.database, InProcessBell(), house.clock, PolicyInForce())
    text = (await metrics.text()).decode()
    assert dict(re.findall(r'^countersign_silent_seconds\{who="(\w+)"\} (\S+)$', text, re.MULTILINE)) == {
        "crm": "660.0",
        "crm_access": "0.0",
        "slack": "0.0",
        "slack_access": "0.0",
    }


class Recording:
    """What a tracing library would be told, in order."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, int, dict[str, Any]]] = []

    def get_tracer(self, *_: Any, **__: Any) -> Recording:
        return self

    @contextmanager
    def start_as_current_span(
        self, name: str, context: Any = None, attributes: Any = None, **_: Any
    ) -> Iterator[trace.Span]:
        parent = trace.get_current_span(context).get_span_context()
        self.spans.append((name, BEGINS.get() or parent.trace_id, dict(attributes or {})))
        BEGINS.set(0)
        with trace.use_span(trace.NonRecordingSpan(parent)) as current:
            yield current


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    recording = Recording()
    monkeypatch.setattr(trace, "get_tracer", recording.get_tracer)
    return recording


async def test_one_trace_leads_from_the_door_to_the_card(house: House, recording: Recording) -> None:
    bell, stop = InProcessBell(), asyncio.Event()
    ids = IdSource(house.clock.now, lambda n: Random(7).randbytes(n))
    event = CrmEvent(
        id="e1",
        source="crm",
        type=CrmEventType.DONATION_RECEIVED,
        time=house.clock.now(),
        donor_id="donor-1",
        record_id="gift-new",
    )
    await Doorstep(house.database, bell, house.clock, ids).accept(
        CrmEventArrived(event=event), Arrival(source="crm", dedupe_key="e1")
    )
    workers = [
        Worker(lane, house.context, bell, owner="w", slots=2, random=Random(1))
        for lane in (INBOUND, OUTBOUND)
    ]
    running = [asyncio.create_task(worker.run(stop)) for worker in workers]
    async with asyncio.timeout(PATIENCE_S):
        while not house.chat.cards:
            await asyncio.sleep(0.001)
    stop.set()
    await asyncio.gather(*running)
    names = [name for name, _, _ in recording.spans]
    told = ["accept crm_event", "inbox crm_event", "policy decide", "outbox show_card"]
    assert list(dict.fromkeys(name for name in names if name in told)) == told
    assert len({trace_id for name, trace_id, _ in recording.spans if name in told}) == 1
    assert recording.spans[0][1] != 0
    assert "donor-1" not in str(recording.spans)


def test_a_correlation_id_is_a_trace_id() -> None:
    assert trace_id_of(ULID) == int.from_bytes(bytes.fromhex(f"{trace_id_of(ULID):032x}"))
    assert trace_id_of("000001") is None
    assert trace_id_of("not a ulid at all, no no n") is None


def test_a_failure_is_named_without_its_text(recording: Recording) -> None:
    with pytest.raises(ValueError, match="Jane"), span("x", ULID):
        raise ValueError("Jane Doe")
    assert "Jane" not in str(recording.spans)


def test_lines_name_what_is_being_worked_on() -> None:
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "words", (), None)
    token = CORRELATION.set(ULID)
    try:
        assert json.loads(JsonLines().format(record))["correlation_id"] == ULID
    finally:
        CORRELATION.reset(token)
    assert "correlation_id" not in json.loads(JsonLines().format(record))


def test_what_went_wrong_is_named_with_its_place_and_without_what_it_was_about() -> None:
    try:
        trace_id_of(None)  # type: ignore[arg-type]
    except TypeError:
        told = logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, "words", (), sys.exc_info())
    line = json.loads(JsonLines().format(told))
    assert (line["error"], line["where"].partition(":")[0]) == ("TypeError", "spans.py")
    words = "Task exception was never retrieved\nfuture: <Task exception=ValueError('Jane Doe')>"
    forgotten = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, words, (), None)
    assert json.loads(JsonLines().format(forgotten))["message"] == "Task exception was never retrieved"
    called = logging.LogRecord(
        "asyncio", logging.ERROR, __file__, 1, "Exception in callback f('Jane')", (), None
    )
    assert json.loads(JsonLines().format(called))["message"] == "Exception in callback f"


async def test_a_click_and_its_decision_are_tied_together_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    at, decision = arrival(), "01JDECISION000000000000000"
    with caplog.at_level(logging.INFO, "handlers.record.evidence"):
        await house.database.write(lambda tx: record(tx, at, "x.y", subject=None, correlation_id=decision))
        await house.database.write(lambda tx: record(tx, at, "x.z", subject=None))
    [line] = [json.loads(JsonLines().format(each)) for each in caplog.records]
    [entry] = await house.database.read(lambda tx: tx.audit.by_correlation(decision))
    assert (line["correlation_id"], line["decision"]) == (at.correlation_id, decision)
    assert (line["entry"], line["kind"], entry.kind) == (entry.id, "x.y", "x.y")


def test_tracing_starts_only_where_it_is_wanted_and_installed(caplog: pytest.LogCaptureFixture) -> None:
    assert start_tracing("all", {}) is False
    assert caplog.records == []


def test_spans_reach_whoever_collects_them_over_otlp() -> None:
    """In a process of its own, since a tracing library is installed once."""
    with collecting() as collected:
        done = subprocess.run(
            [sys.executable, "-c", SENDING, ULID],
            env=dict(os.environ) | collected.environment,
            cwd=OPS.parents[1],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    assert done.returncode == 0, done.stderr
    trace_id = trace_id_of(ULID)
    assert trace_id
    accepted, handled = collected.spans(trace_id)
    root = root_of(trace_id).to_bytes(8, "big")
    assert (accepted.name, accepted.kind, accepted.span_id, accepted.parent_span_id) == (
        "accept crm_event",
        Span.SPAN_KIND_SERVER,
        root,
        b"",
    )
    assert (handled.name, handled.kind, handled.parent_span_id) == (
        "inbox crm_event",
        Span.SPAN_KIND_CONSUMER,
        root,
    )
    assert handled.span_id not in (b"", root)
    told = {each.key: each.value.int_value or each.value.string_value for each in handled.attributes}
    assert told == {"countersign.attempt": 2, "countersign.outcome": "done"}
    assert b"dashboard/enter" not in b"".join(collected.bodies), "a library's spans have addresses in them"


SENDING = """
import sys
from bot.tracing import start_tracing
from handlers.spans import span, tell
from opentelemetry import trace
assert start_tracing("all")
with trace.get_tracer("fastapi").start_as_current_span("GET", attributes={"url.path": "/dashboard/enter/x"}):
    with span("accept crm_event", sys.argv[1], kind="SERVER", begins=True):
        pass
with span("inbox crm_event", sys.argv[1], kind="CONSUMER", attempt=2):
    tell(outcome="done")
trace.get_tracer_provider().shutdown()
"""
