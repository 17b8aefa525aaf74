"""Text of donors, colleagues and models made safe to show: it can say anything and do nothing."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
_JOINERS = "\u200c\u200d"
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_MAX_COMBINING = 6
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\s*\n\s*\n\s*")
# Texts are mostly of letters, figures and signs that need no look at each: what is not is found in one go.
_MAY_BE_PILED_UP = re.compile(f"[\u0300-\U0010ffff]{{{_MAX_COMBINING + 1}}}")
_MAY_RUN_LEFT = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufeff\U00010800-\U0001efff]")
_AMOUNT = re.compile(
    r"(?:(?:\b[A-Z]{1,3})?[$€£¥₹₩₪₽]|\b[A-Z]{3}[ \u00a0])\s?\d[\d.,'\u00a0\u202f]*"
    r"(?:\s?(?:[kKmM]|bn|thousand|million|billion)\b)?"
    r"|\b\d[\d.,'\u00a0\u202f]*\s?(?:[$€£¥₹₩₪₽]|[A-Z]{3}\b)"
)

UNSPOKEN = "A message from Countersign"
"""What a lock screen says when nothing of a text can be read aloud: Slack refuses a message without any."""


def plain(text: str) -> str:
    """Return *text* without control, zero-width and direction-changing characters; line breaks stay."""
    kept = text if _is_harmless(text) else _harmless(text)
    return _BLANK_LINES.sub("\n", _SPACES.sub(" ", kept)).strip()


def _is_harmless(text: str) -> bool:
    """Say whether *text* surely has nothing to remove; printable is what is neither control nor format."""
    return text.replace("\n", "").isprintable() and not _MAY_BE_PILED_UP.search(text)


def _harmless(text: str) -> str:
    kept: list[str] = []
    combining = 0
    for index, char in enumerate(text):
        category = unicodedata.category(char)
        combining = combining + 1 if category in ("Mn", "Me") else 0
        if char == "\n" or category in ("Zl", "Zp"):
            kept.append("\n")
        elif category in ("Zs", "Cc"):
            kept.append(" ")
        elif category not in ("Cf", "Cs"):
            if combining <= _MAX_COMBINING:
                kept.append(char)
        elif char in _JOINERS and _joins(text, index):
            kept.append(char)
    return "".join(kept)


def one_line(text: str) -> str:
    """Return *text* made `plain`, on one line."""
    return " ".join(plain(text).split())


def isolated(text: str) -> str:
    """Keep right-to-left text from reordering what stands around it."""
    if _MAY_RUN_LEFT.search(text) and any(
        unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text
    ):
        return f"{_ISOLATE}{text}{_END_ISOLATE}"
    return text


def mended(part: str) -> str:
    """Return a part of a longer text; where cutting has torn an isolation apart, it gets one of its own."""
    depth = 0
    for char in part:
        depth += (char == _ISOLATE) - (char == _END_ISOLATE)
        if depth < 0:
            break
    return part if depth == 0 else isolated(part.replace(_ISOLATE, "").replace(_END_ISOLATE, ""))


def clip(text: str, limit: int) -> str:
    """Return at most *limit* UTF-16 units of *text*, cut between characters as readers see them."""
    if _units(text) <= limit:
        return text
    end = 0
    units = 1
    while end < len(text) and units + _units(text[end]) <= limit:
        units += _units(text[end])
        end += 1
    while end > 0 and not _may_cut(text, end):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def pieces(text: str, limit: int) -> list[str]:
    """Take *text* apart into pieces of at most *limit* UTF-16 units that joined give it back exactly."""
    found: list[str] = []
    while _units(text) > limit:
        end = _fitting(text, limit)
        found.append(text[:end])
        text = text[end:]
    return [*found, text]


def _fitting(text: str, limit: int) -> int:
    """Return where to cut: never beside a space, which an input may lose, nor inside a character."""
    units = end = 0
    while units + _units(text[end]) <= limit:
        units += _units(text[end])
        end += 1
    cut = end
    while cut > 1 and (text[cut - 1].isspace() or text[cut].isspace() or not _may_cut(text, cut)):
        cut -= 1
    return cut if cut > 1 else end


def escape(text: str) -> str:
    """Escape *text* for mrkdwn and for the `text` of a message, so that it cannot link or mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Undo Slack's escaping of what somebody typed."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def name(text: str, limit: int = 80) -> str:
    """Return a person's name, safe to stand inside a sentence."""
    return isolated(clip(one_line(text), limit)) or "Unnamed"


def for_notification(text: str, limit: int = 240) -> str:
    """Return *text* for lock screens and screen readers: escaped, without amounts of money, never empty."""
    return escape(isolated(clip(_AMOUNT.sub("an amount", one_line(text)) or UNSPOKEN, limit)))


def words(code: str) -> str:
    """Spell one of our lower-case codes for people: "mid_level" as "Mid level"."""
    return code.replace("_", " ").capitalize()


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _joins(text: str, index: int) -> bool:
    before, after = text[index - 1 : index], text[index + 1 : index + 2]
    return all(
        side > "\x7f" and unicodedata.category(side)[0] in "LMS" for side in (before or " ", after or " ")
    )


def _may_cut(text: str, end: int) -> bool:
    following, preceding = text[end], text[end - 1]
    if preceding == "\u200d" or _extends(following):
        return False
    if _is_flag_half(following) and _is_flag_half(preceding):
        run = 0
        while run < end and _is_flag_half(text[end - 1 - run]):
            run += 1
        return run % 2 == 0
    return True


def _extends(char: str) -> bool:
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char in _JOINERS
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\u1160" <= char <= "\u11ff"
    )


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
