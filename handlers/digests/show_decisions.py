"""From a manager's figures to the decisions behind them, page by page, without naming a donor."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.admission import admit
from handlers.answers.answering import fill
from handlers.commands import DecisionsRequested
from handlers.context import Arrived, Context, Write
from handlers.digests.figures import DAYS, TOO_SMALL
from handlers.digests.whose_figures import FOR_MANAGERS, Whose, is_too_small, team_of, whose_figures
from handlers.outcomes import DecisionLine, DecisionsShown, Narrowing, Notice, Window
from handlers.record.evidence import record as write_down
from handlers.record.evidence import slack_actor
from policy.cells import Cells, Where
from policy.decided import BEHIND, OF_NO_TEAM, Behind, Decided, words_of
from policy.digest import DigestKind
from policy.digest_periods import rolling_period
from policy.digest_words import action, reason, stage
from policy.interactions import Kind
from policy.tally import By
from storage.team import Team
from storage.transaction import Transaction

PAGE, MOST_CHOICES = 8, 20


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
    days = command.days if command.days in DAYS else DAYS[1]
    behind: Behind = "all" if team and command.behind in OF_NO_TEAM else command.behind
    period, kinds = rolling_period(days, arrived.now), BEHIND[behind]
    where = Where(By(command.narrowed_by), command.only) if command.narrowed_by and command.only else None
    added = Cells(tx.tallies.between(period.start, period.end, team))
    total = added.count(kinds, where).now
    pages = max(1, -(-total // PAGE))
    page = min(max(command.page, 0), pages - 1)
    found = tx.interactions.decided(
        kinds, period.start, period.end, team, limit=PAGE, offset=page * PAGE, where=where
    )
    write_down(
        tx,
        arrived,
        "decisions.listed",
        subject=None,
        actor=slack_actor(command.by.id),
        behind=behind,
        days=days,
        only=command.only if where else "",
        page=page,
        team=whose.team,
    )
    shown = DecisionsShown(
        team=whose.team,
        days=days,
        behind=behind,
        narrowed_by=command.narrowed_by if where else "",
        only=command.only if where else "",
        choices=_choices(added, kinds),
        lines=tuple(_line(each) for each in found),
        page=page,
        pages=pages,
        total=total,
    )
    _fill(tx, command, arrived, shown)


def _choices(added: Cells, kinds: Sequence[Kind]) -> tuple[Narrowing, ...]:
    """Return by what the list can be narrowed: the actions and the reasons that occur most in it."""
    actions = [each for each in added.values(kinds, By.ACTION) if each][:MOST_CHOICES]
    reasons = [each for each in added.values(kinds, By.REASON) if each][:MOST_CHOICES]
    return (
        *(Narrowing(by="a", value=each, label=action(each)) for each in actions),
        *(Narrowing(by="r", value=each, label=reason(each)) for each in reasons),
    )


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
