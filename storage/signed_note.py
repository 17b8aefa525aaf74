"""Signed notes and tree checkpoints as C2SP writes them: text that anybody can verify with a public key."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\x01"
_SIGNATURE = "— "
_ID_BYTES = 4


class NoteInvalidError(ValueError):
    """The text is no signed note, or no checkpoint."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under; spelled "name+id+key" in a vkey file."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of the key's hash, by which a signature names it."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        """Spell it as a vkey."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read a vkey. Raises NoteInvalidError."""
        try:
            name, key_id, encoded = text.strip().split("+", 2)
            decoded = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise NoteInvalidError("not a verifier key") from None
        key = cls(name, decoded[1:])
        if decoded[:1] != _ED25519 or len(key.public) != 32 or key.key_id.hex() != key_id:
            raise NoteInvalidError("not an Ed25519 verifier key, or one that was altered")
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note's *text*, which ends with a line break, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> SignedNote:
        """Take a note apart. Raises NoteInvalidError."""
        text, blank, signed = note.rpartition("\n\n")
        lines = signed.splitlines()
        if not blank or not lines or not signed.endswith("\n"):
            raise NoteInvalidError("no signatures")
        return cls(text + "\n", tuple(map(_signature, lines)))

    def signers(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """Return those of *keys* whose signature is there and right."""
        return [key for key in keys if any(self._is_by(key, each) for each in self.signatures)]

    def _is_by(self, key: VerifierKey, signature: Signature) -> bool:
        if (signature.name, signature.key_id) != (key.name, key.key_id):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature.signature, self.text.encode())
        except InvalidSignature:
            return False
        return True


def sign(text: str, signers: Iterable[tuple[str, Ed25519PrivateKey]]) -> str:
    """Return *text*, which ends with a line break, as a note signed under each name."""
    lines = []
    for name, private in signers:
        key = VerifierKey(name, private.public_key().public_bytes_raw())
        signature = base64.b64encode(key.key_id + private.sign(text.encode())).decode()
        lines.append(f"{_SIGNATURE}{name} {signature}\n")
    return f"{text}\n{''.join(lines)}"


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_SIGNATURE).partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        decoded = b""
    if not line.startswith(_SIGNATURE) or not name or len(decoded) <= _ID_BYTES:
        raise NoteInvalidError("a signature line cannot be read")
    return Signature(name, decoded[:_ID_BYTES], decoded[_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint states: the log's name, how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> TreeHead:
        """Read a checkpoint's text. Raises NoteInvalidError."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or not lines[1].isascii() or not lines[1].isdecimal():
            raise NoteInvalidError("not a checkpoint")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except (ValueError, binascii.Error):
            raise NoteInvalidError("not a checkpoint") from None
        if len(root) != hashlib.sha256().digest_size or str(int(lines[1])) != lines[1]:
            raise NoteInvalidError("not a checkpoint")
        return cls(lines[0], int(lines[1]), root)


def notes_in(text: str) -> list[str]:
    """Return the notes of a file that holds several, one after the other."""
    notes: list[str] = []
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        signs = line.startswith(_SIGNATURE)
        if lines and lines[-1].startswith(_SIGNATURE) and not signs:
            notes.append("".join(lines))
            lines = []
        if lines or line.strip():
            lines.append(line)
    return [*notes, "".join(lines)] if lines else notes
