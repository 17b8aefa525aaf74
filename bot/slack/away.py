"""Reading "away until Friday delegate @sam": days in words, the delegate as Slack names them or as typed."""

from __future__ import annotations

import re

from bot.slack.text import one_line, unescape
from handlers.commands import AwayRequested, BackRequested, ChatUser, ReplyAddress

LONGEST = 200
MOST_MENTIONS = 3
_VERB = re.compile(
    r"\s*(?:<@[^>]*>[\s,:]*)?(?P<verb>away|back)\b[\s,:;]*(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_USER = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:mailto:|https?://)?([^|>]*)(?:\|([^>]*))?>")
_DELEGATE = re.compile(
    r"\b(?:delegate[sd]?|delegating|deputy|cover(?:ed)? by)\b[\s:]*(?:to\b|is\b|by\b)?\s*", re.IGNORECASE
)
_NAME = re.compile(
    r"\s*(?P<name>.*?)\s*(?=$|[,;]|\b(?:from|until|till|til|through|thru|for|starting|on)\b)(?P<rest>.*)",
    re.IGNORECASE,
)
_AT_NAME = re.compile(r"(?<!\w)@(?P<name>[\w.\-]+)")


def absence_request(text: str, by: ChatUser, reply_to: ReplyAddress) -> AwayRequested | BackRequested | None:
    """Read what was typed as a request about being away; None when it is about something else."""
    found = _VERB.fullmatch(text)
    if found is None:
        return None
    rest = found["rest"]
    if found["verb"].casefold() == "back":
        # Somebody may be called Back: only the bare word ends an absence.
        return None if rest.strip() else BackRequested(by=by, reply_to=reply_to)
    mentioned = tuple(dict.fromkeys(_USER.findall(rest)))[:MOST_MENTIONS]
    words = _plain(_USER.sub(" ", rest))
    words, name = _without_delegate(words)
    return AwayRequested(
        words=words[:LONGEST],
        delegates=mentioned,
        delegate_name="" if mentioned else name[:LONGEST],
        by=by,
        reply_to=reply_to,
    )


def _plain(text: str) -> str:
    return one_line(unescape(_LINK.sub(lambda link: link.group(2) or link.group(1), text))).strip()


def _without_delegate(words: str) -> tuple[str, str]:
    """Return the words about time, and the name of the delegate as it was typed."""
    before, found, after = _partition(words)
    if found:
        named = _NAME.match(after)
        name, rest = (named["name"], named["rest"]) if named else ("", after)
        return _joined(before, rest), name.strip(" @,;.")
    at_name = _AT_NAME.search(words)
    if at_name is None:
        return words, ""
    return _joined(words[: at_name.start()], words[at_name.end() :]), at_name["name"]


def _partition(words: str) -> tuple[str, str, str]:
    found = _DELEGATE.search(words)
    return (words[: found.start()], found.group(), words[found.end() :]) if found else (words, "", "")


def _joined(*parts: str) -> str:
    return " ".join(part.strip(" ,;") for part in parts if part.strip(" ,;"))
