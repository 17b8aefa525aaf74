"""From a manager's figures to the decisions behind them, page by page, without naming a donor."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import fill
from handlers.commands import DecisionsRequested
from handlers.context import Arrived, Context, Write
from handlers.digests.figures import TOO_SMALL
from handlers.digests.managing import DAYS
from handlers.digests.whose_figures import FOR_MANAGERS, Whose, is_too_small, team_of, whose_figures
from handlers.outcomes import DecisionLine, DecisionsShown, Notice, Window
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.decided import BEHIND, Decided, words_of
from policy.digest import DigestKind
from policy.digest_periods import rolling_period
from policy.digest_words import action, reason, stage
from storage.team import Team
from storage.transaction import Transaction

PAGE = 8


async def show_decisions(command: DecisionsRequested, arrived: Arrived, context: Context) -> Write:
    """Fill the window for whoever may see the figures; looking is written down, and so is a refusal."""
    colleague = await admit(command.by.id, None, context)
    refusal = colleague if isinstance(colleague, Notice) else None
    whose = None if isinstance(colleague, Notice) else whose_figures(colleague, context.organisation)
    if whose and is_too_small(whose.team, DigestKind.OVERRIDE, context.organisation):
        refusal = Notice(text=TOO_SMALL)
    if refusal or whose is None:
        return lambda tx: _refuse(tx, command, arrived, refusal or FOR_MANAGERS)
    team = await team_of(whose.team, context)
    return lambda tx: _show(tx, command, arrived, whose, team)


def _show(
    tx: Transaction,
    command: DecisionsRequested,
    arrived: Arrived,
    whose: Whose,
    team: Team | None,
) -> None:
    period, kinds = rolling_period(DAYS, arrived.now), BEHIND[command.behind]
    total = tx.interactions.count(kinds, period.start, period.end, team)
    pages = max(1, -(-total // PAGE))
    page = min(max(command.page, 0), pages - 1)
    found = tx.interactions.decided(kinds, period.start, period.end, team, limit=PAGE, offset=page * PAGE)
    write_down(
        tx,
        arrived,
        "decisions.listed",
        subject=None,
        actor=slack_actor(command.by.id),
        behind=command.behind,
        page=page,
        team=whose.team,
    )
    shown = DecisionsShown(
        team=whose.team,
        days=DAYS,
        behind=command.behind,
        lines=tuple(_line(each) for each in found),
        page=page,
        pages=pages,
        total=total,
    )
    _fill(tx, command, arrived, shown)


def _line(each: Decided) -> DecisionLine:
    return DecisionLine(
        escalation_id=each.escalation_id,
        at=each.at,
        what=words_of(each.kind),
        proposal=action(each.action_kind),
        stage=stage(each.stage) if each.stage else "",
        person=each.person,
        confidence=10 * each.confidence if each.confidence >= 0 else None,
        reason=reason(each.reason) if each.reason else "",
        reference=each.reference,
    )


def _refuse(tx: Transaction, command: DecisionsRequested, arrived: Arrived, why: Notice) -> None:
    actor = slack_actor(command.by.id)
    write_down(tx, arrived, "request.refused", subject=None, actor=actor, asked="decisions")
    _fill(tx, command, arrived, why)


def _fill(tx: Transaction, command: DecisionsRequested, arrived: Arrived, shown: Window) -> None:
    again = f":{command.behind}:{command.page}:{arrived.item_id}"
    fill(tx, arrived, shown, command.view_id, by=command.by.id, again=again)
