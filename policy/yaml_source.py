"""A YAML text as plain data and where each part of it stands; strict about what YAML leaves loose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

LONGEST_TEXT = 200_000
DEEPEST_NESTING = 20
_TIMESTAMP, _BOOL, _INT = (f"tag:yaml.org,2002:{kind}" for kind in ("timestamp", "bool", "int"))
_HINTS = {
    "cannot start any token": "indent with spaces, not with tabs",
    "found a tab": "indent with spaces, not with tabs",
    "mapping values are not allowed": "put the whole text in double quotes: it has a colon in it",
    "another document": "one file holds one document: leave out ---",
    "could not determine a constructor": "leave out the !tag",
}


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the text, counted from 1."""

    line: int
    column: int


class YamlInvalidError(ValueError):
    """The text is no usable YAML: *message* in plain words, at *position*, with a *suggestion* or nothing."""

    def __init__(self, message: str, position: Position, suggestion: str = "") -> None:
        super().__init__(message)
        self.message, self.position, self.suggestion = message, position, suggestion


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml where there is one
    """The safe loader with the plain values of YAML 1.2: dates, yes, no and 010 are text.

    So every value has an exact JSON spelling, and none is something else than it looks like.
    """


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag not in (_TIMESTAMP, _BOOL, _INT)]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver(_INT, re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))


@dataclass(frozen=True, slots=True)
class YamlSource:
    """Parsed YAML: its *data* and, by path, the positions of its parts."""

    text: str
    data: Any
    root: yaml.Node | None

    def position(self, path: Sequence[str | int], *, of_key: bool = False) -> Position:
        """Return where *path* stands, or its nearest parent that is in the text."""
        node, key = self._find(path)
        return _position((key if of_key and key is not None else node).start_mark) if node else Position(1, 1)

    def inside(self, path: Sequence[str | int], word: str, line: int, column: int) -> Position:
        """Return where *word* stands in the text at *path*, or else *line* and *column* of that text."""
        node, _ = self._find(path)
        if node is None:
            return Position(1, 1)
        raw = self.text[node.start_mark.index : node.end_mark.index]
        offset = raw.find(word) if word else -1
        if offset < 0 and line == 1 and "\n" not in raw.rstrip():
            offset = column - 1 + (1 if raw[:1] in ("'", '"') else 0)
        if offset < 0:
            return _position(node.start_mark)
        before = self.text[: node.start_mark.index + offset]
        return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))

    def _find(self, path: Sequence[str | int]) -> tuple[yaml.Node | None, yaml.Node | None]:
        node, key = self.root, None
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            node, key = found
        return node, key


def read_yaml(text: str) -> YamlSource:
    """Read one YAML document; raises YamlInvalidError."""
    if len(text) > LONGEST_TEXT:
        raise YamlInvalidError(f"the text is longer than {LONGEST_TEXT} characters", Position(1, 1))
    try:
        _refuse_loose_yaml(text)
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise YamlInvalidError("there is nothing in it", Position(1, 1))
        _refuse_duplicates(root)
        return YamlSource(text, loader.construct_document(root), root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"this is not valid YAML: {error.problem}"
        raise YamlInvalidError(message, _position(mark), _hint(error.problem or "")) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, YamlInvalidError):
            raise
        raise YamlInvalidError("this is not valid YAML", Position(1, 1)) from None


def _refuse_loose_yaml(text: str) -> None:
    """Refuse, before anything is built from it, what can make a short text large or slow."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise YamlInvalidError(
                "aliases (*name) are not used here: spell it out", _position(event.start_mark)
            )
        anchor = getattr(event, "anchor", None)
        if anchor:
            message = f"anchors (&{anchor}) are not used here: leave it out"
            raise YamlInvalidError(message, _position(event.start_mark))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_NESTING:
            raise YamlInvalidError("this is nested too deeply", _position(event.start_mark))


def _hint(problem: str) -> str:
    return next((hint for part, hint in _HINTS.items() if part in problem), "")


def _refuse_duplicates(node: yaml.Node) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                raise YamlInvalidError(f"{key.value} appears twice", _position(key.start_mark))
            seen.add(str(key.value))
            _refuse_duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item)


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node, yaml.Node | None] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return value, key
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], None
    return None


def _position(mark: Any) -> Position:
    return Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)


def not_utf8(name: str, error: UnicodeDecodeError) -> str:
    """Say where the bytes of the file called *name* stop being text, and what to do."""
    before = bytes(error.object[: error.start])
    line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
    return f"{name}:{line}:{column}: this is not UTF-8 text (save the file as UTF-8)"
