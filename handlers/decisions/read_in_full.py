"""Show a whole card in a window, for members of the organisation only; looking is itself written down."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import fill
from handlers.commands import ReadInFullRequested
from handlers.context import Arrived, Context, Write
from handlers.decisions.standing import UNKNOWN_CARD
from handlers.outcomes import CardInFull, Notice, Window
from handlers.proposals.escalation_view import card_of
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from storage.considerations import Look
from storage.transaction import Transaction


async def read_in_full(command: ReadInFullRequested, arrived: Arrived, context: Context) -> Write:
    """Fill the waiting window with everything that the card stands for."""
    colleague = await admit(command.by.id, None, context)
    escalation = await context.database.read(lambda tx: tx.escalations.get(command.escalation_id))
    shown: Window = CardInFull(card=card_of(escalation)) if escalation else UNKNOWN_CARD
    refused = isinstance(colleague, Notice) or escalation is None
    if isinstance(colleague, Notice):
        shown = colleague

    def write(tx: Transaction) -> None:
        donor_id = escalation.donor_id if escalation else None
        write_down(
            tx,
            arrived,
            "card.read_refused" if refused else "card.read_in_full",
            subject=donor_id,
            actor=slack_actor(command.by.id),
            correlation_id=arrived.correlation_id,
            escalation_id=command.escalation_id,
        )
        if not refused:
            tx.considerations.note_look(command.escalation_id, command.by.id, Look.FULL_TEXT, arrived.now)
        fill(tx, arrived, shown, command.view_id, by=command.by.id, donor_id=donor_id)

    return write
