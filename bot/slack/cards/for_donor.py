"""An account for a donor, to be copied into a letter or an e-mail."""

from __future__ import annotations

from bot.slack.blocks import Message, bullets, fine_print, header, leaf, paragraph, rich, said, titled
from bot.slack.text import for_notification, name
from bot.slack.when import on_day
from handlers.outcomes import ForDonorShown

TITLE = "For {name}: what we did and why"
NOTIFICATION = "An account for {name}"
INTRODUCTION = "{organisation}, {day}. What was suggested and done about you with the help of software:"
ABOUT = "About this software"
FINE_PRINT = "Read it before you pass it on. Made without AI from the audit record. Reference {reference}"
MORE = "and {count} more, in the access export that compliance can make"
NOTHING = "Nothing was suggested or done."
MOST_LINES = 12


def for_donor_message(shown: ForDonorShown) -> Message:
    """Return the account as a message."""
    introduction = INTRODUCTION.format(organisation=shown.organisation, day=on_day(shown.as_of))
    lines = [said(line, 600) for line in shown.told[:MOST_LINES] or (NOTHING,)]
    if len(shown.told) > MOST_LINES:
        lines.append([leaf(MORE.format(count=len(shown.told) - MOST_LINES))])
    about = [titled(ABOUT, bullets([said(line, 400) for line in shown.disclosure[:6]]))]
    blocks = [
        header(TITLE.format(name=name(shown.donor_name))),
        rich(paragraph(*said(introduction, 400)), bullets(lines)),
        *(about if shown.disclosure else []),
        fine_print(FINE_PRINT.format(reference=shown.reference)),
    ]
    return Message(for_notification(NOTIFICATION.format(name=name(shown.donor_name))), blocks)
