"""Who may look at the dashboard: single-use links and the sessions they open, of both only the digests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from storage.schema import DASHBOARD_SESSIONS

LINK_LIVES = timedelta(minutes=5)
SESSION_LIVES = timedelta(hours=8)
IDLE = timedelta(hours=1)

_T = DASHBOARD_SESSIONS.c


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is in force: of which Slack user, and until when at the latest (UTC)."""

    user_id: str
    ends_at: datetime


class DashboardSessions:
    """Links and sessions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def offer(self, link: str, user_id: str, now: datetime) -> None:
        """Let *link* open one session for somebody, for a few minutes; forget what is long over."""
        self._connection.execute(delete(DASHBOARD_SESSIONS).where(_T.issued_at < now - 2 * SESSION_LIVES))
        values = {"link_digest": _digest(link), "user_id": user_id, "issued_at": now}
        self._connection.execute(insert(DASHBOARD_SESSIONS).values(values))

    def open(self, link: str, session: str, now: datetime) -> str | None:
        """Open *session* with a link that was never used and is not too old; return whose it is."""
        fresh = (
            update(DASHBOARD_SESSIONS)
            .where(_T.link_digest == _digest(link), _T.opened_at.is_(None), _T.issued_at > now - LINK_LIVES)
            .values(session_digest=_digest(session), opened_at=now, seen_at=now)
            .returning(_T.user_id)
        )
        return self._connection.execute(fresh).scalar_one_or_none()

    def whose(self, session: str, now: datetime) -> Opened | None:
        """Return whose session it is; None when it is over, idle for too long, or never was."""
        query = select(_T.user_id, _T.opened_at).where(
            _T.session_digest == _digest(session),
            _T.ended_at.is_(None),
            _T.opened_at > now - SESSION_LIVES,
            _T.seen_at > now - IDLE,
        )
        row = self._connection.execute(query).one_or_none()
        return Opened(row[0], row[1] + SESSION_LIVES) if row else None

    def seen(self, session: str, now: datetime) -> None:
        """Remember that a session is in use."""
        here = update(DASHBOARD_SESSIONS).where(_T.session_digest == _digest(session))
        self._connection.execute(here.values(seen_at=now))

    def end(self, session: str, now: datetime) -> None:
        """End a session."""
        here = update(DASHBOARD_SESSIONS).where(_T.session_digest == _digest(session))
        self._connection.execute(here.values(ended_at=now))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
