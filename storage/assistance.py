"""What models were asked and cost, how their texts held up, and what people made of them; no donor text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    Update,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from policy.calibration import Scored
from storage.columns import UtcDateTime
from storage.schema import CHECKED_TEXTS, DRIFT_ALARMS, JUDGEMENTS, MODEL_CALLS, PROMOTIONS


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftAlarm:
    """An alarm that was raised: *measure* is "acceptance" or "unsupported", *evidence* JSON figures.

    *version* names the model, prompt and rules whose baseline it is about. *choices* is JSON that only the
    use cases read: who chose what about it, and when.
    """

    id: str
    at: datetime
    measure: str
    kind: str
    version: str
    evidence: bytes
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    choices: bytes | None = None
    channel_id: str | None = None
    message_ts: str | None = None
    revision: int = 1


class DriftAlarms:
    """The alarms raised, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, alarm: DriftAlarm) -> None:
        """Keep an alarm."""
        self._connection.execute(insert(DRIFT_ALARMS).values(asdict(alarm)))

    def get(self, alarm_id: str) -> DriftAlarm | None:
        """Return one alarm."""
        query = select(DRIFT_ALARMS).where(DRIFT_ALARMS.c.id == alarm_id)
        row = self._connection.execute(query).mappings().first()
        return DriftAlarm(**row) if row else None

    def all(self) -> list[DriftAlarm]:
        """Return all alarms, the oldest first."""
        query = select(DRIFT_ALARMS).order_by(DRIFT_ALARMS.c.at, DRIFT_ALARMS.c.id)
        return [DriftAlarm(**row) for row in self._connection.execute(query).mappings()]

    def open(self) -> list[DriftAlarm]:
        """Return the alarms that nobody has acknowledged, the oldest first."""
        table = DRIFT_ALARMS.c
        query = select(DRIFT_ALARMS).where(table.acknowledged_at.is_(None)).order_by(table.at, table.id)
        return [DriftAlarm(**row) for row in self._connection.execute(query).mappings()]

    def choose(self, alarm_id: str, revision: int, choices: bytes) -> bool:
        """Keep what somebody chose about an open alarm; False when it has moved on from *revision*."""
        changed = self._open_at(alarm_id, revision).values(choices=choices, revision=revision + 1)
        return self._connection.execute(changed).rowcount == 1

    def acknowledge(self, alarm_id: str, revision: int, choices: bytes, by: str, at: datetime) -> bool:
        """Close an open alarm, with who did; False when it has moved on from *revision*."""
        changed = self._open_at(alarm_id, revision).values(
            choices=choices, revision=revision + 1, acknowledged_at=at, acknowledged_by=by
        )
        return self._connection.execute(changed).rowcount == 1

    def set_message(self, alarm_id: str, channel_id: str, message_ts: str) -> None:
        """Remember which Slack message shows the alarm."""
        here = update(DRIFT_ALARMS).where(DRIFT_ALARMS.c.id == alarm_id)
        self._connection.execute(here.values(channel_id=channel_id, message_ts=message_ts))

    def _open_at(self, alarm_id: str, revision: int) -> Update:
        table = DRIFT_ALARMS.c
        return update(DRIFT_ALARMS).where(
            table.id == alarm_id, table.revision == revision, table.acknowledged_at.is_(None)
        )


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
_CHECKED = insert(CHECKED_TEXTS).inline()
