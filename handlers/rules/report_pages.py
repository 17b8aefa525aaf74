"""The whole report on a proposed change, for the thread of its card: messages that leave nothing out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from handlers.outcomes import PolicyReportPage, PolicyReportShown

LINES, CHARACTERS = 40, 6_000
"""What one message holds at most, well within what Slack shows without cutting."""

CONTINUED = " (continued)"

Part = tuple[str, tuple[str, ...]]


def report_pages(shown: PolicyReportShown) -> tuple[PolicyReportPage, ...]:
    """Return the report message by message; a part that goes on in the next message says so."""
    pages = list(_filled(piece for part in shown.parts for piece in _pieces(part)))
    return tuple(
        PolicyReportPage(
            title=shown.title, parts=parts, number=number, of=len(pages), reference=shown.reference
        )
        for number, parts in enumerate(pages, 1)
    )


def _pieces(part: Part) -> Iterator[Part]:
    """Yield a part in pieces that fit into a message each."""
    title, lines = part
    piece: tuple[str, ...] = ()
    for line in lines:
        if piece and not _fits([(title, (*piece, line))]):
            yield title, piece
            title, piece = f"{part[0]}{CONTINUED}", ()
        piece = (*piece, line)
    yield title, piece


def _filled(pieces: Iterable[Part]) -> Iterator[tuple[Part, ...]]:
    page: tuple[Part, ...] = ()
    for piece in pieces:
        if page and not _fits([*page, piece]):
            yield page
            page = ()
        page = (*page, piece)
    if page:
        yield page


def _fits(parts: list[Part]) -> bool:
    texts = [text for title, lines in parts for text in (title, *lines)]
    return len(texts) <= LINES and sum(map(len, texts)) <= CHARACTERS
