"""Show somebody the decisions that wait for them, in the app's Home tab."""

from __future__ import annotations

from datetime import timedelta

from handlers.admission import admit
from handlers.commands import HomeOpened
from handlers.context import Arrived, Context, Write
from handlers.effects import PEOPLE_FIRST, PublishHome, enqueue
from handlers.escalation_view import queue_item, requirement_of
from handlers.outcomes import HomeShown, Notice
from handlers.ports import Colleague
from policy.escalation import EscalationState
from storage.escalations import Escalation
from storage.transaction import Transaction

_S = EscalationState
LATELY = 10
SHOWN = 200
DAYS = timedelta(days=14)


async def show_home(command: HomeOpened, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Have the Home tab published."""
    effect, order = PublishHome(user_id=command.by.id), f"home:{command.by.id}"
    key = f"{order}:{arrived.item_id}"

    def write(tx: Transaction) -> None:
        enqueue(tx, effect, key=key, order=order, arrived=arrived, priority=PEOPLE_FIRST)

    return write


async def publish_home(effect: PublishHome, arrived: Arrived, context: Context) -> Write:
    """Publish the queue as it is at this moment."""
    colleague = await admit(effect.user_id, None, context)
    if isinstance(colleague, Notice):
        await context.chat.publish_home(effect.user_id, HomeShown(name=""))
        return lambda _tx: None
    waiting, decided = await context.database.read(lambda tx: _lately(tx, arrived))
    mine = [e for e in waiting if _is_for(e, colleague, context)]
    home = HomeShown(
        name=colleague.name,
        open=tuple(queue_item(e) for e in mine if e.state is _S.OPEN),
        deferred=tuple(queue_item(e) for e in mine if e.state is _S.DEFERRED),
        decided=tuple(queue_item(e) for e in reversed(decided) if _is_for(e, colleague, context))[:LATELY],
    )
    await context.chat.publish_home(effect.user_id, home)
    return lambda _tx: None


def _lately(tx: Transaction, arrived: Arrived) -> tuple[list[Escalation], list[Escalation]]:
    waiting = tx.escalations.page((_S.OPEN, _S.DEFERRED), limit=SHOWN)
    decided = tx.escalations.decided_between(arrived.now - DAYS, arrived.now + DAYS)
    return waiting, [e for e in decided if e.state not in (_S.OPEN, _S.DEFERRED)]


def _is_for(escalation: Escalation, colleague: Colleague, context: Context) -> bool:
    requirement = requirement_of(escalation)
    roles = requirement.roles_of(colleague.email, context.organisation.roles_of(colleague.email))
    wanted = {approval.role for approval in requirement.decision.approvals}
    return bool(wanted & roles)
