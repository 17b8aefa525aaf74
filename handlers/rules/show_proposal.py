"""Post the card of a proposed change of the rules, or bring it up to date; and open its whole report."""

from __future__ import annotations

from handlers.admission import admit
from handlers.answers.answering import fill, post
from handlers.commands import PolicyReportRequested
from handlers.context import Arrived, Context, Write
from handlers.effects import ShowProposal
from handlers.outcomes import Notice, PolicyCard
from handlers.ports import MessageRef, Refused
from handlers.record.evidence import SYSTEM, slack_actor
from handlers.record.evidence import record as write_down
from handlers.rules.proposal_view import card_of_proposal, shown_report
from handlers.rules.report_pages import report_pages
from policy.organisation import Organisation
from storage.policies import PolicyProposal
from storage.transaction import Transaction

UNKNOWN = Notice(
    text="I do not know this proposal.", next_step="countersign policy versions lists what was proposed."
)


async def show_proposal(effect: ShowProposal, arrived: Arrived, context: Context) -> Write:
    """Show the proposal as it stands, in the governance channel or where operations can be reached."""
    found = await context.database.read(lambda tx: _read(tx, effect.proposal_id))
    if found is None:
        return lambda _tx: None
    proposal, card = found
    shown = await _show(proposal, card, arrived, context)

    def write(tx: Transaction) -> None:
        tx.policies.set_message(proposal.id, shown.channel_id, shown.ts)
        if proposal.message_ts is None:
            _put_report_in_thread(tx, proposal, shown, arrived)

    return write


def _put_report_in_thread(
    tx: Transaction, proposal: PolicyProposal, card: MessageRef, arrived: Arrived
) -> None:
    """Leave the whole report beside the card, for everybody who can read it."""
    for page in report_pages(shown_report(tx, proposal)):
        post(tx, arrived, page, card.channel_id, by=SYSTEM, thread_ts=card.ts)


async def show_policy_report(command: PolicyReportRequested, arrived: Arrived, context: Context) -> Write:
    """Fill the waiting window with the report, for members of the organisation; looking is written down."""
    colleague = await admit(command.by.id, None, context)

    def write(tx: Transaction) -> None:
        proposal = tx.policies.proposal(command.proposal_id)
        shown = colleague if isinstance(colleague, Notice) else UNKNOWN
        if proposal and not isinstance(colleague, Notice):
            filled = shown_report(tx, proposal)
            write_down(
                tx,
                arrived,
                "policy.report_shown",
                subject=None,
                actor=slack_actor(command.by.id),
                proposal_id=proposal.id,
            )
            fill(tx, arrived, filled, command.view_id, by=command.by.id, donor_id=None)
            return
        fill(tx, arrived, shown, command.view_id, by=command.by.id, donor_id=None)

    return write


def _read(tx: Transaction, proposal_id: str) -> tuple[PolicyProposal, PolicyCard] | None:
    proposal = tx.policies.proposal(proposal_id)
    return (proposal, card_of_proposal(tx, proposal)) if proposal else None


async def _show(proposal: PolicyProposal, card: PolicyCard, arrived: Arrived, context: Context) -> MessageRef:
    marker, refusals = f"proposal:{proposal.id}", list[Refused]()
    for place, channel in _places(proposal, context.organisation):
        try:
            return await context.chat.show_proposal(card, place, channel, marker, arrived.retry_since)
        except Refused as refused:
            refusals.append(refused)
    raise refusals[-1]


def _places(proposal: PolicyProposal, organisation: Organisation) -> list[tuple[MessageRef | None, str]]:
    channels = dict.fromkeys((organisation.governance, organisation.operations, organisation.review_channel))
    anew: list[tuple[MessageRef | None, str]] = [(None, channel) for channel in channels]
    if proposal.channel_id is None or proposal.message_ts is None:
        return anew
    return [(MessageRef(proposal.channel_id, proposal.message_ts), organisation.governance), *anew]
