"""Reading a prompt and its hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

_PACKAGE = "bot.assistant.prompts"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt; *version* is its file's version and the first half of the SHA-256 of its bytes."""

    name: str
    version: str
    text: str


def read_prompt(name: str, version: str) -> Prompt:
    """Read `prompts/<name>.<version>.md`; FileNotFoundError when there is none."""
    raw = resources.files(_PACKAGE).joinpath(f"{name}.{version}.md").read_bytes()
    return Prompt(name, f"{version}+{hashlib.sha256(raw).hexdigest()[:32]}", raw.decode())
