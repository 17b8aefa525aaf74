"""Tell the review channel when a campaign changes its status, with the open decisions it touches."""

from __future__ import annotations

from handlers.answers.answering import post
from handlers.context import Arrived, Context, Discard, Write
from handlers.outcomes import Notice
from handlers.record.evidence import SYSTEM
from handlers.record.evidence import record as write_down
from policy.changes import spell_date
from policy.events import CrmEvent
from storage.transaction import Transaction


async def report_campaign_change(event: CrmEvent, arrived: Arrived, context: Context) -> Write:
    """Post one notice per change."""
    campaign = await context.crm.campaign(event.record_id) if event.record_id else None
    if campaign is None:
        raise Discard("campaign_unknown")
    last_day = spell_date(campaign.ends_on)
    notice = Notice(
        text=f"The campaign {campaign.name} is now {campaign.status}. Its last day: {last_day}.",
        next_step="Look at planned asks of this campaign before you make them.",
        reference=arrived.reference,
    )

    def write(tx: Transaction) -> None:
        write_down(
            tx, arrived, "campaign.changed", subject=None, campaign_id=campaign.id, status=campaign.status
        )
        post(tx, arrived, notice, context.organisation.review_channel, by=SYSTEM)

    return write
