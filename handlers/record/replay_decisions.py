"""Decide every recorded decision again from its recorded facts and rules: it must come out the same."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from handlers.answers.answering import post
from handlers.commands import ReplayDue
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.record.check_log import check_log
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from handlers.record.last_checks import REPLAYED
from handlers.record.recorded_decisions import recorded_decisions
from policy.canonical import digest
from policy.decide import CompiledPolicy, compile_policy, decide
from policy.decision import Decision
from policy.language import PolicyInvalidError, parse_policy
from policy.recorded import NotReplayable, RecordedDecision
from storage.database import Database
from storage.transaction import Transaction

log = logging.getLogger(__name__)

MOST_NAMED = 50


@dataclass(slots=True)
class Replayed:
    """What came of it: how many came out the same, which did not, and why others could not be tried."""

    same: int = 0
    different: list[str] = field(default_factory=list)
    not_replayable: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many decisions were looked at."""
        return self.same + len(self.different) + sum(self.not_replayable.values())

    def skip(self, why: str) -> None:
        """Count a decision that cannot be tried."""
        self.not_replayable[why] = self.not_replayable.get(why, 0) + 1


async def replay_decisions(command: ReplayDue, arrived: Arrived, context: Context) -> Write:
    """Replay everything and verify the log; keep both results, and speak up if anything is wrong."""
    write_check = await check_log(arrived, context)
    done = await replayed(context.database)
    result = {
        "at": arrived.now.isoformat(),
        "same": done.same,
        "different": done.different[:MOST_NAMED],
        "differ": len(done.different),
        "not_replayable": done.not_replayable,
    }

    def write(tx: Transaction) -> None:
        write_check(tx)
        tx.settings.put(REPLAYED, result, arrived.now)  # type: ignore[arg-type]
        write_down(tx, arrived, "replay.done", subject=None, period=command.period_key, result=result)
        channel = context.organisation.operations_channel or context.organisation.review_channel
        if done.different:
            log.error("recorded decisions would differ", extra={"count": len(done.different)})
            post(tx, arrived, _alarm(done, arrived), channel, by=SYSTEM)

    return write


async def replayed(database: Database) -> Replayed:
    """Decide every recorded decision again by the version of the rules it was made under."""
    done, compiled = Replayed(), dict[str, CompiledPolicy | None]()
    async for batch in recorded_decisions(database):
        for recorded in batch:
            if isinstance(recorded, NotReplayable):
                done.skip(recorded.why)
                continue
            await _know(recorded.decision.policy_version, compiled, database)
            _try(recorded, compiled, done)
    return done


def _try(recorded: RecordedDecision, compiled: Mapping[str, CompiledPolicy | None], done: Replayed) -> None:
    rules = compiled[recorded.decision.policy_version]
    if rules is None:
        done.skip("rules_not_stored")
    elif _comparable(decide(rules, recorded.facts)) == _comparable(recorded.decision):
        done.same += 1
    else:
        done.different.append(recorded.entry_id)


def _comparable(decision: Decision) -> str:
    """Return everything a decision says but the engine's version, which may have been brought up to date."""
    return digest(decision.model_copy(update={"engine": ""}))


async def _know(version: str, compiled: dict[str, CompiledPolicy | None], database: Database) -> None:
    if version not in compiled:
        stored = await database.read(lambda tx: tx.policies.version(version))
        compiled[version] = _compiled(stored.source, version) if stored and stored.is_intact else None


def _compiled(source: str, version: str) -> CompiledPolicy | None:
    try:
        rules = compile_policy(parse_policy(source, version))
    except PolicyInvalidError:
        return None
    return rules if rules.version == version else None


def _alarm(done: Replayed, arrived: Arrived) -> Notice:
    count = len(done.different)
    which = "1 recorded decision" if count == 1 else f"{count} recorded decisions"
    return Notice(
        text=f"{which} of {done.total} would come out differently from the same facts and rules.",
        next_step="The database or the program may have been changed: countersign audit replay names them.",
        reference=arrived.reference,
    )
