"""The canonical leaf of an audit entry and the hashes over it; neither tells anything about a donor."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from policy.canonical import canonical_json
from storage.errors import AuditPayloadError

VERSION = 1
GENESIS = bytes(32)
"""What stands before the first entry of the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What everybody may read of an entry for ever; *commitment* stands for the payload."""

    id: str
    at: datetime
    kind: str
    correlation_id: str
    subject_ref: str | None
    actor: str
    commitment: str

    def columns(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {
            "id": self.id,
            "at": self.at,
            "kind": self.kind,
            "correlation_id": self.correlation_id,
            "subject_ref": self.subject_ref,
            "actor": self.actor,
            "commitment": self.commitment,
        }

    def leaf(self) -> bytes:
        """Return the RFC 8785 JSON that is hashed, the time in UTC with microseconds."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return canonical_json(self.columns() | {"v": VERSION, "at": at})


def leaf_hash(leaf: bytes) -> bytes:
    """Return the RFC 6962 hash of a leaf, over which a Merkle tree can be laid."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def chain_hash(prev_hash: bytes, hash_of_leaf: bytes) -> bytes:
    """Return the hash of an entry that follows the one hashed as *prev_hash*."""
    return hashlib.sha256(prev_hash + hash_of_leaf).digest()


def commitment(key: bytes, payload: bytes) -> str:
    """Commit to a payload so that it cannot be guessed without the subject's *key*."""
    return hmac.new(key, payload, hashlib.sha256).hexdigest()


def payload_bytes(payload: BaseModel | dict[str, Any]) -> bytes:
    """Return the RFC 8785 JSON of an audit payload. Raises AuditPayloadError, which quotes nothing of it."""
    plain = payload.model_dump(mode="json") if isinstance(payload, BaseModel) else payload
    if _holds_float(plain):
        raise AuditPayloadError("audit_payload_holds_float")
    encoded = _encode(plain)
    if encoded is None:
        raise AuditPayloadError("audit_payload_not_json")
    return encoded


def _encode(plain: Any) -> bytes | None:
    try:
        return canonical_json(plain)
    except ValueError:  # the library's errors quote the value
        return None


def _holds_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_float(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_float(part) for part in value)
    return isinstance(value, float)


def read_payload(payload: bytes) -> dict[str, Any]:
    """Return the JSON data of a stored payload."""
    decoded: dict[str, Any] = json.loads(payload)
    return decoded
