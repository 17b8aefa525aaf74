"""The queue of records to put right: who looks after it, who may answer, and how an item reads."""

from __future__ import annotations

from handlers.context import Context
from handlers.outcomes import CleanupShown
from handlers.ports import Colleague
from policy.decision import Role
from policy.organisation import Organisation
from storage.cleanup import CleanupItem


def cleanup_channel(organisation: Organisation) -> str:
    """Return where records to put right are posted: the data channel, else where decisions are reviewed."""
    return organisation.data_channel or organisation.review_channel


async def steward(context: Context) -> Colleague | None:
    """Return the data steward, if the organisation has one with a Slack account here."""
    email = context.organisation.data_steward
    found = await context.chat.colleague_by_email(email) if email else None
    return found if found and found.is_full_member else None


def may_answer(colleague: Colleague, organisation: Organisation) -> bool:
    """Say whether somebody may answer for records: the data steward, and managers in their place."""
    if (organisation.data_steward or "").casefold() == colleague.email.casefold():
        return True
    return Role.MANAGER in organisation.roles_of(colleague.email)


def cleanup_of(item: CleanupItem) -> CleanupShown:
    """Return the item as people see it now."""
    made = CleanupShown.model_validate_json(item.card)
    return made.model_copy(
        update={
            "state": item.state,
            "answered_by_user_id": item.answered_by,
            "answered_by": item.answered_by_name,
            "answered_at": item.answered_at,
            "answer": item.answer or "",
        }
    )
