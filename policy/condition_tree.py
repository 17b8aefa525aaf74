"""A condition as a tree, for whoever explains one or tries small changes on it; the engine alone decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policy.expression_tokens import Token, tokens

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_SUMS = frozenset({"+", "-"})
_PRODUCTS = frozenset({"*", "/", "%"})


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a condition.

    *kind* is "or", "and", "not", "name", "text", "number", "list", "call", a comparison or an arithmetic
    sign; *text* is what it reads in the condition, *parts* are what it is made of.
    """

    kind: str
    text: str
    parts: tuple[Node, ...] = ()

    def walk(self) -> list[Node]:
        """Return the node and everything under it."""
        return [self, *(below for part in self.parts for below in part.walk())]


class NotUnderstood(ValueError):
    """The condition uses a form that is not taken apart here; it may be valid all the same."""


def read_condition(text: str) -> Node:
    """Take a condition apart; raises NotUnderstood."""
    reader = _Reader(text)
    node = reader.either()
    if reader.word is not None:
        raise NotUnderstood(text)
    return node


class _Reader:
    """One method per level of precedence, the weakest first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words = tokens(text)
        self._at = 0

    @property
    def word(self) -> Token | None:
        return self._words[self._at] if self._at < len(self._words) else None

    def either(self) -> Node:
        return self._joined("||", "or", self._both)

    def _both(self) -> Node:
        return self._joined("&&", "and", self._comparison)

    def _joined(self, sign: str, kind: str, read: Callable[[], Node]) -> Node:
        start, parts = self._start(), [read()]
        while self._take(sign):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Node(kind, self._since(start), tuple(parts))

    def _comparison(self) -> Node:
        start, left = self._start(), self._sum()
        if self.word is not None and self.word.text in _COMPARISONS:
            sign = self._next().text
            right = self._sum()
            return Node(sign, self._since(start), (left, right))
        return left

    def _sum(self) -> Node:
        return self._arithmetic(_SUMS, self._product)

    def _product(self) -> Node:
        return self._arithmetic(_PRODUCTS, self._unary)

    def _arithmetic(self, signs: frozenset[str], read: Callable[[], Node]) -> Node:
        start, node = self._start(), read()
        while self.word is not None and self.word.text in signs:
            sign = self._next().text
            node = Node(sign, "", (node, read()))
            node = Node(sign, self._since(start), node.parts)
        return node

    def _unary(self) -> Node:
        start = self._start()
        if self._take("!"):
            inner = self._unary()
            return Node("not", self._since(start), (inner,))
        return self._primary()

    def _primary(self) -> Node:
        start, word = self._start(), self._next()
        if word.text == "(":
            inner = self.either()
            self._expect(")")
            return self._called(inner, start)
        if word.text == "[":
            return Node("list", "", self._items("]"))
        if word.kind not in ("name", "text", "number"):
            raise NotUnderstood(self._text)
        return self._called(Node(word.kind, word.text), start)

    def _called(self, node: Node, start: int) -> Node:
        """Read the arguments of a function or method; `donor.tags.exists` comes as one name."""
        while self.word is not None and self.word.text in ("(", "."):
            if self._next().text == ".":
                method = self._next()
                node = Node("name", method.text, (node,))
                continue
            node = Node("call", "", (node, *self._items(")")))
            node = Node("call", self._since(start), node.parts)
        return node

    def _items(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while not self._take(end):
            items.append(self.either())
            if not self._take(","):
                self._expect(end)
                break
        return tuple(items)

    def _start(self) -> int:
        return self.word.start if self.word is not None else len(self._text)

    def _since(self, start: int) -> str:
        last = self._words[self._at - 1]
        return self._text[start : last.start + len(last.text)]

    def _next(self) -> Token:
        word = self.word
        if word is None:
            raise NotUnderstood(self._text)
        self._at += 1
        return word

    def _take(self, sign: str) -> bool:
        if self.word is not None and self.word.text == sign and self.word.kind != "text":
            self._at += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise NotUnderstood(self._text)
