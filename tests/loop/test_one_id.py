"""One id from the trigger to the undo: on the card, in the log, in the trace, in the CRM and in the audit."""

from __future__ import annotations

import json
import logging
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace

from bot.cli import audit_read
from bot.logs import JsonLines
from handlers.spans import trace_id_of
from tests.loop.conftest import Loop
from tests.loop.shown import Json, escalation_of, has
from tests.loop.staging import FIONA, FUNDRAISING, JANE, OLIVIA, OLIVIAS
from tests.service.test_seeing import Recording

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Lines(logging.Handler):
    """What the log says, line by line, as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[dict[str, Any]] = []
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines, root = Lines(), logging.getLogger()
    before = root.level
    root.addHandler(lines)
    root.setLevel(logging.INFO)
    yield lines
    root.removeHandler(lines)
    root.setLevel(before)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    recording = Recording()
    monkeypatch.setattr(trace, "get_tracer", recording.get_tracer)
    return recording


def _metadata(loop: Loop, shown: Json, channel: str) -> Json:
    message = loop.stage.slack.messages.get(channel, shown["ts"])
    assert message is not None
    assert message.metadata is not None
    return dict(message.metadata["event_payload"])


async def test_from_the_event_to_the_undo(
    shared: Loop, recording: Recording, lines: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    card = await shared.card(JANE)
    about = escalation_of(card)
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    done = await shared.now_shows(card, "Done: ")
    await shared.settled()
    [task] = await shared.stage.written_for(card, JANE)
    await shared.stage.press(OLIVIA, OLIVIAS, done, "cs:undo", "wrong_facts")
    undone = await shared.now_shows(done, "Undone: Jane Doe")
    await shared.settled()

    database = shared.runtime.context.database
    escalation = await database.read(lambda tx: tx.escalations.get(about))
    assert escalation is not None
    case = escalation.correlation_id
    reference = case[-6:].lower()
    assert has(undone, reference), "a person can read it on the card"
    assert _metadata(shared, undone, OLIVIAS) == {"marker": f"card:{about}", "correlation_id": case}
    assert task["created_by"].endswith(f"(ref {reference})")
    entries = await database.read(lambda tx: tx.audit.by_correlation(case))
    told = {"recommendation.decided", "escalation.opened", "escalation.approved", "action.executed"}
    assert {*told, "undo.requested", "action.undone"} <= {entry.kind for entry in entries}
    traced = {name for name, trace_id, _ in recording.spans if trace_id == trace_id_of(case)}
    inbound = {"accept crm_event", "inbox crm_event", "inbox approve", "inbox undo"}
    assert inbound | {"outbox show_card", "outbox execute_action", "outbox take_back"} <= traced
    clicks = [line for line in lines.said if line.get("case") == case]
    assert [line["kind"] for line in clicks] == ["approve", "undo"]
    own = {
        found for _, _, attributes in recording.spans if (found := attributes.get("countersign.caused_by"))
    }
    assert all(line["correlation_id"] != case and line["correlation_id"] in own for line in clicks)

    asked = Namespace(what="trace", id=reference, json=True, full=False)
    assert await audit_read.run(asked, database) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in printed] == [entry.id for entry in entries]


async def test_from_a_command_through_what_people_make_of_the_answer(shared: Loop) -> None:
    await shared.stage.command(FIONA, FUNDRAISING, "summary Jane Doe")
    answer = await shared.stage.seen(FIONA, FUNDRAISING, "Jane Doe", "Confidence:")
    await shared.settled()
    [made] = [entry for entry in await shared.entries() if entry.kind == "summary.generated"]
    await shared.stage.press(FIONA, FUNDRAISING, answer, "cs:useful")
    await shared.stage.seen(FIONA, FUNDRAISING, "Noted as useful")
    await shared.settled()
    [given] = [entry for entry in await shared.entries() if entry.kind == "feedback.given"]
    assert given.correlation_id == made.correlation_id
    assert has(answer, made.correlation_id[-6:].lower())
