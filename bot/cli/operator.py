"""Who acts at the command line: named by --by, with the roles the organisation file gives them."""

from __future__ import annotations

import secrets

from bot.cli.loading import redis_here
from bot.clock import SystemClock
from bot.doorstep import INBOX, OUTBOX
from handlers.context import Arrived
from handlers.rules.pausing import Operator
from policy.decision import Role
from policy.organisation import Organisation
from storage.bell import RedisBell
from storage.ids import IdSource

UNVERIFIED = "{email} (not verified)"


class NotAllowed(Exception):
    """Whoever is named may not do this; the message says who may."""


def operator(email: str, organisation: Organisation | None) -> Operator:
    """Return who acts.

    Whoever reaches the database where no organisation is named counts as admin, but nobody can say that they
    are who they say: audit and cards call them unverified.
    """
    if organisation is None:
        unverified = UNVERIFIED.format(email=email)
        return Operator(f"cli-unverified:{email.casefold()}", unverified, frozenset({Role.ADMIN.value}))
    return Operator(f"cli:{email.casefold()}", email, frozenset(organisation.roles_of(email)))


async def ring_everybody() -> None:
    """Wake the replicas at once where Redis is set; without it they look every second anyway."""
    redis = redis_here()
    if redis is None:
        return
    bell = RedisBell.open(*redis)
    try:
        for queue in (INBOX, OUTBOX):
            bell.ring(queue)
    finally:
        await bell.close()


def arrival() -> Arrived:
    """Return the command as the handlers know what arrives."""
    clock = SystemClock()
    ids = IdSource(clock.now, secrets.token_bytes)
    return Arrived(
        item_id=ids.new(),
        correlation_id=ids.new(),
        attempts=1,
        first_attempt_at=None,
        now=clock.now(),
        ids=ids,
    )
