"""Check an export of an audit log without the program that made it.

    python verify.py [EXPORT.zip or FOLDER] [--vkey KEY] [--checkpoint FILE] [--show CORRELATION_OR_ENTRY]

Needs Python 3.10 or newer and the package `cryptography`, nothing else. Exits with 0 when everything fits,
with 1 at the first thing that does not, and says what that is. A verifier key that you noted down elsewhere,
given with --vkey, is worth more than the one in the export; a checkpoint that you kept, given with
--checkpoint, shows whether the log was cut off or rewritten since.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

DASH = "\u2014 "


class Wrong(Exception):
    """Something does not fit; the message says what."""


def main() -> int:
    """Check everything, and show one path when asked to."""
    options = _options()
    try:
        read = _reader(Path(options.export))
        manifest = check_files(read)
        head, root, statements = check_checkpoints(read, options.vkey)
        events = check_events(read, manifest, head, root, statements)
        with_payload, rewritten, without = check_payloads(read, manifest, events)
        restores = declared_restores(read, events)
        check_kept(read, options, manifest, events, statements, restores)
        check_vouched(read, options.vkey)
    except (Wrong, KeyError, ValueError, OSError) as problem:
        print(f"WRONG: {problem}", file=sys.stderr)
        return 1
    print(
        f"OK: {len(events)} entries are in the log of {head} entries, {len(statements)} checkpoints continue "
        f"each other, {with_payload} payloads are what was sealed, {without} are left out for stated reasons."
    )
    if rewritten:
        print(
            f"{rewritten} payloads were rewritten when a person named in them was erased, as the log records."
        )
    for restore in restores:
        print(
            f"Entries {restore['kept'] + 1} to {restore['lost'][-1]['size']}"
            f"{'' if restore.get('exact', True) else ', or fewer of them,'} were lost in a restore that "
            f"{restore['name']} declared on {restore['at'][:10]}, entry {restore['seq']}: {restore['reason']}"
        )
    if options.show:
        show(read, events, options.show)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check an export of an audit log.")
    here = str(Path(__file__).resolve().parent)
    parser.add_argument("export", nargs="?", default=here, help="the zip, or the folder it was unpacked to")
    parser.add_argument("--vkey", action="append", default=[], help="a verifier key noted down elsewhere")
    parser.add_argument(
        "--checkpoint", action="append", default=[], help="a file with a checkpoint that you kept yourself"
    )
    parser.add_argument("--show", help="a correlation id, or an entry's id: print what happened, in order")
    return parser.parse_args()


def _reader(path: Path) -> Callable[[str], bytes]:
    if path.is_dir():
        return lambda name: (path / name).read_bytes()
    archive = zipfile.ZipFile(path)
    return archive.read


def _lines(data: bytes) -> Iterator[bytes]:
    return (line for line in data.split(b"\n") if line)


def check_files(read: Callable[[str], bytes]) -> dict[str, Any]:
    """Every file is the one that the manifest names."""
    manifest: dict[str, Any] = json.loads(read("manifest.json"))
    if manifest["schema"] != 1:
        raise Wrong(f"this program does not know exports of version {manifest['schema']}")
    for name, expected in manifest["files"].items():
        if hashlib.sha256(read(name)).hexdigest() != expected:
            raise Wrong(f"{name} was changed after the export was made")
        version = name.removeprefix("policies/").removesuffix(".json")
        if name == f"policies/{version}.json" and expected != version:
            raise Wrong(f"{name} are not the rules of that version")
    return manifest


def check_vouched(read: Callable[[str], bytes], given: list[str]) -> None:
    """The manifest, and with it every file, is the one that whoever signs checkpoints signed."""
    digest = hashlib.sha256(read("manifest.json")).hexdigest()
    text = _signed_text(read("manifest.sig").decode(), _keys(read, given), "the manifest")
    if text.split("\n")[1:3] != ["SHA-256 of manifest.json", digest]:
        raise Wrong("the manifest was changed after the export was made")


def check_checkpoints(
    read: Callable[[str], bytes], given: list[str]
) -> tuple[int, bytes, list[tuple[int, bytes]]]:
    """Every checkpoint is signed, and each continues the one before; return the last and all of them."""
    keys = _keys(read, given)
    statements = [_statement(note, keys) for note in _notes(read("checkpoints.txt").decode())]
    if not statements:
        raise Wrong("there is no checkpoint")
    proofs = [json.loads(line) for line in _lines(read("consistency.jsonl"))]
    if len(proofs) != len(statements) - 1:
        raise Wrong("a proof that one checkpoint continues another is missing")
    for (old, old_root), (new, new_root), proof in zip(statements, statements[1:], proofs, strict=False):
        path = [bytes.fromhex(part) for part in proof["path"]]
        if not consistent(old, new, old_root, new_root, path):
            raise Wrong(f"the checkpoint over {new} entries does not continue the one over {old}")
    return statements[-1][0], statements[-1][1], statements


def check_events(
    read: Callable[[str], bytes],
    manifest: dict[str, Any],
    head: int,
    root: bytes,
    statements: list[tuple[int, bytes]],
) -> list[dict[str, Any]]:
    """Every entry is in the tree whose root was signed."""
    leaves, proofs = list(_lines(read("events.jsonl"))), list(_lines(read("proofs.jsonl")))
    if not len(leaves) == len(proofs) == manifest["entries"]:
        raise Wrong(f"there are {len(leaves)} entries, and the manifest says {manifest['entries']}")
    events, last = [], 0
    for leaf, line in zip(leaves, proofs, strict=True):
        proof, event = json.loads(line), json.loads(leaf)
        seq, path = proof["seq"], [bytes.fromhex(part) for part in proof["path"]]
        if seq <= last:
            raise Wrong(f"entry {seq} is out of order")
        hashed = hashlib.sha256(b"\x00" + leaf).digest()
        if not manifest["complete"] and not included(hashed, seq - 1, head, path, root):
            raise Wrong(f"entry {seq} is not in the log that was signed")
        events.append({**event, "seq": seq, "_hash": hashed})
        last = seq
    if manifest["complete"]:
        _check_whole(events, statements)
    return events


def _check_whole(events: list[dict[str, Any]], statements: list[tuple[int, bytes]]) -> None:
    if [event["seq"] for event in events] != list(range(1, statements[-1][0] + 1)):
        raise Wrong("the export says that it is complete, and entries are missing")
    hashes = [event["_hash"] for event in events]
    for size, root in statements:
        if tree_root(hashes[:size]) != root:
            raise Wrong(f"the first {size} entries are not those that were signed")


def check_payloads(
    read: Callable[[str], bytes], manifest: dict[str, Any], events: list[dict[str, Any]]
) -> tuple[int, int, int]:
    """Every payload is the one its entry commits to, or what the log says it was rewritten to.

    What is left out has a reason.
    """
    there = rewritten = without = 0
    lines = [json.loads(line) for line in _lines(read("payloads.jsonl"))]
    if [line["id"] for line in lines] != [event["id"] for event in events]:
        raise Wrong("the payloads are not those of the entries")
    stated = _redactions(lines, events)
    for line, event in zip(lines, events, strict=True):
        if line.get("payload") is None:
            if line.get("why") not in manifest["reasons"]:
                raise Wrong(f"entry {event['seq']} has no payload, and no reason is given")
            without += 1
            continue
        made = _committed(line)
        if hmac.compare_digest(made, event["commitment"]):
            there += 1
        elif hmac.compare_digest(made, stated.get(event["id"], "")):
            rewritten += 1
        else:
            raise Wrong(f"the payload of entry {event['seq']} is not the one that was sealed")
    return there, rewritten, without


def _committed(line: dict[str, Any]) -> str:
    key = bytes.fromhex(line["commitment_key"])
    return hmac.new(key, line["payload"].encode(), hashlib.sha256).hexdigest()


def _redactions(lines: list[dict[str, Any]], events: list[dict[str, Any]]) -> dict[str, str]:
    """What entries of the log itself say that other payloads were rewritten to; the last word counts."""
    found: dict[str, str] = {}
    for line, event in zip(lines, events, strict=True):
        if event["kind"] != "payload.redacted" or not line.get("payload"):
            continue
        if hmac.compare_digest(_committed(line), event["commitment"]):
            entries = json.loads(line["payload"])["entries"]
            found.update({each["id"]: each["commitment"] for each in entries})
    return found


def declared_restores(read: Callable[[str], bytes], events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What entries of the log itself say was lost when a back-up was restored, the earliest first."""
    lines = (json.loads(line) for line in _lines(read("payloads.jsonl")))
    found = []
    for line, event in zip(lines, events, strict=True):
        if event["kind"] == "restore.declared" and event["subject_ref"] is None and line.get("payload"):
            told = json.loads(line["payload"])
            found.append({**told, "seq": event["seq"], "at": event["at"]})
    return found


def check_kept(
    read: Callable[[str], bytes],
    options: argparse.Namespace,
    manifest: dict[str, Any],
    events: list[dict[str, Any]],
    statements: list[tuple[int, bytes]],
    restores: list[dict[str, Any]],
) -> None:
    """Every checkpoint that was kept elsewhere agrees, or was lost in a restore that somebody declared."""
    keys = _keys(read, options.vkey)
    kept = [_statement(note, keys) for name in options.checkpoint for note in _notes(_text(name))]
    excused = {
        (each["size"], bytes.fromhex(each["root"]))
        for restore in restores
        for each in restore["lost"]
        if each["size"] > restore["kept"]
    }
    hashes = [event["_hash"] for event in events]
    for size, root in kept:
        if (size, root) in statements or (size, root) in excused:
            continue
        if size > statements[-1][0]:
            raise Wrong(f"the log was cut off: a checkpoint that you kept is over {size} entries")
        if not manifest["complete"] or tree_root(hashes[:size]) != root:
            raise Wrong(f"the first {size} entries are not those of a checkpoint that you kept")


def _text(name: str) -> str:
    return Path(name).read_text(encoding="utf-8")


def _keys(read: Callable[[str], bytes], given: list[str]) -> list[tuple[str, bytes, bytes]]:
    return [_key(text) for text in given or read("vkey.txt").decode().split("\n") if text.strip()]


def show(read: Callable[[str], bytes], events: list[dict[str, Any]], wanted: str) -> None:
    """Print everything that came of one event, command or click."""
    payloads = {line["id"]: line for line in map(json.loads, _lines(read("payloads.jsonl")))}
    about = {event["correlation_id"] for event in events if wanted in (event["id"], event["correlation_id"])}
    for event in events:
        if event["correlation_id"] in about:
            print(f"\n{event['at']}  {event['kind']}  by {event['actor']}  (entry {event['seq']})")
            line = payloads[event["id"]]
            held = json.loads(line["payload"]) if line.get("payload") else f"left out: {line.get('why')}"
            print(json.dumps(held, indent=2, ensure_ascii=False))


def _key(text: str) -> tuple[str, bytes, bytes]:
    name, key_id, encoded = text.strip().split("+", 2)
    data = base64.b64decode(encoded)
    own_id = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if data[:1] != b"\x01" or own_id.hex() != key_id:
        raise Wrong("a verifier key was altered")
    return name, own_id, data[1:]


def _notes(text: str) -> Iterator[str]:
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if lines and lines[-1].startswith(DASH) and not line.startswith(DASH):
            yield "".join(lines)
            lines = []
        if lines or line.strip():
            lines.append(line)
    if lines:
        yield "".join(lines)


def _statement(note: str, keys: list[tuple[str, bytes, bytes]]) -> tuple[int, bytes]:
    lines = _signed_text(note, keys, "a checkpoint").split("\n")
    return int(lines[1]), base64.b64decode(lines[2])


def _signed_text(note: str, keys: list[tuple[str, bytes, bytes]], what: str) -> str:
    text, _, signed = note.rpartition("\n\n")
    text += "\n"
    if not any(_signed_by(key, text, line) for key in keys for line in signed.splitlines()):
        raise Wrong(f"{what} is not signed by any of the verifier keys")
    return text


def _signed_by(key: tuple[str, bytes, bytes], text: str, line: str) -> bool:
    name, key_id, public = key
    prefix = f"{DASH}{name} "
    if not line.startswith(prefix):
        return False
    data = base64.b64decode(line[len(prefix) :])
    if data[:4] != key_id:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(data[4:], text.encode())
    except InvalidSignature:
        return False
    return True


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(hashes: list[bytes]) -> bytes:
    """The root over leaf hashes (RFC 6962), computed without recursion over large trees."""
    complete: list[tuple[int, bytes]] = []
    for leaf in hashes:
        width, current = 1, leaf
        while complete and complete[-1][0] == width:
            current = _node(complete.pop()[1], current)
            width *= 2
        complete.append((width, current))
    if not complete:
        return hashlib.sha256(b"").digest()
    current = complete.pop()[1]
    while complete:
        current = _node(complete.pop()[1], current)
    return current


def included(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Say whether *path* leads from a leaf's hash to *root* (RFC 9162, 2.1.3.2)."""
    here, last, current = index, size - 1, leaf
    if not 0 <= here < size:
        return False
    for part in path:
        if last == 0:
            return False
        if here & 1 or here == last:
            current = _node(part, current)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            current = _node(current, part)
        here, last = here >> 1, last >> 1
    return last == 0 and current == root


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> bool:
    """Say whether the tree over *old* leaves begins the one over *new* (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    parts = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not parts:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = _node(part, first), _node(part, second)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            second = _node(second, part)
        here, last = here >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


if __name__ == "__main__":
    sys.exit(main())
