"""The monthly question in direct messages: one press answers it, and nobody has to."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import Message, actions, button, confirmation, fine_print, leaf, paragraph, rich, said
from bot.slack.text import for_notification
from handlers.outcomes import PulseAsked
from policy.pulse import SCALE

TITLE = "One question"
SKIP, NEVER = "Skip", "Don’t ask again"
NEVER_TITLE = "Not ask again?"
NEVER_TEXT = "You get this question no more. /donor pulse on brings it back."
NEVER_YES, KEEP = "Don’t ask again", "Keep asking"
HOW = "Once a month at most. Managers see sums of five answers or more, and never who answered what."


def pulse_message(asked: PulseAsked) -> Message:
    """Return the question with its answers."""
    blocks = [rich(paragraph(leaf(f"{TITLE}: ", bold=True), *said(asked.question, 300)))]
    if ids.is_opaque(asked.pulse_id):
        about = asked.pulse_id
        answers = [
            button(words, f"{ids.PULSE}:{value}", ids.joined(str(value), about))
            for value, words in SCALE.items()
        ]
        sure = confirmation(NEVER_TITLE, NEVER_TEXT, NEVER_YES, KEEP)
        others = [
            button(SKIP, f"{ids.PULSE}:skip", ids.joined("skip", about)),
            button(NEVER, f"{ids.PULSE}:never", ids.joined("never", about), confirm=sure),
        ]
        blocks += [actions(f"cs:pulse:{about}", *answers), actions(f"cs:pulse_no:{about}", *others)]
    return Message(for_notification(f"{TITLE}: {asked.question}"), [*blocks, fine_print(HOW)])
