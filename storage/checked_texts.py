"""How texts held up against the records; nothing of what they said."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from storage.schema import CHECKED_TEXTS


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedText:
    """How one text held up: *kind* is "summary" or the kind of action it gives reasons for."""

    id: str
    at: datetime
    kind: str
    origin: str
    model: str
    prompt_version: str
    kept: int
    removed: int


class CheckedTexts:
    """How texts held up against the records, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, text: CheckedText) -> None:
        """Write down how one text held up."""
        self._connection.execute(_CHECKED, asdict(text))

    def since(self, moment: datetime) -> list[CheckedText]:
        """Return the texts from *moment* on, the oldest first."""
        table = CHECKED_TEXTS.c
        query = select(CHECKED_TEXTS).where(table.at >= moment).order_by(table.at, table.id)
        return [CheckedText(**row) for row in self._connection.execute(query).mappings()]


# Built once, since every text is written down: building a statement costs more than running it.
_CHECKED = insert(CHECKED_TEXTS).inline()
