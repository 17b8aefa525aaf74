"""The dashboard's addresses. The Slack identity is the login: a link from Slack opens a session, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from bot.http import dashboard_pages as shown
from bot.http.asgi import LONGEST_BODY_S
from handlers.context import Arrived, Context
from handlers.digests.as_csv import as_csv, file_name
from handlers.digests.dashboard_view import Figures, Viewer, how_it_is, team_chosen, viewer
from handlers.digests.figures import DAYS
from handlers.outcomes import DigestShown, Notice
from handlers.ports import Unavailable
from handlers.record.evidence import record, slack_actor
from policy.digest import DigestKind
from storage.dashboard import SESSION_LIVES
from storage.transaction import Transaction

COOKIE = "countersign_dashboard"
LONGEST_BODY = 4096
LONGEST_TOKEN = 128
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
}
STYLE = Path(__file__).parent / "dashboard.css"
USED_UP = "This link was used already, or it is older than five minutes."
NOT_SIGNED_IN = "You are not signed in, or your session is over."
NO_LONGER = "These figures are for managers, compliance and admins."
NOT_NOW = "Slack does not answer at the moment, so it cannot be seen who you are."
WRONG_ADDRESS = "There is nothing at this address."


class NotAllowed(Exception):
    """Whoever asks may not, or not yet; the page says why."""

    def __init__(self, status: int, title: str, text: str, next_step: str = shown.LOOK_AGAIN) -> None:
        super().__init__(title)
        self.status, self.title, self.text, self.next_step = status, title, text, next_step


class Dashboard:
    """Sessions and pages over the same figures as the digests."""

    def __init__(self, context: Context, token: Callable[[int], str]) -> None:
        self._context, self._token = context, token
        self._figures = Figures()

    async def enter(self, link: str) -> str | None:
        """Use a link up and return the session it opens; None when it opens none."""
        session = self._token(32)
        now = self._context.clock.now()

        def write(tx: Transaction) -> str | None:
            user_id = tx.dashboard.open(link, session, now)
            if user_id:
                record(tx, self._arrived(), "dashboard.opened", subject=None, actor=slack_actor(user_id))
            return user_id

        opened = await self._context.database.write(write) if 0 < len(link) <= LONGEST_TOKEN else None
        return session if opened else None

    async def leave(self, session: str) -> None:
        """End a session."""
        now = self._context.clock.now()
        await self._context.database.write(lambda tx: tx.dashboard.end(session, now))

    async def who(self, session: str | None) -> Viewer:
        """Return who looks, asking Slack and the organisation each time; raises NotAllowed."""
        now = self._context.clock.now()
        if not session or len(session) > LONGEST_TOKEN:
            raise NotAllowed(401, "Sign in", NOT_SIGNED_IN)
        opened = await self._context.database.read(lambda tx: tx.dashboard.whose(session, now))
        if opened is None:
            raise NotAllowed(401, "Sign in", NOT_SIGNED_IN)
        try:
            found = await viewer(opened.user_id, self._context)
        except Unavailable:
            raise NotAllowed(503, "Not now", NOT_NOW, "Try again in a minute.") from None
        if found is None:
            await self.leave(session)
            raise NotAllowed(403, "Not for you", NO_LONGER, "Your own figures are in the Home tab in Slack.")
        await self._context.database.write(lambda tx: tx.dashboard.seen(session, now))
        return found

    async def figures(self, who: Viewer, asked: dict[str, str]) -> tuple[DigestShown, int]:
        """Return the figures an address asks for, as far as this person may see them; raises NotAllowed."""
        kind, days = asked.get("kind", DigestKind.ADOPTION.value), asked.get("days", "7")
        if kind not in set(DigestKind) or days not in {str(each) for each in DAYS}:
            raise NotAllowed(404, "Not there", WRONG_ADDRESS, "Go back, and choose from the lists.")
        team = team_chosen(who, asked.get("team"), self._context)
        if isinstance(team, Notice):
            raise NotAllowed(404, "Not there", team.text, "Go back, and choose from the list.")
        found = await self._figures.of(DigestKind(kind), team, int(days), self._context)
        if isinstance(found, Notice):
            raise NotAllowed(503, "Not yet", found.text, found.next_step or "")
        return found, int(days)

    async def page(self, who: Viewer, asked: dict[str, str]) -> str:
        """Return the page an address asks for."""
        digest, days = await self.figures(who, asked)
        now = None
        if digest.kind is DigestKind.OPERATIONS:
            moment = self._context.clock.now()
            now = await self._context.database.read(lambda tx: how_it_is(tx, moment))
        teams = sorted({p.team for p in self._context.organisation.people if p.team})
        return shown.figures_page(digest, who, days, teams, now)

    async def file(self, who: Viewer, asked: dict[str, str]) -> tuple[str, str]:
        """Return the name and content of the figures as a file; that somebody took them is written down."""
        digest, _ = await self.figures(who, asked)
        actor = slack_actor(who.colleague.id)
        await self._context.database.write(
            lambda tx: record(
                tx, self._arrived(), "figures.taken", subject=None, actor=actor, digest=digest.kind.value
            )
        )
        return file_name(digest), as_csv(digest)

    def _arrived(self) -> Arrived:
        ids, now = self._context.ids, self._context.clock.now()
        return Arrived(
            item_id=ids.new(), correlation_id=ids.new(), attempts=1, first_attempt_at=None, now=now, ids=ids
        )


def add_dashboard(app: FastAPI, dashboard: Dashboard) -> None:
    """Add the dashboard's addresses to *app*."""

    @app.exception_handler(NotAllowed)
    async def refuse(_request: Request, why: NotAllowed) -> Response:
        return _html(shown.message(why.title, why.text, why.next_step), why.status)

    @app.get("/dashboard")
    async def look(request: Request) -> Response:
        who = await dashboard.who(request.cookies.get(COOKIE))
        return _html(await dashboard.page(who, dict(request.query_params)))

    @app.get("/dashboard/figures.csv")
    async def take(request: Request) -> Response:
        who = await dashboard.who(request.cookies.get(COOKIE))
        name, content = await dashboard.file(who, dict(request.query_params))
        headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
        return PlainTextResponse(content, media_type="text/csv; charset=utf-8", headers=headers)

    _add_sessions(app, dashboard)

    @app.get("/dashboard/style.css")
    async def style() -> Response:
        return Response(STYLE.read_bytes(), media_type="text/css; charset=utf-8", headers=HEADERS)

    @app.get("/dashboard/{rest:path}", include_in_schema=False)
    async def elsewhere(rest: str) -> Response:
        if not rest:
            return RedirectResponse(shown.HOME, status_code=307, headers=HEADERS)
        raise NotAllowed(404, "Not there", WRONG_ADDRESS)


def _add_sessions(app: FastAPI, dashboard: Dashboard) -> None:
    """Add the ways in and out."""

    @app.get("/dashboard/enter/{link}")
    async def stand_before(link: str) -> Response:
        return _html(shown.entrance(link[:LONGEST_TOKEN]))

    @app.post("/dashboard/enter")
    async def enter(request: Request) -> Response:
        session = await dashboard.enter(await _field(request, "link"))
        if session is None:
            raise NotAllowed(403, "Not this time", USED_UP)
        answer = RedirectResponse(shown.HOME, status_code=303, headers=HEADERS)
        answer.set_cookie(
            COOKIE,
            session,
            max_age=int(SESSION_LIVES.total_seconds()),
            path=shown.HOME,
            httponly=True,
            samesite="strict",
            secure=_is_secure(request),
        )
        return answer

    @app.post("/dashboard/leave")
    async def leave(request: Request) -> Response:
        session = request.cookies.get(COOKIE)
        if session:
            await dashboard.leave(session)
        answer = _html(shown.message("Goodbye", "You have left the dashboard."))
        answer.delete_cookie(COOKIE, path=shown.HOME)
        return answer


def _html(content: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(content, status_code=status, headers=HEADERS)


def _is_secure(request: Request) -> bool:
    """Say whether the browser came over https, which a proxy in front tells; only loopback may do without."""
    host = request.url.hostname or ""
    return request.headers.get("x-forwarded-proto", request.url.scheme) == "https" or host not in _LOOPBACK


async def _field(request: Request, name: str) -> str:
    body = b""
    try:
        async with asyncio.timeout(LONGEST_BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > LONGEST_BODY:
                    return ""
    except TimeoutError:
        return ""
    return parse_qs(body.decode("latin-1")).get(name, [""])[0]


_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
