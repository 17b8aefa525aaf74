"""Nothing that a day's work asks the database for reads through a table that grows for years."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import Engine

from tests.databases import perform
from tests.loop.conftest import Loop, Open
from tests.loop.staging import FIONA, FUNDRAISING, MARA, OLIVIA, OLIVIAS

GROWING = frozenset(
    {
        *("inbox", "outbox", "escalations", "posts", "answers", "feedback", "edits", "card_places"),
        *("audit_log", "audit_subjects", "audit_payloads", "audit_excerpts", "audit_tree"),
        *("checked_texts", "judgements", "model_calls", "considerations", "card_showings", "looks"),
        *("recommendations", "interactions", "interaction_groups", "gifts_after", "reminders"),
        *("policy_shadow", "awaited_events", "occurrences"),
    }
)
YEARS_FIGURES = "GROUP BY judgements.action_kind, judgements.score"
"""What managers see of a year is added up over an index that holds all of it, and no card waits for it."""
FEW = ("ix_recommendations_correlation", "ix_escalations_due", "ix_interactions_at")
"""Few rows are found by what these are looked up with: one case, what is open, a digest's period."""


@contextmanager
def _asked() -> Iterator[dict[str, object]]:
    """Collect every statement that is executed meanwhile, with parameters it was executed with."""
    found: dict[str, object] = {}

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            found.setdefault(statement, parameters)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def _a_day(loop: Loop) -> None:
    """Cards are made, decided, undone and asked about; people look around."""
    card = await loop.card()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: Jane Doe")
    await loop.settled()
    done = next(m for m in await loop.stage.history(OLIVIA, OLIVIAS) if m["ts"] == card["ts"])
    await loop.stage.press(OLIVIA, OLIVIAS, done, "cs:evidence")
    await loop.stage.shown(OLIVIA, "Written to the CRM as task-")
    for words in ("summary Jane Doe", "why Jane Doe", "queue", "next Jane Doe"):
        await loop.stage.command(FIONA, FUNDRAISING, words)
    await loop.stage.home(OLIVIA)
    await loop.stage.home(MARA)
    await loop.settled()


async def test_sqlite_looks_up_what_it_needs(loop: Loop) -> None:
    with _asked() as statements:
        await _a_day(loop)
    partial = perform(loop.database_url, _partial_indexes)
    found: dict[str, list[str]] = {}
    for statement, parameters in statements.items():
        query = f"EXPLAIN QUERY PLAN {statement}"
        plan = perform(
            loop.database_url,
            lambda connection, query=query, values=parameters: [  # type: ignore[misc]
                row[3] for row in connection.exec_driver_sql(query, values)
            ],
        )
        if read := [step for step in plan if _reads_through(step, statement, partial)]:
            found[statement] = read
        if _sorts_many(statement, plan):
            found[statement] = plan
    assert len(statements) > 40
    assert [statement for statement in found if YEARS_FIGURES not in statement] == [], found


def _partial_indexes(connection: Connection) -> frozenset[str]:
    """Return the indexes of what is open: however old the database is, they stay small."""
    query = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    return frozenset(connection.exec_driver_sql(query).scalars())


def _reads_through(step: str, statement: str, partial: frozenset[str]) -> bool:
    """Say whether SQLite goes through all of a growing table, or of an index that holds all its rows."""
    scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
    if scan is None or scan[2] in partial:
        return False
    aliased = re.search(rf"\b(\w+) AS {scan[1]}\b", statement)
    return (aliased[1] if aliased else scan[1]) in GROWING


def _sorts_many(statement: str, plan: list[str]) -> bool:
    """Say whether SQLite sorts all that it finds although only the first of it is wanted."""
    sorts = "LIMIT" in statement and "USE TEMP B-TREE FOR ORDER BY" in plan and ".id IN (" not in statement
    return sorts and not any(index in step for index in FEW for step in plan)


@pytest.mark.postgres
async def test_postgresql_looks_up_what_it_needs(open_loop: Open, postgres_url: str) -> None:
    loop = await open_loop(postgres_url)
    with _asked() as statements:
        await _a_day(loop)
    address = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    server = await asyncpg.connect(address)
    found: dict[str, list[str]] = {}
    try:
        await server.execute("SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan")
        for statement in statements:
            count = max((int(place) for place in re.findall(r"\$(\d+)", statement)), default=0)
            nulls = f"({', '.join(['NULL'] * count)})" if count else ""
            await server.execute(f"PREPARE asked AS {statement}")
            plan = [row[0] for row in await server.fetch(f"EXPLAIN EXECUTE asked{nulls}")]
            await server.execute("DEALLOCATE asked")
            scans = re.findall(r"Seq Scan on (\w+)", "\n".join(plan))
            if read := [table for table in scans if table in GROWING]:
                found[statement] = read
    finally:
        await server.close()
    assert len(statements) > 40
    assert found == {}
