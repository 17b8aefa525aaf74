"""Give a decision of a list its own card: because somebody wants it, or because little time is left."""

from __future__ import annotations

from handlers.absence.working_hours import working_time_by_email
from handlers.answers.answering import answer
from handlers.commands import CardWanted, GroupedDueSoon
from handlers.context import Arrived, Context, Write
from handlers.decisions.clicked import clicked
from handlers.decisions.standing import refuse_click
from handlers.outcomes import Notice
from handlers.proposals.escalation_view import requirement_of
from handlers.proposals.flooding import call_for_list, has_room
from handlers.proposals.inform import inform
from handlers.record.evidence import SYSTEM, slack_actor
from handlers.record.evidence import record as write_down
from handlers.refreshing import refresh_card, refresh_grouping
from policy.escalation import EscalationState
from policy.organisation import Organisation
from policy.working_time import WorkingTime
from storage.escalations import Escalation
from storage.transaction import Transaction

ON_ITS_WAY = Notice(text="The card is on its way to the channel where this is decided.")


async def give_own_card(command: CardWanted, arrived: Arrived, context: Context) -> Write:
    """Post the card where the decision belongs, once."""
    found = await clicked(command.escalation_id, command.by.id, context)
    if isinstance(found, Notice):
        return refuse_click(command, arrived, found)
    escalation, _ = found

    def write(tx: Transaction) -> None:
        if _give(tx, arrived, escalation.id, slack_actor(command.by.id), context.organisation):
            answer(tx, arrived, ON_ITS_WAY, command.reply_to)
        else:
            answer(tx, arrived, _has_one(escalation), command.reply_to)

    return write


def _has_one(escalation: Escalation) -> Notice:
    where = f" It is here: {escalation.permalink}" if escalation.permalink else ""
    return Notice(text=f"This decision has a card of its own already.{where}")


async def look_before_deadline(command: GroupedDueSoon, arrived: Arrived, context: Context) -> Write:
    """A day is left: a card of its own if the day's number allows, else a place in a fresh list."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(command.escalation_id))
    if escalation is None:
        return lambda _tx: None
    email = requirement_of(escalation).holder
    working = await working_time_by_email(email, context)
    return lambda tx: _remind(tx, arrived, command.escalation_id, working, context.organisation)


def _remind(
    tx: Transaction,
    arrived: Arrived,
    escalation_id: str,
    working: WorkingTime,
    organisation: Organisation,
) -> None:
    current = tx.escalations.get(escalation_id)
    if current is None or current.state is not EscalationState.OPEN or current.shown == "card":
        return
    person = current.for_person
    if has_room(tx, arrived, current.route, person, working, organisation):
        _give(tx, arrived, escalation_id, SYSTEM, organisation)
        return
    tx.groupings.take_off(escalation_id)
    if current.grouping_id:
        refresh_grouping(tx, arrived, current.grouping_id)
    call_for_list(tx, arrived, current.route, person, working, organisation)


def _give(
    tx: Transaction, arrived: Arrived, escalation_id: str, actor: str, organisation: Organisation
) -> bool:
    if not tx.escalations.give_card(escalation_id):
        return False
    current = tx.escalations.get(escalation_id)
    if current is None:
        return False
    write_down(
        tx,
        arrived,
        "escalation.card_given",
        subject=current.donor_id,
        actor=actor,
        correlation_id=current.correlation_id,
        escalation_id=current.id,
    )
    if current.grouping_id is None:  # on no list yet, with which others would be informed
        inform(tx, arrived, [current], organisation)
    refresh_card(tx, arrived, current, again=":own", awaited=actor != SYSTEM)
    return True
