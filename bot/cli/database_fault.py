"""What is wrong with a database, in words for whoever has to put it right."""

from __future__ import annotations

from storage.errors import NewerReleaseError, StorageError

NOT_WHOLE = (
    "The file is no SQLite database, or not a whole one ({code}). Put a back-up in its place that was made "
    'with sqlite3 ".backup", with no -wal and no -shm file beside it.'
)
NOT_OURS = "This account may not write the database's file or its folder ({code}). Let it own both: chown."
NO_ROOM = "The disk of the database is full or fails ({code}). Make room, or move it to a larger disk."
NOT_LET_IN = (
    "The database server does not let us in ({code}): role or password in COUNTERSIGN_DATABASE_URL are not "
    "known there. Make the role (createuser --pwprompt), or correct the address."
)
NOT_THERE = (
    "The server has no such database ({code}). Make it (createdb --owner=ROLE NAME), or correct "
    "COUNTERSIGN_DATABASE_URL."
)
OF_OTHERS = (
    "What is in the database belongs to another role ({code}). Restore it as the role that the service uses: "
    "createdb --owner=ROLE NAME, then pg_restore --no-owner --role=ROLE --dbname=NAME FILE."
)
NO_CHANGES = (
    "The database takes no changes ({code}): the server is a standby, or was set to read only. Let "
    "COUNTERSIGN_DATABASE_URL lead to the primary, or look at default_transaction_read_only there."
)
REPLACED = (
    "The database's file, or the -wal file beside it, was moved or replaced while the service used it "
    "({code}). Put it back, or stop the service, put a whole back-up in its place, and start again."
)
LOCKED = (
    "Somebody holds a lock on our tables ({code}), such as a transaction left open in psql, or a change of "
    "the schema under way. countersign doctor names who; have them end it."
)
SLOW = (
    "The database has not answered in time ({code}): the network is cut, the server has too much to do, or "
    "somebody holds a lock on our tables. countersign doctor says more."
)
NO_ANSWER = "The database does not answer ({code}). Check COUNTERSIGN_DATABASE_URL."
NEWER = (
    "The database is of a newer release than this program, which would not understand it. Install the newer "
    "release, or restore a back-up from before the upgrade. Nothing was changed."
)

_BY_PART = (
    (("SQLITE_NOTADB", "SQLITE_CORRUPT"), NOT_WHOLE),
    (("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "sqlite_read_only", "EACCES", "EROFS"), NOT_OURS),
    (("SQLITE_FULL", "SQLITE_IOERR", "ENOSPC", "EDQUOT", "53100", "58030"), NO_ROOM),
    (("sqlite_file_replaced", "sqlite_log_"), REPLACED),
    (("25006",), NO_CHANGES),
    (("55P03",), LOCKED),
    (("no_answer_in_time",), SLOW),
    (("28000", "28P01"), NOT_LET_IN),
    (("3D000",), NOT_THERE),
    (("42501",), OF_OTHERS),
)


def in_words(error: StorageError) -> str:
    """Say in a sentence or two what is wrong and what to do; the code is named for whoever is asked next."""
    if isinstance(error, NewerReleaseError):
        return NEWER
    parts = error.code.split(":")
    said = (words for beginnings, words in _BY_PART if any(part.startswith(beginnings) for part in parts))
    return next(said, NO_ANSWER).format(code=error.code)
