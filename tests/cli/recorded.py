"""A database with recorded decisions, for the commands that read them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from policy.cases import parse_cases
from policy.decide import compile_policy, decide
from policy.fact_catalogue import facts_from_flat
from policy.fact_row import row_form
from policy.language import parse_policy
from policy.recorded import excerpt_of
from storage.appending import AuditEntry, Excerpt
from storage.database import Database
from tests.databases import fresh_sqlite

DEFAULT = Path(__file__).parents[2] / "policy" / "default"
START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def database_of(folder: Path, decisions: Sequence[dict[str, Any]], erased: Sequence[str] = ()) -> str:
    """Record a decision by the default policy per set of changed facts; `donor` and `owner` name people.

    *matter* is the correlation id, the fact named by *without* is left out of what is recorded, and what is
    *old* comes from before there were excerpts.
    """
    url = fresh_sqlite(folder / "recorded.db")
    asyncio.run(_fill(url, decisions, erased))
    return url


async def _fill(url: str, decisions: Sequence[dict[str, Any]], erased: Sequence[str]) -> None:
    compiled = compile_policy(parse_policy((DEFAULT / "policy.yaml").read_text(), "policy.yaml"))
    base = parse_cases((DEFAULT / "cases.yaml").read_text(), "cases.yaml").base
    database = Database.open(url)
    try:
        for number, changes in enumerate(decisions):
            named = {"donor": f"donor-{number}", "owner": "staff-olivia"} | changes
            donor, owner = named.pop("donor"), named.pop("owner")
            drop, old = named.pop("without", None), named.pop("old", False)
            matter = named.pop("matter", f"matter-{number:06d}")
            facts = facts_from_flat({**base, **named})
            plain, decision = facts.model_dump(mode="json"), decide(compiled, facts)
            excerpt = Excerpt(row_form(), excerpt_of(facts, decision.outcome, owner))
            if drop:
                del plain[drop.split(".")[0]][drop.split(".")[1]]
            payload = {
                "owner_id": owner,
                "decision": decision.model_dump(mode="json"),
                "decision_facts": plain,
            }
            entry = AuditEntry(
                id=f"entry-{number}",
                at=START + timedelta(hours=number),
                kind="recommendation.decided",
                correlation_id=matter,
                subject=donor,
                actor="system",
                payload=payload,
                excerpt=None if drop or old else excerpt,
            )
            await database.write(lambda tx, entry=entry: tx.audit.append(entry))
        for donor in erased:
            await database.write(lambda tx, donor=donor: tx.audit.erase(donor))
    finally:
        await database.close()
