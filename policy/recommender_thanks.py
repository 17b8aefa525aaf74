"""What to do when a gift or pledge arrives: thank in time, and notice who came back."""

from __future__ import annotations

from policy.actions import CreateTask, ScheduleFollowUp, UpdateStage
from policy.claims import Claim, Slot, SlotKind
from policy.donor import Channel, Gift, LifecycleStage
from policy.events import CrmEventType
from policy.facts_contact import acknowledgement_due, unacknowledged
from policy.facts_giving import CASH_LIKE
from policy.facts_model import spelled_date
from policy.phrases import wording
from policy.sentences import in_each_currency, lifetime, outstanding, soft_credit
from policy.situation import Proposal, Situation

MAJOR_CALL_DAYS = 2


def refunded_gift(s: Situation) -> Proposal | None:
    """A refund: somebody should find out why before anything else is sent."""
    gift = s.gift
    if not s.happened(CrmEventType.DONATION_RECEIVED) or gift is None or gift.status != "refunded":
        return None
    title = f"Check the refund of {gift.amount} to {s.name}"
    return Proposal(
        action=CreateTask(donor_id=s.donor_id, title=title, due_on=s.within(2), assignee_id=s.owner_id),
        headline=f"A gift of {gift.amount} was refunded: find out why",
        signals=(gift_sentence(s, gift),),
        alternatives=("Leave it to gift processing: the donor may expect to hear from you.",),
        unknowns=s.unknowns(),
        rule="refunded_gift",
        about=(gift.id,),
    )


def came_back(s: Situation) -> Proposal | None:
    """A donor we were winning back has given: they are a donor to look after again."""
    gift = s.gift
    if not s.happened(CrmEventType.DONATION_RECEIVED) or gift is None or not _counts(s, gift):
        return None
    recaptured = s.facts.text("giving.status") == "recaptured"
    if not recaptured or s.record.donor.lifecycle_stage is not LifecycleStage.REACTIVATION:
        return None
    if is_major(s, gift):
        return None
    given = in_each_currency(s.facts, "giving.this_year")
    sentence = s.writer.write(
        f"{{name}} {{giving.status}} and gave {given} in {{fiscal_year.current}}.", name=s.full_name()
    )
    return Proposal(
        action=UpdateStage(donor_id=s.donor_id, stage=LifecycleStage.STEWARDSHIP),
        headline=f"{s.name} is giving again: move from reactivation to stewardship",
        signals=(gift_sentence(s, gift), sentence, _stage_sentence(s)),
        alternatives=(
            "Thank first and leave the stage: win-back appeals would keep going out.",
            "Move to retention: usual after a second gift.",
        ),
        unknowns=s.unknowns(),
        rule="came_back",
        about=(gift.id,),
    )


def gift_to_thank_for(s: Situation) -> Proposal | None:
    """A gift waits for thanks: a call for a major gift, else a letter, within the organisation's time."""
    gift = _gift_waiting(s)
    if gift is None:
        return None
    major = is_major(s, gift)
    by_call = major and s.may_reach(Channel.PHONE)
    how = "call" if by_call else "letter"
    late = (gift.received_on - s.today).days
    due_in = (acknowledgement_due(gift, s.facts.conventions.acknowledgement_sla_hours) - s.today).days
    due_in = min(due_in, late + MAJOR_CALL_DAYS) if major else due_in
    title = f"Thank-you {how} to {s.name} for {gift.amount}"
    if s.withheld:
        title = f"Decide how to acknowledge {gift.amount} from {s.name}"
    if s.is_planned(title):
        return None
    return Proposal(
        action=CreateTask(
            donor_id=s.donor_id,
            title=title,
            details=f"For the gift of {gift.amount} of {spelled_date(gift.received_on)} ({gift.id}).",
            due_on=s.within(due_in),
            assignee_id=s.owner_id,
        ),
        headline=_thanks_headline(s, gift, how),
        signals=_gift_signals(s, gift),
        alternatives=_NO_THANKS if s.withheld else other_thanks(by_call=by_call, major=major),
        unknowns=s.unknowns(Channel.PHONE if by_call else Channel.MAIL),
        rule="gift_to_thank_for",
        leads_to_contact=s.withheld is None,
        about=(gift.id,),
        urgent=_is_large(s, gift),
    )


def advised_gift(s: Situation) -> Proposal | None:
    """Somebody else's gift for which this donor is recognised: thank without receipt language."""
    gift = s.gift
    if not s.happened(CrmEventType.DONATION_RECEIVED) or gift is None or gift.donor_id == s.donor_id:
        return None
    channel = Channel.PHONE if s.may_reach(Channel.PHONE) else Channel.MAIL
    title = f"Thank {s.name} for the gift they are recognised for"
    if s.is_planned(title) or not s.facts.currencies_of("giving.soft_credit"):
        return None
    return Proposal(
        action=ScheduleFollowUp(
            donor_id=s.donor_id,
            title=title,
            details="Soft credit: no tax receipt language, the legal donor has the receipt.",
            channel=channel,
            due_on=s.within(2),
            assignee_id=s.owner_id,
        ),
        headline=f"{s.name} has soft credit for a new gift: thank them personally",
        signals=(soft_credit(s.writer, s.facts),),
        alternatives=("Thank only the legal donor: the person behind the gift would hear nothing.",),
        unknowns=s.unknowns(channel),
        rule="advised_gift",
        about=(gift.id,),
    )


def pledge_renewed(s: Situation) -> Proposal | None:
    """A pledge or standing gift was renewed: say thank you."""
    if not s.happened(CrmEventType.PLEDGE_RENEWED):
        return None
    title = (
        f"Decide how to acknowledge that {s.name} renewed" if s.withheld else f"Thank {s.name} for renewing"
    )
    signals = commitment_signals(s)
    if s.is_planned(title) or not signals:
        return None
    return Proposal(
        action=CreateTask(donor_id=s.donor_id, title=title, due_on=s.within(2), assignee_id=s.owner_id),
        headline=_renewed_headline(s),
        signals=signals,
        alternatives=("Wait for the first payment: the promise itself deserves thanks.",),
        unknowns=s.unknowns(),
        rule="pledge_renewed",
        leads_to_contact=s.withheld is None,
        about=(s.event.record_id,) if s.event and s.event.record_id else (),
    )


def _thanks_headline(s: Situation, gift: Gift, how: str) -> str:
    what = f"{'Major gift' if _is_large(s, gift) else 'Gift'} of {gift.amount} from {s.name}"
    if s.withheld:
        return f"{what}, who is {s.withheld}: decide how to acknowledge it"
    return f"{what}: thank them by {how}"


def _renewed_headline(s: Situation) -> str:
    if s.withheld:
        return f"{s.name}, who is {s.withheld}, renewed: decide how to acknowledge it"
    return f"{s.name} renewed: thank them personally"


def _gift_waiting(s: Situation) -> Gift | None:
    waiting = unacknowledged(s.record)
    if s.happened(CrmEventType.DONATION_RECEIVED):
        return next((gift for gift in waiting if s.gift is not None and gift.id == s.gift.id), None)
    return waiting[0] if s.event is None and waiting else None


def _counts(s: Situation, gift: Gift) -> bool:
    return gift.donor_id == s.donor_id and gift.status == "completed" and gift.type in CASH_LIKE


def _is_large(s: Situation, gift: Gift) -> bool:
    return s.facts.conventions.is_major(gift.amount)


def is_major(s: Situation, gift: Gift) -> bool:
    """Say whether the gift or the donor calls for the care of major giving."""
    tier = s.record.donor.tier
    return _is_large(s, gift) or (tier is not None and tier.value in ("major", "principal"))


def gift_sentence(s: Situation, gift: Gift) -> Claim:
    """Say that a gift came in, with what is unusual about it."""
    w = s.writer
    slots: dict[str, Slot] = {
        "name": w.name(),
        "amount": w.of_record(gift.id, "amount", gift.amount),
        "day": w.of_record(gift.id, "received_on", gift.received_on),
    }
    template = "{name} gave {amount} on {day}"
    if gift.status != "completed":
        slots["status"] = w.status(gift.id, "status", gift.status)
        template += ", a gift now {status}"
    if gift.type not in CASH_LIKE:
        slots["type"] = w.status(gift.id, "type", gift.type)
        template += ", a {type} gift" if gift.type == "planned" else ", {type}"
    campaign = next((c for c in s.record.campaigns if c.id == gift.campaign_id), None)
    if campaign is not None:
        slots["campaign"] = Slot(kind=SlotKind.NAME, text=campaign.name, record=campaign.id, field="name")
        template += ", for {campaign}"
    return w.write(f"{template}.", **slots)


def _stage_sentence(s: Situation) -> Claim:
    slot = Slot(
        kind=SlotKind.ENUM,
        text=wording("donor.stage", s.record.donor.lifecycle_stage.value),
        fact="donor.stage",
    )
    return s.writer.write("The CRM shows the stage as {stage}.", stage=slot)


def _gift_signals(s: Situation, gift: Gift) -> tuple[Claim, ...]:
    w = s.writer
    signals = [gift_sentence(s, gift)]
    if s.facts.text("giving.status") == "new":
        signals.append(
            w.write("{name} is {new}.", name=w.short_name(), new=w.worded("giving.status", "a new donor"))
        )
    largest = s.facts.get("giving.largest_amount")
    several = (s.facts.count("giving.count") or 0) > 1
    if several and largest is not None and largest.records == (gift.id,):
        signals.append(w.write("It is the largest gift on record, at {giving.largest_amount}."))
    elif several:
        signals.append(
            w.write(
                f"{{name}} has given {lifetime(s.facts)} in {{giving.count}} gifts since "
                "{giving.first_on}.",
                name=w.short_name(),
            )
        )
    due = s.facts.get("acknowledgement.due_on")
    if due is not None and due.records == (gift.id,):
        signals.append(w.write("Thanks are due by {acknowledgement.due_on}."))
    return tuple(signals)


def commitment_signals(s: Situation) -> tuple[Claim, ...]:
    """Say how the pledge or the standing gift stands."""
    if s.facts.currencies_of("pledge.balance"):
        return (outstanding(s.writer, s.facts),)
    if s.facts.text("recurring.status") == "active":
        return (
            s.writer.write(
                "A {recurring.frequency} gift of {recurring.amount} has been {recurring.status} since "
                "{recurring.started_on}."
            ),
        )
    return ()


_NO_THANKS = ("Send nothing at all: a receipt may still be owed.",)


def other_thanks(*, by_call: bool, major: bool) -> tuple[str, ...]:
    """Name the other ways to thank."""
    if by_call:
        return ("A letter: slower, and less personal for a gift of this size.",)
    if major:
        return ("A call: the donor asked not to be phoned.",)
    return ("A call: worthwhile where you know the donor well.", "An e-mail receipt alone: less personal.")
