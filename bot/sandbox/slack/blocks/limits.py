"""The numbers of Block Kit."""

from __future__ import annotations

from typing import Literal

Surface = Literal["message", "modal", "home"]

MARKDOWN_CHARACTERS = 12_000
BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
PRIVATE_METADATA_CHARACTERS = 3000
