"""How often a household was asked and contacted, with what is planned or waits counted as well."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from policy.decision_context import DecisionContext
from policy.decision_facts import CadenceFacts, ChannelOrNone
from policy.donor import Channel, DonorRecord, Interaction

_CHANNELS = {
    "call": Channel.PHONE,
    "email": Channel.EMAIL,
    "letter": Channel.MAIL,
    "meeting": Channel.VISIT,
    "visit": Channel.VISIT,
    "sms": Channel.SMS,
}


def cadence_facts(record: DonorRecord, channel: ChannelOrNone, context: DecisionContext) -> CadenceFacts:
    """Return the counts for the household at *context.now*; cancelled interactions never happened."""
    now = context.now
    together = (*record.interactions, *record.household_interactions)
    held = [each for each in together if each.status != "cancelled"]
    past = [each for each in held if each.at <= now]
    ahead = [each for each in held if each.at > now]
    asks = [each.at for each in past if each.is_ask]
    touches = [each for each in past if _is_touch(each)]
    recent = [each for each in touches if _within(each.at, now, 30)]
    quarter = [each for each in touches if _within(each.at, now, 90)]
    return CadenceFacts(
        days_since_ask=_days_since(asks, now),
        asks_90_days=_count(asks, now, 90),
        asks_365_days=_count(asks, now, 365),
        pending_asks=sum(e.is_ask for e in ahead) + sum(t.is_ask for t in context.pending_touches),
        days_since_touch=_days_since((each.at for each in touches), now),
        touches_30_days=len(recent),
        pending_touches=sum(_is_touch(each) for each in ahead) + len(context.pending_touches),
        channel_touches_30_days=len(_on(recent, channel)),
        channel_share_90_days=100 * len(_on(quarter, channel)) // len(quarter) if quarter else 0,
    )


def _is_touch(interaction: Interaction) -> bool:
    return interaction.is_ask or (interaction.direction == "outbound" and interaction.kind != "email_open")


def _on(interactions: list[Interaction], channel: ChannelOrNone) -> list[Interaction]:
    return [each for each in interactions if _CHANNELS.get(each.kind) == channel]


def _within(at: datetime, now: datetime, days: int) -> bool:
    return at > now - timedelta(days=days)


def _count(moments: list[datetime], now: datetime, days: int) -> int:
    return sum(_within(at, now, days) for at in moments)


def _days_since(moments: Iterable[datetime], now: datetime) -> int | None:
    last = max(moments, default=None)
    return (now - last).days if last else None
