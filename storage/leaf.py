"""The canonical leaf of an audit entry and the hashes over it; neither tells anything about a donor."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from policy.canonical import canonical_json, quickly_spelled
from storage.errors import AuditPayloadError

VERSION = 2
"""Version 1 committed to a payload with the subject's key itself, version 2 with a key of the entry's own."""
GENESIS = bytes(32)
"""What stands before the first entry of the chain."""

_NEEDS_NO_ESCAPE = re.compile(r"[ !#-\[\]-~]*")


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

    def leaf(self, version: int = VERSION) -> bytes:
        """Return the RFC 8785 JSON that is hashed, the time in UTC with microseconds."""
        return spelled(
            self.id,
            moment(self.at),
            self.kind,
            self.correlation_id,
            self.subject_ref,
            self.actor,
            self.commitment,
            version,
        )


def moment(at: datetime) -> str:
    """Return a time as leaves spell it."""
    spelled_out = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat(timespec="microseconds")
    return f"{spelled_out[:26]}Z"


def spelled(
    entry_id: str,
    at: str,
    kind: str,
    correlation_id: str,
    subject_ref: str | None,
    actor: str,
    commitment: str,
    version: int,
) -> bytes:
    """Return the RFC 8785 JSON of a leaf; written out here because every entry passes it twice."""
    if _NEEDS_NO_ESCAPE.fullmatch(f"{actor}{at}{commitment}{correlation_id}{entry_id}{kind}{subject_ref}"):
        ref = "null" if subject_ref is None else f'"{subject_ref}"'
        return (
            f'{{"actor":"{actor}","at":"{at}","commitment":"{commitment}",'
            f'"correlation_id":"{correlation_id}","id":"{entry_id}","kind":"{kind}",'
            f'"subject_ref":{ref},"v":{version}}}'
        ).encode("ascii")
    fields = {
        "id": entry_id,
        "at": at,
        "kind": kind,
        "correlation_id": correlation_id,
        "subject_ref": subject_ref,
        "actor": actor,
        "commitment": commitment,
        "v": version,
    }
    return canonical_json(fields)


def version_of(leaf: bytes) -> int:
    """Return which version of leaf these bytes claim to be."""
    return 1 if leaf.endswith(b'"v":1}') else VERSION


def leaf_hash(leaf: bytes) -> bytes:
    """Return the RFC 6962 hash of a leaf, over which the Merkle tree is laid."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def chain_hash(prev_hash: bytes, hash_of_leaf: bytes) -> bytes:
    """Return the hash of an entry that follows the one hashed as *prev_hash*."""
    return hashlib.sha256(prev_hash + hash_of_leaf).digest()


def commitment(key: bytes, payload: bytes) -> str:
    """Commit to a payload so that it cannot be guessed without the *key*."""
    return hmac.digest(key, payload, "sha256").hex()


def plain(payload: BaseModel | dict[str, Any]) -> dict[str, Any]:
    """Return an audit payload as JSON data."""
    return payload.model_dump(mode="json") if isinstance(payload, BaseModel) else payload


def payload_bytes(data: dict[str, Any]) -> bytes:
    """Return the RFC 8785 JSON of JSON data. Raises AuditPayloadError, which quotes nothing of it."""
    encoded = quickly_spelled(data)
    if encoded is not None:
        return encoded
    if _holds_float(data):
        raise AuditPayloadError("audit_payload_holds_float")
    encoded = _encode(data)
    if encoded is None:
        raise AuditPayloadError("audit_payload_not_json")
    return encoded


def _encode(data: Any) -> bytes | None:
    try:
        return canonical_json(data)
    except ValueError:  # the library's errors quote the value
        return None


def _holds_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_float, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_float, value))
    return isinstance(value, float)


def read_payload(payload: bytes) -> dict[str, Any]:
    """Return the JSON data of a stored payload."""
    decoded: dict[str, Any] = json.loads(payload)
    return decoded
