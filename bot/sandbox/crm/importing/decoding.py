"""Find out how an exported file is encoded, without holding it in memory."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.sandbox.crm.importing.report import UnusableExportError

_CHUNK: Final = 1 << 16
_SAMPLE: Final = 1 << 18
_SINGLE_BYTE: Final = {"cp1252": "Windows-1252", "cp1250": "Windows-1250", "mac_roman": "Mac Roman"}
_WORD_SIGNS: Final = "’‘“”–—…"
_WORKBOOK: Final = b"PK\x03\x04"
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec and its usual name; *repairs* says that stray single bytes are read as Windows-1252."""

    codec: str
    name: str
    repairs: bool = False


def detect(path: Path) -> Encoding:
    """The encoding of *path*: byte order mark, strict UTF-8, then the likeliest European single-byte one.

    A file that is UTF-8 but for some damaged characters stays UTF-8; those are read as Windows-1252.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if start.startswith((_WORKBOOK, _OLD_WORKBOOK)):
        raise UnusableExportError(
            f"{path.name} is an Excel workbook. Open it, save it as 'CSV UTF-8 (comma delimited)' "
            "and import again."
        )
    if marked := _by_mark(start):
        return marked
    valid, damaged = _utf8_evidence(path)
    if damaged == 0:
        return Encoding("utf-8", "UTF-8")
    if valid > damaged:
        return Encoding("utf-8", "UTF-8 with damaged characters", repairs=True)
    return _single_byte(path)


def _by_mark(start: bytes) -> Encoding | None:
    if start.startswith(codecs.BOM_UTF8):
        # Marked as UTF-8, yet rows pasted in from elsewhere can still carry single bytes.
        return Encoding("utf-8-sig", "UTF-8", repairs=True)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16", "UTF-16")
    if len(start) >= 4 and start[1::2].count(0) > len(start) // 3:
        return Encoding("utf-16-le", "UTF-16")
    if len(start) >= 4 and start[::2].count(0) > len(start) // 3:
        return Encoding("utf-16-be", "UTF-16")
    return None


def _utf8_evidence(path: Path) -> tuple[int, int]:
    """How many characters beyond ASCII are valid UTF-8, and how many bytes are not."""
    valid = damaged = 0
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for chunk in _chunks(path):
        text = decoder.decode(chunk)
        if text.isascii():
            continue
        beyond = [c for c in text if c > "\x7f"]
        broken = sum("\udc80" <= c <= "\udcff" for c in beyond)
        valid, damaged = valid + len(beyond) - broken, damaged + broken
    damaged += len(decoder.decode(b"", final=True))
    return valid, damaged


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _single_byte(path: Path) -> Encoding:
    """The single-byte encoding whose letters look most like words; Windows-1252 (with Latin-1) at a tie.

    Statistical detectors need prose and are often wrong about names, so the evidence is orthographic.
    """
    sample = b"".join(_lines_beyond_ascii(path))
    codec = min(_SINGLE_BYTE, key=lambda name: _oddities(sample.decode(name, "replace")))
    return Encoding(codec, _SINGLE_BYTE[codec])


def _oddities(text: str) -> int:
    """How often a character beyond ASCII stands where no word has it: a sign inside, an inner capital."""
    odd = text.count("\ufffd") * 2
    for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if char <= "\x7f":
            continue
        if char.isalpha():
            odd += char.isupper() and before.islower()
        elif char not in _WORD_SIGNS:
            odd += before.isalpha() or after.isalpha()
    return odd


def _lines_beyond_ascii(path: Path) -> Iterator[bytes]:
    """The lines that tell encodings apart, up to a quarter of a megabyte of them."""
    budget = _SAMPLE
    with path.open("rb") as file:
        while budget > 0 and (line := file.readline(_CHUNK)):
            if not line.isascii():
                budget -= len(line)
                yield line


def repair(cell: str) -> str:
    """*cell* with the single bytes that were no UTF-8 read as Windows-1252."""
    return "".join(
        bytes([ord(c) - 0xDC00]).decode("cp1252", "replace") if "\udc80" <= c <= "\udcff" else c for c in cell
    )
