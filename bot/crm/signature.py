"""Signatures as Standard Webhooks defines them, checked with keys that are read once."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping, Sequence
from math import floor

TOLERANCE_S = 300
_PREFIX = "whsec_"
_VERSION = "v1"


class Signatures:
    """Tells what was signed with one of *secrets* ("whsec_" and base64); *now* returns seconds since 1970.

    A secret that cannot be read, or says nothing, matches nothing.
    """

    def __init__(self, secrets: Sequence[str], now: Callable[[], float]) -> None:
        self._keys = tuple(key for key in map(signing_key, secrets) if key)
        self._now = now

    def match(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Say whether *body* carries a signature of ours made within the last or next five minutes.

        *headers* have lower-case names.
        """
        message_id, moment = headers.get("webhook-id"), _moment(headers.get("webhook-timestamp", ""))
        given = _given(headers.get("webhook-signature", ""))
        if not message_id or moment is None or not given or abs(self._now() - moment) > TOLERANCE_S:
            return False
        if not _is_text(body):
            return False
        signed = f"{message_id}.{floor(moment)}.".encode() + body
        for key in self._keys:
            ours = hmac.digest(key, signed, "sha256")
            if any(hmac.compare_digest(ours, each) for each in given):
                return True
        return False


def _is_text(body: bytes) -> bool:
    """Say whether it is UTF-8, which is all that can be signed."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def signing_key(secret: str) -> bytes:
    """Return what *secret* signs with; nothing for one that cannot be read."""
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX) + "==")  # which may lack its padding
    except ValueError:
        return b""


def _moment(text: str) -> float | None:
    try:
        seconds = float(text)
        floor(seconds)
    except (ValueError, OverflowError):  # no number, or none that is a moment
        return None
    return seconds


def _given(header: str) -> list[bytes]:
    """Return the signatures of our version; a sender that is changing its secret gives several."""
    found = []
    for each in header.split(" "):
        version, _, signature = each.partition(",")
        if version == _VERSION:
            try:
                found.append(binascii.a2b_base64(signature))
            except ValueError:
                continue
    return found
