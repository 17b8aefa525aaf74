"""What to do when a donor needs care: a death, a refusal, a complaint, a reply, a missed payment."""

from __future__ import annotations

import re

from policy.actions import CreateTask, ScheduleFollowUp, SuppressChannel
from policy.claims import Claim
from policy.donor import Channel
from policy.events import CrmEventType
from policy.sentences import lifetime, overdue
from policy.situation import Proposal, Situation

_REFUSES = re.compile(
    r"\b(?:unsubscribe|opt(?:ed|ing)?[ -]out|take me off|remove me|stop (?:sending|e-?mailing|calling|writing"
    r"|texting|contacting)|do(?: not|n['’]t) (?:e-?mail|call|phone|write|text|contact)"
    r"|no (?:more|further) (?:e-?mails?|calls?|letters?|mail|mailings?|messages?|texts?))\b",
    re.IGNORECASE,
)
_CHANNEL_WORDS = (
    (Channel.PHONE, re.compile(r"\b(?:call|calls|calling|phone|phoning)\b", re.IGNORECASE)),
    (Channel.SMS, re.compile(r"\b(?:sms|texts?|texting|text messages?)\b", re.IGNORECASE)),
    (Channel.MAIL, re.compile(r"(?<![-\w])(?:letters?|post|postal|mail|mailings?|writing)\b", re.IGNORECASE)),
)
_COMPLAINS = re.compile(
    r"\b(?:complain\w*|unhappy|upset|angry|outrag\w*|disappointed|unacceptable|disgust\w*|offended|furious"
    r"|formal complaint|ombudsman|regulator)\b",
    re.IGNORECASE,
)


def donor_died(s: Situation) -> Proposal | None:
    """The donor has died: condolences and the estate, never an ask."""
    if not s.facts.flag("donor.deceased") or s.happened(CrmEventType.EMAIL_OPENED):
        return None
    title = f"Condolences and estate handling for {s.name}"
    if s.is_planned(title):
        return None
    on = ", on {donor.deceased_on}" if s.facts.day("donor.deceased_on") else ""
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details="Write to the family, stop all appeals, check pledges, standing gifts and any bequest.",
            due_on=s.within(2),
            assignee_id=s.owner_id,
        ),
        headline=f"{s.name} is recorded as deceased: stop all appeals and write to the family",
        signals=(s.writer.write(f"{{name}} {{donor.deceased}}{on}.", name=s.full_name()), *_owed(s)),
        alternatives=("Only stop the mailings: the family would hear nothing from us.",),
        unknowns=(*s.unknowns(), "Who speaks for the estate is not recorded."),
        rule="donor_died",
        urgent=True,
    )


def refused_channel(s: Situation) -> Proposal | None:
    """The donor asked us to stop: record it at once."""
    text = _said(s)
    if text is None or not _REFUSES.search(text):
        return None
    named = (channel for channel, words in _CHANNEL_WORDS if words.search(_refusal(text)))
    channel = next(named, Channel.EMAIL)
    if not s.may_reach(channel, "fundraising") and not s.may_reach(channel, "stewardship"):
        return None
    return Proposal(
        action=SuppressChannel(donor_id=s.donor_id, channel=channel),
        headline=f"{s.name} asks for no more contact by {channel.value}: record it",
        signals=(_heard(s),),
        alternatives=("Wait for the donor to use the preference form: they have said it already.",),
        unknowns=("Whether the request is meant for other channels too is not clear.",),
        rule="refused_channel",
        urgent=True,
    )


def complained(s: Situation) -> Proposal | None:
    """A complaint goes to the owner, as a person to answer it."""
    filed = s.note is not None and s.note.category == "complaint"
    said = s.happened(CrmEventType.REPLY_RECEIVED) and _COMPLAINS.search(_said(s) or "")
    writes = s.event is None or s.happened(CrmEventType.REPLY_RECEIVED)
    asked = writes and s.facts.flag("complaint.recent")
    title = f"Answer the complaint of {s.name}"
    if not (filed or said or asked) or s.is_planned(title):
        return None
    if s.facts.flag("complaint.recent"):
        signal = s.writer.write("A {complaint.recent} came in on {complaint.on}.")
    else:
        signal = _heard(s)
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details="Read the complaint in the CRM, answer personally, and hold appeals until it is settled.",
            due_on=s.within(1),
            assignee_id=s.owner_id,
        ),
        headline=f"{s.name} has complained: answer personally before anything else goes out",
        signals=(signal,),
        alternatives=("Reply with a standard letter: it tends to make a complaint worse.",),
        unknowns=s.unknowns(),
        rule="complained",
        urgent=True,
    )


def replied(s: Situation) -> Proposal | None:
    """The donor wrote: answer them."""
    interaction = s.interaction
    if not s.happened(CrmEventType.REPLY_RECEIVED) or interaction is None:
        return None
    title = f"Answer {s.name}'s reply"
    channel = Channel.EMAIL if s.may_reach(Channel.EMAIL) else Channel.PHONE
    if s.is_planned(title):
        return None
    return Proposal(
        action=ScheduleFollowUp(
            donor_id=s.donor_id,
            title=title,
            details="Read the reply in the CRM first.",
            channel=channel,
            due_on=s.within(1),
            assignee_id=_colleague(s, interaction.staff_id),
        ),
        headline=f"{s.name} replied: answer within a day",
        signals=(_heard(s), *_lifetime(s)),
        alternatives=("A call: quicker if the reply asks for one.",),
        unknowns=s.unknowns(channel),
        rule="replied",
    )


def met(s: Situation) -> Proposal | None:
    """A meeting took place: write it up and keep what was promised."""
    interaction = s.interaction
    if not s.happened(CrmEventType.MEETING_COMPLETED) or interaction is None:
        return None
    day = s.day_of(interaction.at)
    title = f"Follow up on the meeting with {s.name}"
    if s.is_planned(title):
        return None
    sentence = s.writer.write(
        "There was a {kind} with {name} on {day}.",
        kind=s.writer.status(interaction.id, "kind", interaction.kind),
        name=s.full_name(),
        day=s.writer.of_record(interaction.id, "at", day),
    )
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details="Thank them for their time, write down what was said, and do what was promised.",
            due_on=s.within(3),
            assignee_id=_colleague(s, interaction.staff_id),
        ),
        headline=f"Meeting with {s.name} completed: follow up within three days",
        signals=(sentence, *_lifetime(s)),
        alternatives=("Wait for the donor to come back: momentum is lost.",),
        unknowns=(*s.unknowns(), "What was agreed in the meeting is only known to those who were there."),
        rule="met",
    )


def payment_missing(s: Situation) -> Proposal | None:
    """A pledge or standing payment did not come: a kind word, not a reminder letter."""
    if not s.is_asked or not (s.facts.flag("pledge.overdue") or s.facts.count("recurring.failed_payments")):
        return None
    signals = _owed(s)
    channel = Channel.PHONE if s.may_reach(Channel.PHONE) else Channel.EMAIL
    title = f"Talk to {s.name} about the missed payment"
    if s.is_planned(title) or not signals or s.facts.flag("donor.do_not_contact"):
        return None
    return Proposal(
        action=ScheduleFollowUp(
            donor_id=s.donor_id,
            title=title,
            details="Ask whether anything has changed; offer a new date or a smaller instalment.",
            channel=channel,
            due_on=s.within(3),
            assignee_id=s.owner_id,
        ),
        headline=f"A payment from {s.name} is missing: ask kindly",
        signals=signals,
        alternatives=("A written reminder: colder, and often a card has simply run out.",),
        unknowns=s.unknowns(channel),
        rule="payment_missing",
        about=_owing(s),
    )


def campaign_on_hold(s: Situation) -> Proposal | None:
    """A campaign stopped while an ask for it is planned: hold the ask, then or when somebody asks."""
    if s.event is not None and not s.happened(CrmEventType.CAMPAIGN_STATUS_CHANGED):
        return None
    stopped = s.event.record_id if s.event else None
    planned = {i.campaign_id for i in s.record.interactions if i.is_ask and i.status == "planned"}
    on_hold = (c for c in s.record.campaigns if c.status in ("paused", "cancelled") and c.id in planned)
    campaign = next((c for c in on_hold if stopped in (None, c.id)), None)
    if campaign is None:
        return None
    title = f"Hold the ask of {s.name} for {campaign.name}"
    if s.is_planned(title):
        return None
    sentence = s.writer.write(
        "The campaign {campaign} is {status}.",
        campaign=s.writer.named(campaign.id, "name", campaign.name),
        status=s.writer.status(campaign.id, "status", campaign.status),
    )
    return Proposal(
        action=CreateTask(donor_id=s.donor_id, title=title, due_on=s.within(1), assignee_id=s.owner_id),
        headline=f"{campaign.name} is {campaign.status}: hold the planned ask of {s.name}",
        signals=(sentence, s.writer.write("There is an {ask.open}.")),
        alternatives=("Ask for another campaign: needs a new conversation with the donor.",),
        unknowns=s.unknowns(),
        rule="campaign_on_hold",
        about=(campaign.id,),
    )


def _colleague(s: Situation, staff_id: str | None) -> str | None:
    """Return whoever spoke with the donor, or the owner when that person is unknown or has left."""
    spoke = next((member for member in s.record.staff if member.id == staff_id), None)
    return staff_id if staff_id and (spoke is None or spoke.active) else s.owner_id


def _said(s: Situation) -> str | None:
    """Return what the donor wrote, or what a colleague noted down; never what a stranger wrote in a note."""
    if s.happened(CrmEventType.REPLY_RECEIVED) and s.interaction is not None:
        return f"{s.interaction.subject}\n{s.interaction.body}"
    if s.happened(CrmEventType.NOTE_ADDED) and s.note is not None and not s.note.external_author:
        return s.note.text
    return None


def _refusal(text: str) -> str:
    found = _REFUSES.search(text)
    return text[max(0, found.start() - 20) : found.end() + 30] if found else text


def _heard(s: Situation) -> Claim:
    w = s.writer
    if s.interaction is not None:
        return w.write(
            "A {kind} from {name} came in on {day}.",
            kind=w.status(s.interaction.id, "kind", s.interaction.kind),
            name=s.full_name(),
            day=w.of_record(s.interaction.id, "at", s.day_of(s.interaction.at)),
        )
    if s.note is None:
        return w.write("There is a message from {name}.", name=s.full_name())
    day = w.of_record(s.note.id, "written_at", s.day_of(s.note.written_at))
    return w.write("A note on {name} was recorded on {day}.", name=s.full_name(), day=day)


def _lifetime(s: Situation) -> tuple[Claim, ...]:
    if (s.facts.count("giving.count") or 0) < 2:
        return ()
    sentence = f"{{name}} has given {lifetime(s.facts)} in {{giving.count}} gifts since {{giving.first_on}}."
    return (s.writer.write(sentence, name=s.writer.short_name()),)


def _owing(s: Situation) -> tuple[str, ...]:
    """Return the pledges and standing gifts on which something is missing."""
    missing = ("pledge.overdue", "recurring.failed_payments")
    facts = (s.facts.get(each) for each in missing if s.facts.flag(each) or s.facts.count(each))
    return tuple(dict.fromkeys(record for fact in facts if fact for record in fact.records))


def _owed(s: Situation) -> tuple[Claim, ...]:
    signals = []
    if s.facts.flag("pledge.overdue") and s.facts.money("pledge.overdue_amount"):
        signals.append(overdue(s.writer, s.facts))
    failed = s.facts.count("recurring.failed_payments")
    if failed:
        noun = "payment" if failed == 1 else "payments"
        signals.append(
            s.writer.write(
                "The {recurring.frequency} gift of {recurring.amount} has {recurring.failed_payments} "
                f"failed {noun}."
            )
        )
    return tuple(signals)
