"""What to do next when nothing has just happened: what lies ahead, what was left open, and who went quiet."""

from __future__ import annotations

from datetime import date, timedelta

from policy.actions import CreateTask, ScheduleFollowUp, UpdateStage
from policy.claims import Claim
from policy.donor import Channel, Interaction, LifecycleStage, Tier
from policy.facts import is_unread
from policy.facts_model import spelled_date
from policy.sentences import in_each_currency, lifetime
from policy.situation import Proposal, Situation

PREPARE_DAYS = 14
INSTALMENT_DAYS = 30
REPLY_DAYS = 45
QUIET_DAYS = 180
QUIET_DAYS_FOR_OTHERS = 365
_IN_PERSON = ("meeting", "visit", "call", "event")
_CLOSE = (Tier.MID_LEVEL, Tier.MAJOR, Tier.PRINCIPAL)


def reply_unanswered(s: Situation) -> Proposal | None:
    """The donor wrote and nobody has answered since: answer them."""
    reply = _unanswered(s)
    title = f"Answer {s.name}'s reply"
    if s.event is not None or reply is None or s.is_planned(title):
        return None
    channel = Channel.EMAIL if s.may_reach(Channel.EMAIL) else Channel.PHONE
    sentence = s.writer.write(
        "A {kind} from {name} came in on {day}.",
        kind=s.writer.status(reply.id, "kind", reply.kind),
        name=s.full_name(),
        day=s.writer.of_record(reply.id, "at", s.day_of(reply.at)),
    )
    return Proposal(
        action=ScheduleFollowUp(
            donor_id=s.donor_id,
            title=title,
            details="Read the reply in the CRM first.",
            channel=channel,
            due_on=s.within(1),
            assignee_id=s.owner_id,
        ),
        headline=f"{s.name} wrote and nobody has answered: answer now",
        signals=(sentence, *_giving(s)),
        alternatives=("A call: quicker if the reply asks for one.",),
        unknowns=s.unknowns(channel),
        rule="reply_unanswered",
        about=(reply.id,),
    )


def meeting_ahead(s: Situation) -> Proposal | None:
    """A meeting is planned: have somebody prepare it."""
    meeting = next_meeting(s)
    if s.event is not None or meeting is None:
        return None
    day = s.day_of(meeting.at)
    title = f"Prepare the {meeting.kind} with {s.name} on {spelled_date(day)}"
    if s.is_planned(title):
        return None
    sentence = s.writer.write("The next contact is on {contact.next_on}.")
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details="Read the summary and the history, agree the aim, and note what must not be forgotten.",
            due_on=s.within((day - s.today).days - 1),
            assignee_id=s.owner_id,
        ),
        headline=f"A {meeting.kind} with {s.name} is planned: prepare it",
        signals=(sentence, *_giving(s)),
        alternatives=("Go without preparing: what was promised last time may be forgotten.",),
        unknowns=s.unknowns(),
        rule="meeting_ahead",
        about=(meeting.id,),
    )


def instalment_due(s: Situation) -> Proposal | None:
    """An instalment of a pledge is due soon: a friendly word ahead of it."""
    due_on = s.facts.day("pledge.next_due_on")
    if s.event is not None or due_on is None or due_on - s.today > timedelta(days=INSTALMENT_DAYS):
        return None
    if s.facts.money("pledge.next_due_amount") is None or not s.facts.currencies_of("pledge.balance"):
        return None
    title = f"Let {s.name} know of the instalment due on {spelled_date(due_on)}"
    if s.is_planned(title):
        return None
    sentence = s.writer.write(
        "The next payment of {pledge.next_due_amount} on the pledge is due on {pledge.next_due_on}."
    )
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details="Say thank you for what was paid, and name the date and the amount of what comes next.",
            due_on=s.within(min(7, max(0, (due_on - s.today).days - 3))),
            assignee_id=s.owner_id,
        ),
        headline=f"An instalment of {s.name} is due on {spelled_date(due_on)}: say so kindly beforehand",
        signals=(sentence,),
        alternatives=("Wait for the payment: a late one is harder to speak about.",),
        unknowns=s.unknowns(),
        rule="instalment_due",
        leads_to_contact=s.withheld is None,
    )


def stage_behind(s: Situation) -> Proposal | None:
    """The lifecycle stage in the CRM no longer says what the gifts say: move the donor."""
    if s.event is not None:
        return None
    found = _stage_by_gifts(s)
    if found is None or found[0] is s.record.donor.lifecycle_stage:
        return None
    stage, signals, why = found
    if stage is LifecycleStage.REACTIVATION and s.withheld:
        return None  # being won back means being written to
    return Proposal(
        action=UpdateStage(donor_id=s.donor_id, stage=stage),
        headline=f"{s.name} {why}: move to {stage.value}",
        signals=(*signals, _stage(s)),
        alternatives=("Leave the stage: mailings chosen by stage would miss or mistake this donor.",),
        unknowns=s.unknowns(),
        rule="stage_behind",
    )


def gone_quiet(s: Situation) -> Proposal | None:
    """Nobody has been in touch for long: a personal word that asks for nothing."""
    last = s.facts.day("contact.last_on")
    close = s.record.donor.tier in _CLOSE
    quiet = timedelta(days=QUIET_DAYS if close else QUIET_DAYS_FOR_OTHERS)
    if s.event is not None or not s.facts.count("giving.count") or s.facts.day("contact.next_on"):
        return None
    unrecorded = last is None and close and not is_unread(s.record, "interactions")
    if s.withheld or not (unrecorded or (last is not None and s.today - last > quiet)):
        return None
    order = (Channel.PHONE, Channel.EMAIL, Channel.MAIL)
    channel = next((each for each in order if s.may_reach(each)), None)
    title = f"Be in touch with {s.name}"
    if channel is None or s.is_planned(title):
        return None
    headline = f"Nobody has been in touch with {s.name} for long: a personal word"
    if last is None:
        headline = f"No contact with {s.name} is recorded: a personal word"
    return Proposal(
        action=ScheduleFollowUp(
            donor_id=s.donor_id,
            title=title,
            details="Say what their gifts have made possible. This is not an ask.",
            channel=channel,
            due_on=s.within(10),
            assignee_id=s.owner_id,
        ),
        headline=headline,
        signals=(*_last_contact(s), *(_giving(s) or _one_gift(s) if last is None else _giving(s))),
        alternatives=("Leave it to the newsletter: it builds no relationship.",),
        unknowns=s.unknowns(channel),
        rule="gone_quiet",
    )


def _last_contact(s: Situation) -> tuple[Claim, ...]:
    if s.facts.day("contact.last_on") is None:
        return ()
    article = "an" if (s.facts.text("contact.last_kind") or "-")[0] in "aeiou" else "a"
    return (s.writer.write(f"The last contact was {article} {{contact.last_kind}} on {{contact.last_on}}."),)


def owner_missing(s: Situation) -> Proposal | None:
    """Nobody looks after the donor: find somebody who does."""
    if s.event is not None or s.owner_id is not None or s.record.donor.tier not in _CLOSE:
        return None
    title = f"Find a relationship owner for {s.name}"
    if s.is_planned(title):
        return None
    return Proposal(
        action=CreateTask(donor_id=s.donor_id, title=title, due_on=s.within(7)),
        headline=f"Nobody looks after {s.name}: find an owner",
        signals=_giving(s) or _one_gift(s) or (s.writer.write("The tier is {donor.tier}."),),
        alternatives=("Leave it: nobody would see what this donor writes or gives.",),
        unknowns=s.unknowns(),
        rule="owner_missing",
    )


def consent_unknown(s: Situation) -> Proposal | None:
    """Nothing is known of how the donor wants to hear from us: find out."""
    channels = (Channel.EMAIL, Channel.PHONE, Channel.MAIL)
    known = (s.facts.text(f"consent.{each.value}.fundraising") for each in channels)
    title = f"Find out how {s.name} wants to hear from us"
    if s.event is not None or any(one != "unknown" for one in known) or s.is_planned(title):
        return None
    if s.withheld:
        return None
    if not s.facts.count("giving.count"):
        return None
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details="Look at how they came to us, and record consent for each channel.",
            due_on=s.within(10),
            assignee_id=s.owner_id,
        ),
        headline=f"How {s.name} wants to hear from us is not recorded: find out",
        signals=(
            s.writer.write("Permission for email is {consent.email.fundraising}."),
            *(_giving(s) or _one_gift(s)),
        ),
        alternatives=("Wait for the next reply: until then nobody may write by e-mail or text message.",),
        unknowns=s.unknowns(*channels),
        rule="consent_unknown",
    )


def next_meeting(s: Situation) -> Interaction | None:
    """Return the earliest meeting, visit, call or event planned for the days ahead."""
    ahead = [
        each
        for each in s.record.interactions
        if each.status == "planned" and each.kind in _IN_PERSON and _is_ahead(s, s.day_of(each.at))
    ]
    first = min(ahead, key=lambda each: (each.at, each.id), default=None)
    named = s.facts.get("contact.next_on")
    return first if first and named and named.records == (first.id,) else None


def _is_ahead(s: Situation, day: date) -> bool:
    return s.today <= day <= s.today + timedelta(days=PREPARE_DAYS)


def _unanswered(s: Situation) -> Interaction | None:
    done = [each for each in s.record.interactions if each.status == "completed"]
    replies = [each for each in done if each.direction == "inbound" and each.kind == "reply"]
    latest = max(replies, key=lambda each: (each.at, each.id), default=None)
    if latest is None or s.today - s.day_of(latest.at) > timedelta(days=REPLY_DAYS):
        return None
    answered = any(each.direction == "outbound" and each.at > latest.at for each in done)
    return None if answered else latest


def _stage_by_gifts(s: Situation) -> tuple[LifecycleStage, tuple[Claim, ...], str] | None:
    """Return the stage that the gifts speak for, why, and the words for it; None where they say nothing."""
    now, status = s.record.donor.lifecycle_stage, s.facts.text("giving.status")
    gave = bool(s.facts.currencies_of("giving.this_year"))
    if now is LifecycleStage.REACTIVATION and gave:
        given = in_each_currency(s.facts, "giving.this_year")
        said = s.writer.write(f"{{name}} gave {given} in {{fiscal_year.current}}.", name=s.full_name())
        return LifecycleStage.STEWARDSHIP, (said,), "is giving again"
    if now in (LifecycleStage.ACQUISITION, LifecycleStage.QUALIFICATION) and gave and status == "retained":
        return LifecycleStage.STEWARDSHIP, _giving(s), "gives year after year"
    if now in (LifecycleStage.STEWARDSHIP, LifecycleStage.RETENTION) and s.facts.flag("giving.sybunt"):
        said = s.writer.write(
            "{name} {giving.sybunt}: the last gift came {giving.days_since_last} days ago.",
            name=s.full_name(),
        )
        return LifecycleStage.REACTIVATION, (said,), "has lapsed"
    return None


def _stage(s: Situation) -> Claim:
    stage = s.writer.worded("donor.stage", s.record.donor.lifecycle_stage.value)
    return s.writer.write("The CRM shows the stage as {stage}.", stage=stage)


def _giving(s: Situation) -> tuple[Claim, ...]:
    if (s.facts.count("giving.count") or 0) < 2:
        return ()
    sentence = f"{{name}} has given {lifetime(s.facts)} in {{giving.count}} gifts since {{giving.first_on}}."
    return (s.writer.write(sentence, name=s.writer.short_name()),)


def _one_gift(s: Situation) -> tuple[Claim, ...]:
    if not s.facts.count("giving.count"):
        return ()
    return (s.writer.write("The last gift was {giving.last_amount} on {giving.last_on}."),)
