"""Reading a prompt and its hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

_PACKAGE = "bot.assistant.prompts"
_GUARD = "guard.v1.md"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt; *version* is its file's version and the first half of the SHA-256 of its bytes.

    *text* ends with the guard that every prompt has, in which `{mark}` and `{code_word}` are left open.
    """

    name: str
    version: str
    text: str

    def guarded(self, *, mark: str, code_word: str) -> str:
        """Return the prompt for one request, whose untrusted texts carry *mark*."""
        return self.text.replace("{mark}", mark).replace("{code_word}", code_word)


def read_prompt(name: str, version: str) -> Prompt:
    """Read `prompts/<name>.<version>.md`; FileNotFoundError when there is none."""
    folder = resources.files(_PACKAGE)
    raw = folder.joinpath(f"{name}.{version}.md").read_bytes() + b"\n" + folder.joinpath(_GUARD).read_bytes()
    return Prompt(name, f"{version}+{hashlib.sha256(raw).hexdigest()[:32]}", raw.decode())


def prompt_in_version(name: str, version: str) -> Prompt | None:
    """Return the prompt whose whole version, with its hash, is *version*; None when it is not shipped."""
    try:
        found = read_prompt(name, version.partition("+")[0])
    except (FileNotFoundError, ValueError):
        return None
    return found if found.version == version else None
