"""Pages as nested values: every text is escaped where it is put, so that none can be forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_VOID = frozenset({"meta", "link", "input", "br", "rect", "line"})


class Markup(str):
    """A piece of a page that is markup already."""

    __slots__ = ()


def el(
    tag: str, /, *parts: Markup | str | Iterable[Markup] | None, **attributes: str | bool | None
) -> Markup:
    """Return an element; `class_` and `for_` are written without the underscore, `aria_label` with a dash."""
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{written}>" if tag not in ("rect", "line") else f"<{tag}{written}/>")
    return Markup(f"<{tag}{written}>{''.join(map(_text, parts))}</{tag}>")


def _attribute(name: str, value: str | bool | None) -> str:  # noqa: FBT001 - as HTML has them
    if value is None or value is False:
        return ""
    spelled = name.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{escape(value, quote=True)}"'


def _text(part: Markup | str | Iterable[Markup] | None) -> str:
    if part is None:
        return ""
    if isinstance(part, Markup):
        return str(part)
    return escape(part, quote=False) if isinstance(part, str) else "".join(map(_text, part))
