"""Go back to the prompt that was promoted before: which one that is, and putting it in force again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from handlers.context import Arrived
from handlers.rules.pausing import Operator
from handlers.rules.promote_model import promote
from storage.drift_alarms import DriftAlarm
from storage.promotions import Promotion
from storage.transaction import Transaction

FACTS = "facts"
ROLLED_BACK_FROM = "rolled_back_from"
_PARTS = {"acceptance": 3, "unsupported": 2}


@dataclass(frozen=True, slots=True)
class WrittenBy:
    """The *model* and the version of its *prompt*; *use* is the name of the prompt."""

    use: str
    model: str
    prompt: str


def written_by(alarm: DriftAlarm) -> WrittenBy | None:
    """Return whose texts an alarm is about; None where no model wrote them."""
    parts = alarm.version.rsplit(" ", _PARTS[alarm.measure] - 1)
    if parts[0] == FACTS or len(parts) != _PARTS[alarm.measure]:
        return None
    use = "summarise" if alarm.kind == "summary" else "recommend"
    return WrittenBy(use, model=parts[0], prompt=parts[1])


def earlier_prompt(
    history: Sequence[Promotion], now: str, ships: Callable[[str, str], bool]
) -> Promotion | None:
    """Return the promotion to go back to from the prompt in version *now*: the latest before it.

    What was itself rolled back does not count, so that two alarms cannot send it to and fro; nor does a
    prompt that this release no longer comes with.
    """
    standing: list[Promotion] = []
    for each in history:
        if ROLLED_BACK_FROM in json.loads(each.report):
            versions = [earlier.prompt_version for earlier in standing]
            if each.prompt_version in versions:
                del standing[versions.index(each.prompt_version) + 1 :]
                continue
        standing.append(each)
    while standing and standing[-1].prompt_version == now:
        standing.pop()
    usable = (e for e in reversed(standing) if e.prompt_version != now and ships(e.use, e.prompt_version))
    return next(usable, None)


def roll_back(tx: Transaction, arrived: Arrived, by: Operator, writer: WrittenBy, earlier: Promotion) -> None:
    """Promote the *earlier* prompt again, on the rehearsal that it passed then."""
    rehearsal = json.loads(earlier.report) | {
        "model": earlier.model,
        "prompt_version": earlier.prompt_version,
        ROLLED_BACK_FROM: writer.prompt,
    }
    promote(tx, arrived, by, writer.use, rehearsal)
