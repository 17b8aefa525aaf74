"""One spelling per value: RFC 8785 JSON and the digests taken over it."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785
from pydantic import BaseModel


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a pydantic model or of plain JSON data; no floats."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return rfc8785.dumps(plain)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON as lower-case hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()
