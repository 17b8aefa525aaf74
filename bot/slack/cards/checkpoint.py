"""An audit checkpoint in Slack: text that anybody can copy and verify, kept where no database reaches."""

from __future__ import annotations

from bot.slack.blocks import Message, fine_print, leaf, paragraph, rich
from handlers.outcomes import CheckpointShown

TITLE = "Audit checkpoint: {size} entries"
WHY = (
    "Kept here so that a log rewritten later can be told from this one. Nothing needs to be done. To "
    "compare, save the lines above into a file and run: countersign audit verify --checkpoints FILE"
)


def checkpoint_message(shown: CheckpointShown) -> Message:
    """Return the checkpoint as a message, its text exactly as it was signed."""
    title = TITLE.format(size=f"{shown.size:,}")
    # Line breaks are part of what was signed; nothing else unprintable can be in a note of ours.
    signed = "".join(char for char in shown.note if char == "\n" or char.isprintable())
    note = {"type": "rich_text_preformatted", "elements": [leaf(signed or " ")]}
    return Message(title, [rich(paragraph(leaf(title, bold=True)), note), fine_print(WHY)])
