"""Thanks for an opinion, and the question what was wrong: one choice, and nobody has to."""

from __future__ import annotations

from bot.slack import ids
from bot.slack.blocks import Message, actions, leaf, menu, option, paragraph, rich, said
from bot.slack.text import for_notification
from handlers.outcomes import FeedbackAsked
from policy.feedback import FEEDBACK_WORDS

CHOOSE = "Say why, if you like"


def feedback_message(asked: FeedbackAsked) -> Message:
    """Return the thanks with a menu of reasons."""
    blocks = [rich(paragraph(*said(asked.text, 300), leaf(" "), *said(asked.question, 300)))]
    if ids.is_opaque(asked.answer_id):
        choices = [
            option(words, ids.joined(code.value, asked.answer_id)) for code, words in FEEDBACK_WORDS.items()
        ]
        blocks.append(actions(f"cs:why:{asked.answer_id}", menu(CHOOSE, ids.FEEDBACK_REASON, choices)))
    return Message(for_notification(asked.text), blocks)
