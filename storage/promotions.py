"""Which model was promoted with which prompt, after what rehearsal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from storage.schema import PROMOTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A model with a prompt that passed its rehearsal; *report* is JSON without donor data."""

    id: str
    at: datetime
    use: str
    model: str
    prompt_version: str
    promoted_by: str
    report: bytes


class Promotions:
    """Which model may be used with which prompt, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, promotion: Promotion) -> None:
        """Promote a model with a prompt; the latest one per use and model is in force."""
        self._connection.execute(insert(PROMOTIONS).values(asdict(promotion)))

    def in_force(self, use: str, model: str) -> Promotion | None:
        """Return the promotion in force for a use of a model; None when it was never rehearsed."""
        table = PROMOTIONS.c
        query = select(PROMOTIONS).where(table.use == use, table.model == model)
        latest = query.order_by(table.at.desc(), table.id.desc()).limit(1)
        row = self._connection.execute(latest).mappings().first()
        return Promotion(**row) if row else None

    def history(self, use: str, model: str) -> list[Promotion]:
        """Return every promotion for a use of a model, the oldest first."""
        table = PROMOTIONS.c
        query = select(PROMOTIONS).where(table.use == use, table.model == model)
        rows = self._connection.execute(query.order_by(table.at, table.id)).mappings()
        return [Promotion(**row) for row in rows]
