"""What `countersign doctor` looks at of the machine and its servers: clocks, room, files, databases."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from bot.checkpoint_files import checkpoint_places
from bot.cli.database_fault import in_words
from bot.cli.finding import Finding, bad, good, warning
from bot.cli.loading import unknown_variables
from bot.cli.opening import CannotOpen, opened
from bot.master_key import key_file_beside
from bot.secret_files import PREFIX, SECRETS, SUFFIX
from bot.settings import Settings
from policy.organisation import Organisation
from storage.errors import StorageError, without_data
from storage.holders import Holder, holders
from storage.room import ENOUGH_BYTES, Room
from storage.schema import INBOX

MOST_OFF_S = 60
OLDEST_POSTGRES, OLDEST_REDIS = 13, 6
LITTLE_ROOM, NO_ROOM = 2 * 1024**3, 200 * 1024**2
TIDY_WITHIN_DAYS = 2
RETENTION = "retention_due"
NTP = "Switch on time synchronisation: timedatectl set-ntp true."
GIVE_ROLE = "Let it own the database: ALTER DATABASE countersign OWNER TO its_role;"
MIB = 1024**2
TAKES_NOTHING = (
    "answers and takes nothing ({why}). OutOfMemoryError: raise maxmemory there. ReadOnlyError: it is a "
    "replica, so have COUNTERSIGN_REDIS_URL lead to the primary. Else its log says why. Until then work is "
    "found every second."
)


async def machine(
    settings: Settings, organisation: Organisation | None, environment: Mapping[str, str] = os.environ
) -> list[Finding]:
    """Look at everything that is here before anybody outside is asked."""
    found = [*unread(environment), *files(settings, environment), *room(settings), time_zones(organisation)]
    if settings.database_url.startswith("sqlite"):
        return [*found, *([await _redis(settings.redis_url)] if settings.redis_url else [])]
    return [*found, *await _postgres(settings), await _redis(settings.redis_url)]


def unread(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Say what is set for us and read by nobody: who set it believes that it is in force."""
    for name in unknown_variables(environment):
        yield warning("Settings", f"{name} is set, and there is no such setting. Correct its name.")


def files(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Say which files that hold secrets or donors' data others on this machine may read."""
    named = [environment.get(f"{PREFIX}{name}{SUFFIX}".upper()) for name in SECRETS]
    kept = [Path(each) for each in [*named, ".env", settings.master_key_file] if each]
    database = _sqlite_file(settings)
    if database:
        beside = [database.with_name(database.name + end) for end in ("-wal", "-shm")]
        kept += [database, *beside, *([key] if (key := key_file_beside(settings.database_url)) else [])]
    there = [each for each in kept if each.exists()]
    open_ = [each for each in there if stat.S_IMODE(each.stat().st_mode) & 0o077]
    for each in open_:
        mode = stat.S_IMODE(each.stat().st_mode)
        yield warning("File modes", f"{each} can be read by others ({mode:o}). Run: chmod 600 {each}")
    if not open_:
        yield good("File modes", f"{len(there)} files with secrets or data, for this account alone")


def room(settings: Settings) -> Iterator[Finding]:
    """Say how much room is left where the database and the checkpoints are kept."""
    database = _sqlite_file(settings)
    places = [*([database] if database else []), *checkpoint_places(settings)]
    folders = {next(p for p in (each.resolve(), *each.resolve().parents) if p.is_dir()) for each in places}
    for folder in sorted(folders):
        free = shutil.disk_usage(folder).free
        told = f"{folder}: {free // MIB:,} MiB free"
        if free < NO_ROOM:
            yield bad("Disk", f"{told}. Make room now: what cannot be stored is refused.")
        elif free < LITTLE_ROOM:
            yield warning("Disk", f"{told}. Make room, or move it to a larger disk.")
        else:
            yield good("Disk", told)


def time_zones(organisation: Organisation | None) -> Finding:
    """Say which zone the organisation lives by and how old the rules of time zones are."""
    rules = version("tzdata")
    zone = organisation.time_zone if organisation else "UTC"
    year = int(rules.partition(".")[0])
    if year < datetime.now(UTC).year - 1:
        return warning("Time zones", f"the rules are of {rules}. Run: pip install --upgrade tzdata")
    return good("Time zones", f"{zone}, rules of {rules}")


async def _postgres(settings: Settings) -> list[Finding]:
    """Look at the server's version, our rights there, and its clock."""
    try:
        asked_at = datetime.now(UTC)
        row = await asyncio.to_thread(_of_server, settings.database_url)
    except StorageError:
        return []  # the database has its own line
    found = []
    major = int(row["version"]) // 10_000
    if major < OLDEST_POSTGRES:
        found.append(bad("PostgreSQL", f"version {major} is too old. Upgrade it to 15 or newer."))
    elif row["superuser"]:
        who = f"version {major}, and we are a superuser there"
        found.append(warning("PostgreSQL", f"{who}. Give Countersign a role of its own: createuser."))
    else:
        found.append(good("PostgreSQL", f"version {major}"))
    if not row["may_create"]:
        found.append(bad("Database rights", f"the role may not create tables here. {GIVE_ROLE}"))
    else:
        found.append(good("Database rights", "tables can be made and changed"))
    found.append(clock("the database server's", row["now"], asked_at))
    if row["laid_out"]:
        found.append(await asyncio.to_thread(_takes_what_arrives, settings.database_url))
    return [*found, *_locks(row["holders"])]


def _takes_what_arrives(url: str) -> Finding:
    """Store something of some size where events are stored, and take it back."""
    from storage.postgresql import run_alone

    def attempt(connection: Connection) -> None:
        with connection.begin_nested() as trial:
            Room(connection).fill(secrets.token_hex(ENOUGH_BYTES), datetime.now(UTC))
            trial.rollback()

    try:
        run_alone(url, attempt)
    except SQLAlchemyError as error:
        failure = without_data(error)
        told = in_words(failure) if isinstance(failure, StorageError) else "fails"
        return bad("Storing", told)
    return good("Storing", "what arrives can be stored")


def _locks(there: Iterable[Holder]) -> list[Finding]:
    """Name whoever holds a lock that processes of ours wait for."""
    return [
        bad(
            "Locks",
            f"{each.program or 'a program'} of the role {each.role}{each.state and f', {each.state},'} holds "
            f"since {each.since} UTC what we wait for. Have it end, or in psql: "
            f"SELECT pg_terminate_backend({each.pid});",
        )
        for each in there
    ]


def _of_server(url: str) -> dict[str, Any]:
    from storage.postgresql import run_alone

    asked = text(
        "SELECT current_setting('server_version_num') AS version, clock_timestamp() AS now, "
        "has_schema_privilege(current_schema(), 'CREATE') AS may_create, "
        "current_setting('is_superuser') = 'on' AS superuser, "
        f"to_regclass('{INBOX.name}') IS NOT NULL AS laid_out"
    )

    def ask(connection: Connection) -> dict[str, Any]:
        return {**connection.execute(asked).mappings().one(), "holders": holders(connection)}

    try:
        return run_alone(url, ask)
    except SQLAlchemyError as error:
        failure = without_data(error)
    raise failure


def clock(whose: str, theirs: datetime, ours: datetime) -> Finding:
    """Compare a clock with this machine's."""
    apart = (theirs - ours).total_seconds()
    if abs(apart) > MOST_OFF_S:
        return bad("Clock", f"this machine's and {whose} are {abs(apart):.0f} s apart. {NTP}")
    return good("Clock", f"{abs(apart):.0f} s from {whose}")


async def _redis(url: str | None) -> Finding:
    """Look whether Redis answers, and whether it throws away what is published when memory is short."""
    if url is None:
        told = "none: each process finds work every second, and waits for Slack by its own count"
        return warning("Redis", f"{told}. With several processes set COUNTERSIGN_REDIS_URL.")
    from redis.asyncio import Redis
    from redis.exceptions import AuthenticationError, RedisError, ResponseError

    client = Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)
    try:
        about: dict[str, Any] = await client.info()
        await client.set("countersign:doctor", "1", px=1)
    except AuthenticationError:
        return bad("Redis", "does not let us in. Check user and password in COUNTERSIGN_REDIS_URL.")
    except ResponseError as refused:
        return bad("Redis", TAKES_NOTHING.format(why=type(refused).__name__))
    except (RedisError, OSError):
        return bad("Redis", "no answer. Check COUNTERSIGN_REDIS_URL; until then work is found every second.")
    finally:
        await client.aclose()
    return of_redis(about)


def of_redis(about: Mapping[str, Any]) -> Finding:
    """Judge what Redis says about itself."""
    release, eviction = str(about.get("redis_version", "0")), str(about.get("maxmemory_policy", ""))
    told = f"version {release}, {eviction}" if eviction else f"version {release}"
    if int(release.partition(".")[0]) < OLDEST_REDIS:
        return bad("Redis", f"{told}: too old. Upgrade it to {OLDEST_REDIS} or newer.")
    if about.get("maxmemory") and eviction.startswith("allkeys"):
        gone = "published events go when memory is short"
        return warning("Redis", f"{told}: {gone}. Set: maxmemory-policy noeviction")
    return good("Redis", told)


async def tidied(settings: Settings, organisation: Organisation | None, now: datetime) -> list[Finding]:
    """Say whether what is to be forgotten is being forgotten."""
    try:
        async with opened(settings.database_url) as database:
            last = (await database.read(lambda tx: tx.occurrences.latest((RETENTION,)))).get(RETENTION)
    except CannotOpen:
        return []
    rules = f"{len(organisation.retention)} rules" if organisation else "the usual rules"
    if last is None:
        return [warning("Retention", f"{rules}, not applied yet. Is the service running?")]
    told = f"{rules}, last applied {last:%d %b %Y}"
    if (now - last).days >= TIDY_WITHIN_DAYS:
        return [warning("Retention", f"{told}: overdue. Is a scheduler running? See: countersign status")]
    return [good("Retention", told)]


def _sqlite_file(settings: Settings) -> Path | None:
    url = make_url(settings.database_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
