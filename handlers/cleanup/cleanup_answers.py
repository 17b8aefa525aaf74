"""Who answers for a record that was sent back, and what those hear who may not or come too late."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import answer
from handlers.cleanup.cleanup_queue import may_answer
from handlers.commands import CleanupFixed, CleanupGivenUp
from handlers.context import Arrived, Context, Write
from handlers.outcomes import Notice
from handlers.ports import Colleague
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.cleanup import CleanupState
from storage.cleanup import CleanupItem
from storage.transaction import Transaction

Answered = CleanupFixed | CleanupGivenUp

UNKNOWN_ITEM = Notice(
    text="I do not know this record. It may belong to another installation or to a replaced database.",
    next_step="Nothing was changed. Type /donor cleanup for the records that wait.",
)
NOT_YOURS = Notice(
    text="Records are put right by the data steward, or by a manager in their place.",
    next_step="Nothing was changed. Tell them in the thread of the card what you know.",
)
_STANDING = {
    CleanupState.OPEN: "This record waits to be put right.",
    CleanupState.LOOKING: "{who} already said that this is fixed; I am looking at the record again.",
    CleanupState.FIXED: "This is done already: {who} fixed it.",
    CleanupState.NOT_FIXED: "{who} already said that this cannot be fixed.",
}


async def who_answers(command: Answered, context: Context) -> Colleague | Notice:
    """Return whoever answers, or the honest reason why their click answers nothing."""
    item = await context.database.read(lambda tx: tx.cleanup.get(command.item_id))
    if item is None:
        return UNKNOWN_ITEM
    colleague = await admit(command.by.id, None, context)
    if isinstance(colleague, Notice):
        return colleague
    return colleague if may_answer(colleague, context.organisation) else NOT_YOURS


def refuse_answer(command: Answered, arrived: Arrived, refusal: Notice) -> Write:
    """Refuse privately, and write the refusal down."""

    def write(tx: Transaction) -> None:
        item = tx.cleanup.get(command.item_id)
        write_down(
            tx,
            arrived,
            "click.refused",
            subject=item.donor_id if item else None,
            actor=slack_actor(command.by.id),
            correlation_id=item.correlation_id if item else None,
            reason=refusal.text,
        )
        answer(tx, arrived, refusal, command.reply_to)

    return write


def answered_already(tx: Transaction, command: Answered, arrived: Arrived) -> None:
    """Tell somebody that another answer was first."""
    item = tx.cleanup.get(command.item_id)
    if item is None:
        answer(tx, arrived, UNKNOWN_ITEM, command.reply_to)
        return
    standing = _STANDING[item.state].format(who=item.answered_by_name or "Somebody")
    told = Notice(text=standing, next_step="Nothing was changed by your click.")
    answer(tx, arrived, told, command.reply_to)


def write_down_answer(
    tx: Transaction, arrived: Arrived, item: CleanupItem, who: Colleague, kind: str, **more: str
) -> None:
    """Write down what somebody answered about a record."""
    write_down(
        tx,
        arrived,
        kind,
        subject=item.donor_id,
        actor=slack_actor(who.id),
        correlation_id=item.correlation_id,
        escalation_id=item.escalation_id,
        cleanup_id=item.id,
        name=who.name,
        **more,
    )
