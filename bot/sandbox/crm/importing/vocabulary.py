"""Words that exports use for yes and no, gift types, stages and the rest, and what they mean here."""

from __future__ import annotations

from typing import Final, TypeVar

from bot.sandbox.crm.model import (
    AcknowledgementStatus,
    ConsentStatus,
    Direction,
    DonorType,
    GiftStatus,
    GiftType,
    InteractionKind,
    InteractionStatus,
    LifecycleStage,
    ProcessingRegion,
    Tier,
)

YES: Final = frozenset(["yes", "y", "true", "t", "1", "x", "checked", "on", "ja", "oui", "si"])
NO: Final = frozenset(["no", "n", "false", "f", "0", "unchecked", "off", "nein", "non"])

_AND_YES: Final = " " + " ".join(sorted(YES))
_AND_NO: Final = " " + " ".join(sorted(NO))

Meaning = TypeVar("Meaning", bound=str)


def _meanings(words: dict[Meaning, str]) -> dict[str, Meaning]:
    """The meaning of each word, from the words of each meaning; words are written as `plain` leaves them."""
    return {word: meaning for meaning, text in words.items() for word in text.split()}


DONOR_TYPES: Final[dict[str, DonorType]] = _meanings(
    {
        "individual": "individual i person household householdcontact contact",
        "organization": "organization organisation o company foundation corporation business",
    }
)
STAGES: Final[dict[str, LifecycleStage]] = _meanings(
    {
        "acquisition": "acquisition identification identified prospect new",
        "qualification": "qualification qualified discovery research",
        "cultivation": "cultivation cultivating",
        "solicitation": "solicitation solicited ask askmade proposal",
        "stewardship": "stewardship stewarded stewarding",
        "retention": "retention renewal active",
        "reactivation": "reactivation lapsed recapture lybunt sybunt",
    }
)
TIERS: Final[dict[str, Tier]] = _meanings(
    {
        "annual": "annual annualfund general",
        "mid_level": "midlevel mid middle",
        "major": "major majorgift majordonor majorgifts",
        "principal": "principal principalgift leadership principalgifts",
    }
)
PROCESSING_REGIONS: Final[dict[str, ProcessingRegion]] = _meanings(
    {
        "any": "any anywhere global us",
        "eu_only": "euonly eu europe europeonly",
    }
)
CONSENTS: Final[dict[str, ConsentStatus]] = _meanings(
    {
        "opted_in": "optedin optin in given granted" + _AND_YES,
        "opted_out": "optedout optout out refused withdrawn denied" + _AND_NO,
        "soft_opt_in": "softoptin soft",
        "unknown": "unknown noresponse notasked na",
    }
)
GIFT_TYPES: Final[dict[str, GiftType]] = _meanings(
    {
        "cash": (
            "cash donation gift check cheque creditcard card onetime onetimegift ach wire "
            "banktransfer directdebit paypal online eventfee membership memberdues individualgift "
            "other singlegift grant"
        ),
        "in_kind": "inkind giftinkind goods services inkindgift",
        "stock": "stock stockproperty securities shares soldstock soldstockproperty",
        "matching": "matching matchinggift matchinggiftpayment match mgpaycash",
        "daf": "daf donoradvisedfund donoradvised dafgrant",
        "planned": "planned plannedgift bequest legacy estate",
        "pledge_payment": "pledgepayment paycash paycheck pledgepaid installment",
        "recurring_payment": (
            "recurringpayment recurringgiftpayment recurringgiftpaycash recurring "
            "recurringdonation monthly monthlygift sustainer"
        ),
    }
)
PROMISES: Final = frozenset(["pledge", "recurringgift", "mgpledge", "matchinggiftpledge", "pledgecommitment"])
GIFT_STATUSES: Final[dict[str, GiftStatus]] = _meanings(
    {
        "completed": "completed complete posted closedwon received paid settled active success succeeded",
        "pending": "pending open inprogress notposted scheduled partiallypaid pendingrefund",
        "refunded": "refunded refund reversed chargeback",
    }
)
_LOST: Final = "cancelled canceled failed declined closedlost rejected void voided deleted terminated"
NEVER_RECEIVED: Final = frozenset(_LOST.split())
ACKNOWLEDGEMENTS: Final[dict[str, AcknowledgementStatus]] = _meanings(
    {
        "needed": (
            "needed needsacknowledgement notacknowledged tobeacknowledged tobesent pending no false 0"
        ),
        "acknowledged": "acknowledged sent thanked done yes true 1",
        "not_needed": "notneeded donotacknowledge dontsend none na",
    }
)
KINDS: Final[dict[str, InteractionKind]] = _meanings(
    {
        "meeting": "meeting inperson lunch coffee videocall",
        "call": "call phonecall phone telephone",
        "email": "email emailsent outboundemail massemail",
        "letter": "letter mail mailing post card",
        "event": "event eventattendance gala",
        "visit": "visit homevisit sitevisit tour",
        "email_open": "emailopen emailopened open opened",
        "reply": "reply emailreply inboundemail response",
    }
)
DIRECTIONS: Final[dict[str, Direction]] = _meanings(
    {
        "inbound": "inbound in incoming received fromdonor",
        "outbound": "outbound out outgoing sent todonor",
    }
)
INTERACTION_STATUSES: Final[dict[str, InteractionStatus]] = _meanings(
    {
        "planned": "planned open scheduled notstarted inprogress pastdue" + _AND_NO,
        "completed": "completed complete done closed leftmessage" + _AND_YES,
        "cancelled": "cancelled canceled noshow notrequired unreachable",
    }
)
