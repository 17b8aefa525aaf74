"""Who a card is about: name, standing and the marks nobody may overlook."""

from __future__ import annotations

from bot.slack.blocks import Block, dated, fine_print, header, leaf, paragraph, rich, safe_url
from bot.slack.text import clip, escape, isolated, name, one_line, words
from handlers.outcomes import DonorHeader

OWNER = "owner {name}"
NO_OWNER = "no relationship owner"
TIER = "{tier} donor"
RECORD = "CRM record"
WARNING = "⚠️ "
MORE_WARNINGS = "and {count} more in the CRM"
MOST_WARNINGS = 8


def donor_blocks(donor: DonorHeader, title: str, *, decider: str | None = None) -> list[Block]:
    """Return the heading of a card; *title* has a place for the donor's {name}.

    With *decider*, the card says who decides, so that the household and an owner of that name stay unsaid.
    """
    blocks = [header(title.format(name=name(donor.name, 90)))]
    if donor.warnings:
        blocks.append(rich(paragraph(leaf(WARNING), *dated(_warnings(donor), bold=True))))
    blocks.append(standing(donor, decider))
    return blocks


def _warnings(donor: DonorHeader) -> str:
    shown = [isolated(clip(one_line(text), 120)) for text in donor.warnings[:MOST_WARNINGS]]
    if len(donor.warnings) > MOST_WARNINGS:
        shown.append(MORE_WARNINGS.format(count=len(donor.warnings) - MOST_WARNINGS))
    return " · ".join(shown)


def standing(donor: DonorHeader, decider: str | None = None) -> Block:
    """Return tier, stage, household and owner, and the way to the record."""
    parts = [words(donor.stage)]
    if donor.tier:
        parts.insert(0, TIER.format(tier=words(donor.tier)))
    if donor.household_name and decider is None:
        parts.append(name(donor.household_name, 60))
    if not donor.owner_name:
        parts.append(NO_OWNER)
    elif donor.owner_name != decider:
        parts.append(OWNER.format(name=name(donor.owner_name, 60)))
    block = fine_print(" · ".join(parts))
    if url := safe_url(donor.record_url):
        block["elements"].append({"type": "mrkdwn", "text": f"<{escape(url)}|{RECORD}>", "verbatim": True})
    return block
