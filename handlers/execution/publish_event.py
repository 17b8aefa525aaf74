"""Publish a CloudEvent to whoever listens."""

from __future__ import annotations

from handlers.context import Arrived, Context, Write
from handlers.effects import PublishEvent


async def publish_event(effect: PublishEvent, arrived: Arrived, context: Context) -> Write:  # noqa: ARG001
    """Hand the event to the stream; without one, the outbox row is the record."""
    if context.stream:
        await context.stream.publish(effect.event)
    return lambda _tx: None
