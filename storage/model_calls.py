"""What models were asked, and what it cost; nothing of what was said."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from storage.schema import MODEL_CALLS


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One question to a model: *use* such as "summary", *code* "ok" or why it did not help.

    *cost_micros* is in millionths of the currency in which prices are configured; zero without a price.
    """

    id: str
    at: datetime
    use: str
    model: str
    prompt_version: str
    region: str
    code: str
    input_tokens: int
    output_tokens: int
    cost_micros: int
    latency_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What one use cost in a period."""

    use: str
    calls: int
    unanswered: int
    input_tokens: int
    output_tokens: int
    cost_micros: int


class ModelCalls:
    """The questions asked, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, call: ModelCall) -> None:
        """Write down one question and what it cost."""
        self._connection.execute(insert(MODEL_CALLS).values(asdict(call)))

    def spent(self, since: datetime) -> int:
        """Return what was spent from *since* on, in millionths."""
        query = select(func.coalesce(func.sum(MODEL_CALLS.c.cost_micros), 0))
        return int(self._connection.execute(query.where(MODEL_CALLS.c.at >= since)).scalar_one())

    def spending(self, start: datetime, end: datetime) -> list[Spending]:
        """Return calls, tokens and cost per use from *start* until before *end*."""
        table = MODEL_CALLS.c
        answered = func.count().filter(table.code == "ok")
        query = (
            select(
                table.use,
                func.count().label("calls"),
                (func.count() - answered).label("unanswered"),
                func.sum(table.input_tokens).label("input_tokens"),
                func.sum(table.output_tokens).label("output_tokens"),
                func.sum(table.cost_micros).label("cost_micros"),
            )
            .where(table.at >= start, table.at < end)
            .group_by(table.use)
            .order_by(table.use)
        )
        rows = self._connection.execute(query).mappings()
        return [Spending(use=row["use"], **{k: int(v) for k, v in row.items() if k != "use"}) for row in rows]
