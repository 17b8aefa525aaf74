"""What Countersign can do, also for somebody who typed something it does not know."""

from __future__ import annotations

from bot.slack.blocks import Message, bullets, fine_print, header, leaf, paragraph, rich
from bot.slack.text import clip, isolated, one_line
from handlers.outcomes import HelpShown

TITLE = "What I can do"
NOTIFICATION = "What Countersign can do"
UNKNOWN = "I did not understand “{text}”."
COMMANDS = (
    ("/donor Jane Doe", "a short summary with sources, before a meeting or a call"),
    ("/donor timeline Jane Doe", "the recent gifts, meetings and messages alone"),
    ("/donor next Jane Doe", "one recommended next step, why that one, and what else was considered"),
    ("/donor why Jane Doe", "which rule spoke and on which facts; a card's reference works too"),
    ("/donor why --for-donor Jane Doe", "an account of it that you can pass on to the donor"),
    ("/donor policy", "the rules in force, as a table, and what is paused"),
    ("/donor queue", "the decisions that wait for you; the same as in the app's Home tab"),
    ("/donor pause", "what is paused now; admins and compliance can pause, admins resume"),
    ("/donor away until Friday delegate @sam", "who decides while you are away; “/donor back” ends it"),
    (
        "/donor pulse off",
        "ends the one question a month about how far you trust me; “on” brings it back",
    ),
    ("/donor practice", "made-up decisions to learn on; with “drills on”, among your real ones"),
    ("/donor cleanup", "the records that were sent back and wait to be put right"),
    ("/donor dashboard", "for managers: all figures in the browser, by a link for you alone"),
    ("/donor digest now override", "for managers: adoption, override, outcomes or operations"),
    ("/donor help", "this text"),
)
SHORTCUT = "Somebody wrote about a donor? Use “Triage for a donor” on the message (the three dots)."
ALSO = "A name, an e-mail address or a donor id all work. You can also write to me in a direct message."
ASK_ON = "Ask on in the thread of a summary: “When was the last gift?”, “May we call?”, “What is still owed?”"
DECISIONS = (
    "When something in the CRM needs your judgement, I post a card. "
    "Nothing is written to the CRM before a person approves it."
)
PRIVATE = "Answers are shown to you alone until you share them."


def help_message(shown: HelpShown) -> Message:
    """Return the help text."""
    blocks = [header(TITLE)]
    if shown.unknown:
        unknown = UNKNOWN.format(text=isolated(clip(one_line(shown.unknown), 200)))
        blocks.append(rich(paragraph(leaf(unknown, bold=True))))
    commands = [
        [{"type": "text", "text": command, "style": {"code": True}}, leaf(f"  {what}")]
        for command, what in COMMANDS
    ]
    blocks += [
        rich(bullets(commands)),
        rich(paragraph(leaf(ALSO))),
        rich(paragraph(leaf(ASK_ON))),
        rich(paragraph(leaf(SHORTCUT))),
        rich(paragraph(leaf(DECISIONS))),
    ]
    return Message(NOTIFICATION, [*blocks, fine_print(PRIVATE)])
