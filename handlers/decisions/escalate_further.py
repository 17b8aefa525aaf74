"""Escalate further: whoever may decide passes the decision on, and hears what becomes of it on the card."""

from __future__ import annotations

from handlers.answers.answering import answer
from handlers.commands import PassOnRequested
from handlers.context import Arrived, Context, Write
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.passing_on import Destination, destination_for, hand_over, next_in_chain, objection
from handlers.decisions.standing import refuse_click, too_late
from handlers.outcomes import Notice
from policy.decision import Role
from storage.transaction import Transaction

AGAIN = "Nothing was changed. Open “Escalate further…” again and choose somebody else."
NOBODY_ABOVE = Notice(
    text="There is nobody above you to pass this on to.",
    next_step="Nothing was changed. Choose a colleague by name, or ask IT who should be next in the chain.",
)
ROLE_HAS_NO_CHAIN = "You decide this as {role}, and that does not pass to the next in the chain."
NOT_A_COLLEAGUE = Notice(
    text="A decision can be passed on to full members of this workspace only, not to apps, guests, people of "
    "other organisations or accounts that were switched off.",
    next_step=AGAIN,
)
TO_YOURSELF = Notice(text="This decision is with you already.", next_step=AGAIN)


async def escalate_further(command: PassOnRequested, arrived: Arrived, context: Context) -> Write:
    """Pass the decision on to the person named, or to the next in the chain."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return refuse_click(command, arrived, decider)
    destination = await _destination(command.to_user_id, decider, context)
    if isinstance(destination, Notice):
        return refuse_click(command, arrived, destination)
    return lambda tx: _pass_on(tx, command, arrived, decider, destination)


async def _destination(to: str | None, decider: Decider, context: Context) -> Destination | Notice:
    if to is None:
        return await _next(decider, context)
    if to == decider.colleague.id:
        return TO_YOURSELF
    colleague = await context.chat.colleague(to)
    if colleague is None or not colleague.is_full_member:
        return NOT_A_COLLEAGUE
    against = objection(decider.requirement, colleague, decider.role, context.organisation)
    if against:
        return Notice(text=against, next_step=AGAIN)
    return await destination_for(colleague, decider.role, context)


async def _next(decider: Decider, context: Context) -> Destination | Notice:
    if decider.role is not Role.OWNER:
        return Notice(text=ROLE_HAS_NO_CHAIN.format(role=decider.role.value), next_step=AGAIN)
    return await next_in_chain(decider.escalation, context) or NOBODY_ABOVE


def _pass_on(
    tx: Transaction, command: PassOnRequested, arrived: Arrived, decider: Decider, destination: Destination
) -> None:
    reason = command.reason
    moved = hand_over(
        tx,
        arrived,
        decider.escalation,
        destination,
        decider,
        reason.text,
        "",
        reason=reason.code,
    )
    if moved is None:
        too_late(tx, command, arrived)
        return
    to = destination.person.name if destination.person else destination.route.decider
    told = Notice(
        text=f"Passed on to {to}.",
        next_step="They decide now. This card stays here and shows what becomes of it.",
    )
    answer(tx, arrived, told, command.reply_to)
