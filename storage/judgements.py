"""What people made of proposals, as models and confidence are judged by."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, bindparam, case, delete, func, insert, select, update

from policy.calibration import Scored
from storage.columns import UtcDateTime
from storage.schema import JUDGEMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person made of one proposal: *accepted* as it stood, or not (declined, edited, undone later).

    *score* is the evidence score, 0 to 100, that stood on the card.
    """

    id: str
    escalation_id: str
    at: datetime
    action_kind: str
    accepted: bool
    score: int
    origin: str
    model: str
    prompt_version: str
    policy_version: str


class Judgements:
    """What people made of proposals, in the caller's transaction.

    The reliability shown to managers is computed from them: `handlers.record.judging.reliability_by_class`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, judgement: Judgement) -> None:
        """Write down a judgement in place of an earlier one about the same proposal."""
        same = JUDGEMENTS.c.escalation_id == judgement.escalation_id
        self._connection.execute(delete(JUDGEMENTS).where(same))
        self._connection.execute(insert(JUDGEMENTS).values(asdict(judgement)))

    def retract(self, escalation_id: str) -> None:
        """Count what was accepted as not accepted after all: it was undone."""
        changed = update(JUDGEMENTS).where(JUDGEMENTS.c.escalation_id == escalation_id)
        self._connection.execute(changed.values(accepted=False))

    def since(self, moment: datetime) -> list[Judgement]:
        """Return the judgements from *moment* on, the oldest first."""
        table = JUDGEMENTS.c
        query = select(JUDGEMENTS).where(table.at >= moment).order_by(table.at, table.id)
        return [Judgement(**row) for row in self._connection.execute(query).mappings()]

    def scores_since(self, moment: datetime) -> dict[str, list[Scored]]:
        """Return for each kind of action the judgements from *moment* on, added up by score."""
        table = JUDGEMENTS.c
        accepted = func.sum(case((table.accepted, 1), else_=0))
        by = (table.action_kind, table.score)
        query = select(*by, func.count(), accepted).where(table.at >= moment).group_by(*by).order_by(*by)
        found = dict[str, list[Scored]]()
        for kind, *scored in self._connection.execute(query):
            found.setdefault(kind, []).append(Scored(*scored))
        return found

    def latest_scores(self, action_kind: str, moment: datetime, most: int) -> list[Scored]:
        """Return the latest judgements of one kind of action, none from before *moment*, by score."""
        wanted = {"of_kind": action_kind, "moment": moment, "most": most}
        return [Scored(*row) for row in self._connection.execute(_LATEST_SCORES, wanted)]


def _latest_scores() -> Select[Any]:
    table = JUDGEMENTS.c
    of_kind = select(table.score, table.accepted).where(
        table.action_kind == bindparam("of_kind"), table.at >= bindparam("moment", type_=UtcDateTime())
    )
    most = bindparam("most", type_=Integer())
    latest = of_kind.order_by(table.at.desc(), table.id).limit(most).subquery()
    accepted = func.sum(case((latest.c.accepted, 1), else_=0))
    added = select(latest.c.score, func.count(), accepted).group_by(latest.c.score)
    return added.order_by(latest.c.score)


# Built once, since every proposal asks: building a statement costs more than running it.
_LATEST_SCORES = _latest_scores()
