"""What is triaged, and what a person is asked to look into when no other step is called for."""

from __future__ import annotations

from datetime import date

from policy.actions import CreateTask
from policy.claims import Claim
from policy.donor import DonorRecord
from policy.events import CrmEvent, CrmEventType
from policy.facts_model import DonorFacts
from policy.situation import Proposal, Situation
from policy.summariser import facts_summary
from policy.timeline import SPECIAL_CATEGORIES
from policy.triage import Triage, triage
from policy.triage_words import Topic

TRIAGED = frozenset({CrmEventType.REPLY_RECEIVED, CrmEventType.NOTE_ADDED, CrmEventType.MEETING_COMPLETED})
FLAGGED_FIELDS = ("deceased", "deceased_on", "do_not_contact", "legal_review", "vulnerable", "sensitive")
_CALL_FOR_SOMEBODY = frozenset(Topic) - {Topic.TIMING, Topic.OPPORTUNITY}
_MOST_SENTENCES = 4
_DAYS = {"now": 1, "soon": 3, "routine": 5}


def triaged(event: CrmEvent, record: DonorRecord, facts: DonorFacts) -> Triage | None:
    """Return the triage of what happened; None for what needs none, such as a gift or a new address."""
    if event.type in TRIAGED:
        return triage(facts, said_in(event, record))
    if event.type is CrmEventType.DONOR_UPDATED and set(event.fields) & set(FLAGGED_FIELDS):
        return triage(facts)
    return None


def said_in(event: CrmEvent, record: DonorRecord) -> str:
    """Return the words of the message, note or meeting; nothing of notes on health, family and wealth."""
    note = next((n for n in record.notes if n.id == event.record_id), None)
    if note is not None:
        return "" if note.category in SPECIAL_CATEGORIES else note.text
    interaction = next((i for i in record.interactions if i.id == event.record_id), None)
    return f"{interaction.subject}\n{interaction.body}" if interaction else ""


def to_look_into(
    found: Triage, event: CrmEvent, record: DonorRecord, facts: DonorFacts, today: date
) -> Proposal | None:
    """Return the task of looking into what no other rule has an answer to; None where nobody is needed."""
    situation = Situation(record=record, facts=facts, event=event, today=today)
    if record.donor.merged_into is not None or record.donor.deceased:
        return None
    if event.type is CrmEventType.DONOR_UPDATED:
        return _flagged(found, situation, event)
    if not _CALL_FOR_SOMEBODY & set(found.topics):
        return None
    what = "note on" if situation.note is not None else "message from"
    return _task(found, situation, f"Look into the {what} {situation.name}", (_heard(situation),))


def passed_on(found: Triage, record: DonorRecord, facts: DonorFacts, today: date) -> Proposal:
    """Return the task of looking into a message that a colleague passed on."""
    situation = Situation(record=record, facts=facts, event=None, today=today)
    title = f"Look into the message about {situation.name}"
    return _task(found, situation, title, facts_summary(record, facts)[:2], "passed_on")


def escalation_summary(
    signals: tuple[Claim, ...], record: DonorRecord, facts: DonorFacts
) -> tuple[Claim, ...]:
    """Return what whoever decides should know: the reasons, then the most important facts besides."""
    said = {claim.text for claim in signals}
    more = (claim for claim in facts_summary(record, facts) if claim.text not in said)
    return (*signals, *more)[: max(_MOST_SENTENCES, len(signals))]


def _flagged(found: Triage, s: Situation, event: CrmEvent) -> Proposal | None:
    flags = {
        "legal_review": ("donor.legal_review", "now under legal review"),
        "do_not_contact": ("donor.do_not_contact", "now marked do not contact"),
        "vulnerable": ("donor.vulnerable", "now marked as perhaps vulnerable"),
    }
    for field, (fact_id, words) in flags.items():
        if field in event.fields and s.facts.flag(fact_id):
            signal = s.writer.write(f"{{name}} is {{{fact_id}}}.", name=s.full_name())
            return _task(found, s, f"Check what is planned for {s.name}, {words}", (signal,))
    return None


def _task(
    found: Triage, s: Situation, title: str, signals: tuple[Claim, ...], rule: str = "triage"
) -> Proposal:
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details="Read it in full, decide who answers, and hold what is planned until then.",
            due_on=s.within(_DAYS[found.level]),
            assignee_id=s.owner_id,
        ),
        headline=title,
        signals=signals,
        alternatives=("Leave it until the next contact: what it says may not wait that long.",),
        unknowns=s.unknowns(),
        rule=rule,
        about=(s.event.record_id,) if s.event and s.event.record_id else (),
        urgent=found.level == "now",
    )


def _heard(s: Situation) -> Claim:
    w = s.writer
    if s.note is not None:
        day = w.of_record(s.note.id, "written_at", s.day_of(s.note.written_at))
        return w.write("A note on {name} was recorded on {day}.", name=s.full_name(), day=day)
    if s.interaction is not None:
        return w.write(
            "A {kind} from {name} came in on {day}.",
            kind=w.status(s.interaction.id, "kind", s.interaction.kind),
            name=s.full_name(),
            day=w.of_record(s.interaction.id, "at", s.day_of(s.interaction.at)),
        )
    return w.write("There is a message from {name}.", name=s.full_name())
