"""Ask those who have to agree to an undo: the card comes to where reviewers see it, and names them."""

from __future__ import annotations

from handlers.context import Arrived, Context, Write
from handlers.effects import AskToAgree
from handlers.execution.undo_rules import spelled
from handlers.outcomes import DecisionList, UndoShown
from handlers.ports import MessageRef
from handlers.proposals.card_places import message_at, remember_copy
from handlers.proposals.escalation_view import card_of, requirement_of, status_of, undo_waiting
from policy.decision import Role
from storage.escalations import Escalation

ASKS = "{who} asks to undo this for {donor}. The rules want {needs} to agree as well."
NEXT = "Agree on the card above, or leave it as it is. Until then nothing is undone."


async def ask_to_agree(effect: AskToAgree, arrived: Arrived, context: Context) -> Write:
    """Show the card in the review channel, once, and say in its thread who is asked."""
    escalation = await context.database.read(lambda tx: tx.escalations.get(effect.escalation_id))
    undo = undo_waiting(escalation) if escalation else None
    if escalation is None or undo is None:
        return lambda _tx: None
    review = context.organisation.review_channel
    there = await context.database.read(lambda tx: message_at(tx, escalation, review))
    shown = there or await _show(escalation, review, arrived, context)
    asked = DecisionList(
        title=ASKS.format(who=undo.by_name, donor=card_of(escalation).donor.name, needs=spelled(undo.needs)),
        items=(),
        next_step=NEXT,
        mentions=await _who_may(escalation, undo, context),
    )
    marker = f"agree:{escalation.id}:{escalation.revision}"
    await context.chat.post(asked, shown.channel_id, marker, arrived.retry_since, thread_ts=shown.ts)
    if there:
        return lambda _tx: None
    return lambda tx: remember_copy(tx, arrived, escalation, shown, review)


async def _show(escalation: Escalation, review: str, arrived: Arrived, context: Context) -> MessageRef:
    card, status, marker = card_of(escalation), status_of(escalation), f"card:{escalation.id}"
    shown = await context.chat.show_card(card, status, None, review, marker, arrived.retry_since)
    return shown.at


async def _who_may(escalation: Escalation, undo: UndoShown, context: Context) -> tuple[str, ...]:
    """Return the Slack user ids of those whose agreement is missing, without whoever may not give it."""
    not_they = {undo.by_user_id, *requirement_of(escalation).excluded, *(g.person for g in undo.granted)}
    found: dict[str, None] = {}
    for need in undo.needs:
        people = [person.email for person in context.organisation.people_in(need.role)]
        holder = requirement_of(escalation).holder
        if need.role is Role.OWNER and holder:
            people = [holder]
        for email in people:
            colleague = await context.chat.colleague_by_email(email)
            if colleague and colleague.is_full_member and colleague.id not in not_they:
                found[colleague.id] = None
    return tuple(found)
