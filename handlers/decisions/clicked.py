"""What a click on a card is about, and by whom: the first thing that every decision asks."""

from __future__ import annotations

from handlers.admission import admit
from handlers.context import Context
from handlers.decisions.standing import UNKNOWN_CARD
from handlers.outcomes import Notice
from handlers.ports import Colleague
from storage.escalations import Escalation


async def clicked(
    escalation_id: str, user_id: str, context: Context
) -> tuple[Escalation, Colleague] | Notice:
    """Return the decision on the card and the colleague; a notice where either is not known here."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(escalation_id))
    if escalation is None:
        return UNKNOWN_CARD
    colleague = await admit(user_id, None, context)
    return colleague if isinstance(colleague, Notice) else (escalation, colleague)
