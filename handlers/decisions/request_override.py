"""Put off, decline, escalate further, send back: show whoever may decide what they can choose from."""

from __future__ import annotations

from handlers.answers.answering import fill
from handlers.commands import OverrideFormRequested
from handlers.context import Arrived, Context, Write
from handlers.decisions.deciding_person import Decider, decider_of
from handlers.decisions.deferral_form import deferral_form
from handlers.decisions.passing_on import next_in_chain
from handlers.decisions.standing import note_refusal
from handlers.outcomes import Choice, Notice, OverrideForm, Window
from handlers.proposals.escalation_view import card_of
from policy.decision import Role
from policy.override_reasons import LABELS, Override, reasons_for
from storage.transaction import Transaction

NEXT = "The next in the chain is {name}. You can choose somebody else."
REVIEWERS = "Leave this empty for {name} in the review channel, or choose somebody."


async def request_override(command: OverrideFormRequested, arrived: Arrived, context: Context) -> Write:
    """Fill the waiting window with the form, or with the reason why there is none."""
    decider = await decider_of(command.escalation_id, command.by.id, context)
    if isinstance(decider, Notice):
        return _refuse(command, arrived, decider)
    if command.override is Override.DEFER:
        form: Window = await deferral_form(command, decider, arrived.now, context)
    else:
        form = await _form(command, decider, context)
    donor_id = decider.escalation.donor_id
    return lambda tx: fill(tx, arrived, form, command.view_id, by=command.by.id, donor_id=donor_id)


async def _form(command: OverrideFormRequested, decider: Decider, context: Context) -> OverrideForm:
    card = card_of(decider.escalation)
    user_id, hint = await _next(command.override, decider, context)
    return OverrideForm(
        override=command.override,
        escalation_id=decider.escalation.id,
        donor_name=card.donor.name,
        proposal=card.proposal,
        reasons=tuple(
            Choice(value=reason.value, label=LABELS[reason]) for reason in reasons_for(command.override)
        ),
        next_user_id=user_id,
        next_hint=hint,
        channel_id=command.reply_to.channel_id,
        thread_ts=command.reply_to.thread_ts,
    )


async def _next(override: Override, decider: Decider, context: Context) -> tuple[str | None, str]:
    if override is not Override.ESCALATE or decider.role is not Role.OWNER:
        return None, ""
    destination = await next_in_chain(decider.escalation, context)
    if destination is None:
        return None, ""
    if destination.person is None:
        return None, REVIEWERS.format(name=destination.route.decider)
    return destination.person.id, NEXT.format(name=destination.person.name)


def _refuse(command: OverrideFormRequested, arrived: Arrived, refusal: Notice) -> Write:
    def write(tx: Transaction) -> None:
        note_refusal(tx, command, arrived, refusal)
        fill(tx, arrived, refusal, command.view_id, by=command.by.id)

    return write
