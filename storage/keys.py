"""Keys: one secret per donor, wrapped by a master key that never lies in the database."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import StorageError

SECRET_BYTES = 32
NONCE_BYTES = 12
# Reading the whole log meets every donor again and again; with fewer than all of them, none is found.
_REMEMBERED = 32_768


class MasterKeyMissingError(StorageError):
    """The database is encrypted and was opened without the master key."""

    def __init__(self) -> None:
        super().__init__("master_key_missing")


class MasterKeyWrongError(StorageError):
    """The master key given is not the one that the database was encrypted with, which *wanted* names."""

    def __init__(self, wanted: Iterable[str] = ()) -> None:
        super().__init__("master_key_wrong")
        self.wanted = tuple(wanted)


@dataclass(frozen=True, slots=True, repr=False)
class SubjectKey:
    """What one donor's payloads are encrypted and committed to with; *secret* is 32 random bytes."""

    secret: bytes
    _cipher: AESGCM = field(compare=False)

    @classmethod
    def of(cls, secret: bytes) -> SubjectKey:
        """Derive the cipher; the secret itself encrypts nothing."""
        return cls(secret, AESGCM(hmac.digest(secret, b"countersign payload encryption", "sha256")))

    def commitment_key(self, entry_id: str) -> bytes:
        """Return the key of one entry's commitment: handing it out proves that payload and opens no other."""
        return hmac.digest(self.secret, b"countersign commitment " + entry_id.encode(), "sha256")

    def encrypt(self, payload: bytes, nonce: bytes, entry_id: str, subject_ref: str) -> bytes:
        """Return nonce and ciphertext, bound to the entry and the subject they belong to."""
        return nonce + self._cipher.encrypt(nonce, payload, _bound_to(entry_id, subject_ref))

    def decrypt(self, stored: bytes, entry_id: str, subject_ref: str) -> bytes | None:
        """Return the payload; None when these bytes are not what was encrypted for this entry."""
        nonce, ciphertext = stored[:NONCE_BYTES], stored[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, _bound_to(entry_id, subject_ref))
        except (InvalidTag, ValueError):
            return None


def _bound_to(entry_id: str, subject_ref: str) -> bytes:
    return f"{entry_id}\n{subject_ref}".encode()


class KeyRing:
    """The master key in use and, while it is being replaced, those before it.

    Unwrapped secrets are remembered for as long as the process lives, because every append needs one.
    """

    def __init__(self, current: bytes, previous: Sequence[bytes] = ()) -> None:
        self._masters = {master_id(key): AESGCM(key) for key in (current, *previous)}
        self.current_id = master_id(current)
        self._opened: dict[bytes, SubjectKey] = {}

    def __repr__(self) -> str:
        """Name the key in use without showing it."""
        return f"KeyRing({self.current_id})"

    def holds(self, key_id: str) -> bool:
        """Say whether what is wrapped by the master key with that id can be opened."""
        return key_id in self._masters

    def wrap(self, secret: bytes, about: str, entropy: Callable[[int], bytes]) -> bytes:
        """Encrypt *secret* under the master key in use, bound to what it is *about*."""
        nonce = entropy(NONCE_BYTES)
        return nonce + self._masters[self.current_id].encrypt(nonce, secret, about.encode())

    def unwrap(self, wrapped: bytes, key_id: str, about: str) -> bytes:
        """Return the secret. Raises MasterKeyWrongError."""
        master = self._masters.get(key_id)
        if master is None:
            raise MasterKeyWrongError
        try:
            return master.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError):
            pass
        raise MasterKeyWrongError

    def subject(self, wrapped: bytes, key_id: str, subject_ref: str) -> SubjectKey:
        """Return a donor's key. Raises MasterKeyWrongError."""
        known = self._opened.get(wrapped)
        if known is None:
            known = SubjectKey.of(self.unwrap(wrapped, key_id, subject_ref))
            if len(self._opened) >= _REMEMBERED:
                self._opened.clear()
            self._opened[wrapped] = known
        return known

    def forget(self, wrapped: bytes) -> None:
        """Drop an erased donor's key from memory."""
        self._opened.pop(wrapped, None)


def master_id(key: bytes) -> str:
    """Return the short public name of a master key."""
    return hashlib.sha256(b"countersign master key " + key).hexdigest()[:16]
