"""Fixed, look again: somebody put a record right, and what happened is looked at anew."""

from __future__ import annotations

from handlers.cleanup.cleanup_answers import answered_already, refuse_answer, who_answers, write_down_answer
from handlers.commands import CleanupFixed, FreshLookDue
from handlers.context import Arrived, Context, Write
from handlers.enqueueing import PEOPLE_FIRST
from handlers.outcomes import Notice
from handlers.ports import Colleague
from handlers.refreshing import show_cleanup
from policy.canonical import canonical_json
from policy.cleanup import CleanupState
from storage.queue import Received
from storage.transaction import Transaction


async def fix_record(command: CleanupFixed, arrived: Arrived, context: Context) -> Write:
    """Take somebody's word that the record is right now, and have it looked at again."""
    who = await who_answers(command, context)
    if isinstance(who, Notice):
        return refuse_answer(command, arrived, who)
    return lambda tx: _look_again(tx, command, arrived, who)


def _look_again(tx: Transaction, command: CleanupFixed, arrived: Arrived, who: Colleague) -> None:
    item = tx.cleanup.move(
        command.item_id,
        CleanupState.OPEN,
        CleanupState.LOOKING,
        answered_by=who.id,
        answered_by_name=who.name,
        answered_at=arrived.now,
    )
    if item is None:
        answered_already(tx, command, arrived)
        return
    write_down_answer(tx, arrived, item, who, "cleanup.fixed")
    due = FreshLookDue(item_id=item.id)
    tx.inbox.accept(
        Received(
            id=arrived.ids.new(),
            source="cleanup",
            dedupe_key=item.id,
            kind=due.type,
            # Not in the order of the donor's events: somebody waits for it, and an import may bring many.
            entity_key=None,
            body=canonical_json(due),
            correlation_id=item.correlation_id,
            received_at=arrived.now,
            priority=PEOPLE_FIRST,
        )
    )
    show_cleanup(tx, arrived, item)
