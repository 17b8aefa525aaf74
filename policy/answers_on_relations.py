"""Answers about commitments, contacts and people: in cited sentences, or openly that nothing is recorded."""

from __future__ import annotations

import re

from policy.asked import LONGEST_ANSWER, Asked, Said
from policy.donor import Channel
from policy.sentences import outstanding, overdue


def pledge(a: Asked) -> Said:
    """Say what is outstanding, due next and overdue."""
    if not a.facts.currencies_of("pledge.balance"):
        yield "Nothing is outstanding on a pledge."
        return
    yield outstanding(a.writer, a.facts)
    if a.facts.day("pledge.next_due_on") and a.facts.money("pledge.next_due_amount"):
        yield a.writer.write(
            "The next payment of {pledge.next_due_amount} on the pledge is due on {pledge.next_due_on}."
        )
    if a.facts.flag("pledge.overdue") and a.facts.money("pledge.overdue_amount"):
        yield overdue(a.writer, a.facts)


def standing_gift(a: Asked) -> Said:
    """Say how the standing gift stands."""
    if not a.facts.text("recurring.status"):
        yield "No standing gift is recorded."
        return
    yield a.writer.write("The {recurring.frequency} gift of {recurring.amount} is {recurring.status}.")
    failed = a.facts.count("recurring.failed_payments")
    if failed:
        noun = "payment" if failed == 1 else "payments"
        yield a.writer.write(
            "The {recurring.frequency} gift of {recurring.amount} has {recurring.failed_payments} "
            f"failed {noun}."
        )


_SPOKEN = {
    Channel.EMAIL: ("e-?mail|write to|newsletter", "email"),
    Channel.PHONE: ("phone|call|ring|telephone", "phone calls"),
    Channel.MAIL: (r"\bpost|letter|\bmail\b", "mail"),
    Channel.SMS: ("text|sms", "text messages"),
    Channel.VISIT: ("visit", "visits"),
}


def consent(a: Asked) -> Said:
    """Say by which channels the donor may be reached, and for what."""
    named = [c for c, (words, _) in _SPOKEN.items() if re.search(words, a.question)] or list(_SPOKEN)
    unknown = []
    for channel in named:
        fact = f"consent.{channel.value}.fundraising"
        spoken = _SPOKEN[channel][1]
        if a.facts.text(fact) in (None, "unknown"):
            unknown.append(spoken)
        elif a.facts.text(fact) == "opted_out":
            yield a.writer.write(
                f"{{name}} has {{{fact}}} of {spoken} for fundraising.", name=a.writer.name()
            )
        else:
            yield a.writer.write(f"For {spoken} the consent is {{{fact}}}.")
    if unknown:
        yield f"No consent for fundraising is recorded for {', '.join(unknown)}."
    if a.facts.flag("donor.do_not_contact"):
        yield a.writer.write("{name} is marked “{donor.do_not_contact}”.", name=a.writer.name())


def last_contact(a: Asked) -> Said:
    """Say when somebody was last in touch."""
    if not a.facts.day("contact.last_on"):
        yield "No contact is recorded yet."
        return
    article = "an" if (a.facts.text("contact.last_kind") or "-")[0] in "aeiou" else "a"
    yield a.writer.write(f"The last contact was {article} {{contact.last_kind}} on {{contact.last_on}}.")


def next_contact(a: Asked) -> Said:
    """Say when somebody will be in touch."""
    if not a.facts.day("contact.next_on"):
        yield "No contact is planned."
        return
    yield a.writer.write("The next contact is on {contact.next_on}.")


def asks(a: Asked) -> Said:
    """Say what was asked for, and what is."""
    if not a.facts.day("ask.last_on"):
        yield "No ask is recorded."
        return
    yield a.writer.write("The last ask was on {ask.last_on}.")
    if a.facts.flag("ask.open"):
        yield a.writer.write("There is an {ask.open}.")


def tasks(a: Asked) -> Said:
    """Say what there is to do."""
    waiting = sorted((t for t in a.record.tasks if t.status == "open"), key=lambda t: (t.due_on, t.id))
    if not waiting:
        yield "No open task is recorded."
        return
    count = len(waiting)
    yield a.writer.write(
        f"There {'is' if count == 1 else 'are'} {{task.open_count}} open {'task' if count == 1 else 'tasks'}."
    )
    yield a.writer.write("The next task is due on {task.next_due_on}.")


def household(a: Asked) -> Said:
    """Say what the household gave."""
    if a.record.household is None:
        yield "No household is recorded."
        return
    others = [member.name for member in a.record.household_members]
    if others:
        yield f"In the same household: {', '.join(others[:LONGEST_ANSWER])}."
    given = a.facts.money("household.lifetime")
    if given is not None and given.minor:
        yield a.writer.write("The household has given {household.lifetime} in total.")


def owner(a: Asked) -> Said:
    """Say who looks after the donor."""
    if not a.facts.text("donor.owner"):
        yield "No relationship owner is recorded."
        return
    yield a.writer.write("The relationship owner is {donor.owner}.")


def stage(a: Asked) -> Said:
    """Say where in the lifecycle the donor is."""
    stage = a.writer.worded("donor.stage", a.record.donor.lifecycle_stage.value)
    yield a.writer.write("The CRM shows the stage as {stage}.", stage=stage)
    if a.record.donor.tier:
        yield a.writer.write("The tier is {donor.tier}.")


def death(a: Asked) -> Said:
    """Say whether a death is recorded."""
    if not a.facts.flag("donor.deceased"):
        yield "No death is recorded."
    elif a.facts.day("donor.deceased_on") is None:
        yield a.writer.write("{name} {donor.deceased}.", name=a.writer.name())
    else:
        died = a.writer.worded("donor.deceased", "died")
        yield a.writer.write("{name} {died} on {donor.deceased_on}.", name=a.writer.name(), died=died)


def complaints(a: Asked) -> Said:
    """Say whether a complaint is recorded."""
    if a.facts.flag("complaint.recent"):
        yield a.writer.write("A {complaint.recent} came in on {complaint.on}.")
    else:
        yield "No recent complaint is recorded."
