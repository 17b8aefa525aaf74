"""Offer donors to choose from while somebody types; nothing is stored, since whoever types waits for it."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.donor_search import PICKER_SIZE
from handlers.commands import ChatUser
from handlers.context import Context
from handlers.outcomes import Notice
from policy.donor import DonorMatch


async def offer_donors(typed: str, by: ChatUser, context: Context) -> tuple[DonorMatch, ...] | Notice:
    """Return the donors meant by what was *typed* so far, else near names, or why there is nobody to see.

    Raises Unavailable when CRM or Slack do not answer.
    """
    colleague = await admit(by.id, None, context)
    if isinstance(colleague, Notice):
        return colleague
    wanted = typed.strip()
    return await context.crm.search(wanted, PICKER_SIZE) or await context.crm.near(wanted)
