"""The master key: given in the environment or a file, or kept beside an embedded database."""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import make_url

from bot.settings import Settings
from storage.database import Database
from storage.keys import KeyRing, MasterKeyWrongError

KEY_BYTES = 32
_HEX = re.compile(r"[0-9a-fA-F]{64}")

NONE_GIVEN = (
    "Set COUNTERSIGN_MASTER_KEY or COUNTERSIGN_MASTER_KEY_FILE: what the audit stores is encrypted, and "
    "every replica must be given the key. `countersign audit keys new` makes one; keep a copy where the "
    "database's backups are not."
)
MISSING = (
    "This database is encrypted, and its master key {key_id} is not there. {put_back}et "
    "COUNTERSIGN_MASTER_KEY or COUNTERSIGN_MASTER_KEY_FILE. Nothing was started."
)
WRONG = (
    "The master key given ({given}) is not the one this database was encrypted with ({wanted}). Set "
    "the right one. While you are replacing a key, set the new one as COUNTERSIGN_MASTER_KEY and the old one "
    "as COUNTERSIGN_PREVIOUS_MASTER_KEY. Nothing was started."
)
UNREADABLE = (
    "The master key {path} cannot be read ({why}). Put it there, for the account of the service alone: "
    "chown, chmod 600."
)
NOT_A_KEY = "is not a master key: it must be 32 random bytes as 64 hexadecimal digits or as base64."


class MasterKeyProblem(Exception):
    """The database cannot be opened with the key there is; the message says what to do."""


async def open_encrypted(settings: Settings, *, may_make: bool) -> Database:
    """Open the database with its master key. Raises MasterKeyProblem.

    With *may_make* a key is made for an embedded database that was never encrypted; without it a database
    that was never encrypted is opened as it is.
    """
    current = given_key(settings) or _beside(settings.database_url)
    if current is None:
        await _refuse_encrypted(settings)
        if not may_make:
            return Database.open(settings.database_url)
        current = _make(settings.database_url)
    previous = settings.previous_master_key
    keys = KeyRing(current, (_read(previous, "COUNTERSIGN_PREVIOUS_MASTER_KEY"),) if previous else ())
    database = Database.open(settings.database_url, keys=keys)
    try:
        await database.write(lambda tx: tx.keys.adopt())
    except BaseException as problem:
        await database.close()
        if isinstance(problem, MasterKeyWrongError):
            wanted = ", ".join(sorted(problem.wanted))
            raise MasterKeyProblem(WRONG.format(given=keys.current_id, wanted=wanted)) from None
        raise
    return database


async def _refuse_encrypted(settings: Settings) -> None:
    """Refuse to go on without the key of a database that is encrypted."""
    database = Database.open(settings.database_url)
    try:
        in_use = await database.read(lambda tx: tx.keys.master_ids())
    finally:
        await database.close()
    if in_use:
        path = key_file_beside(settings.database_url)
        put_back = f"Put {path} back from your backup, or s" if path else "S"
        raise MasterKeyProblem(MISSING.format(key_id=", ".join(sorted(in_use)), put_back=put_back))


def key_at_hand(settings: Settings) -> bool:
    """Say whether a master key is there; without one the first start makes it.

    Raises MasterKeyProblem for one that cannot be used, and where none is given and none will be made.
    """
    if (given_key(settings) or _beside(settings.database_url)) is not None:
        return True
    if key_file_beside(settings.database_url) is None:
        raise MasterKeyProblem(NONE_GIVEN)
    return False


def given_key(settings: Settings) -> bytes | None:
    """Return the key the settings name; None when they name none. Raises MasterKeyProblem."""
    if settings.master_key:
        return _read(settings.master_key, "COUNTERSIGN_MASTER_KEY")
    if settings.master_key_file is None:
        return None
    return _read_file(settings.master_key_file)


def _beside(database_url: str) -> bytes | None:
    path = key_file_beside(database_url)
    return _read_file(path) if path and path.exists() else None


def key_file_beside(database_url: str) -> Path | None:
    """Return where an embedded database's key lies when no other is given; None for a server."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(url.database).with_suffix(".key")


def new_key() -> str:
    """Return a fresh master key as it is written into a file or variable."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _make(database_url: str) -> bytes:
    path = key_file_beside(database_url)
    if path is None:
        raise MasterKeyProblem(NONE_GIVEN)
    written = new_key()
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:  # another process was first
        return _read_file(path)
    with os.fdopen(handle, "w") as file:
        file.write(f"{written}\n")
        file.flush()
        os.fsync(file.fileno())
    return base64.b64decode(written)


def _read(given: SecretStr, name: str) -> bytes:
    key = _decoded(given.get_secret_value())
    if key is None:
        raise MasterKeyProblem(f"{name} {NOT_A_KEY}")
    return key


def _read_file(path: Path) -> bytes:
    try:
        key = _decoded(path.read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError) as error:
        raise MasterKeyProblem(UNREADABLE.format(path=path, why=type(error).__name__)) from None
    if key is None:
        raise MasterKeyProblem(f"{path} {NOT_A_KEY}")
    return key


def _decoded(text: str) -> bytes | None:
    text = text.strip()
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None
