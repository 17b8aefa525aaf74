"""What a donor's consent ledger says about one channel and purpose on one day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from policy.decision_facts import ActionFacts, ConsentFacts
from policy.donor import Consent, ConsentStatus, DonorRecord

_STRICTEST_FIRST = (
    ConsentStatus.OPTED_OUT,
    ConsentStatus.UNKNOWN,
    ConsentStatus.SOFT_OPT_IN,
    ConsentStatus.OPTED_IN,
)


def consent_facts(record: DonorRecord, action: ActionFacts, today: date) -> ConsentFacts:
    """Return the strictest of the latest statements for the action's channel, for its purpose and for "all".

    No statement is *unknown*. A yes ends on its expiry date; a no never does.
    """
    if not action.is_outreach:
        return ConsentFacts(status="not_needed", expired=False, jurisdiction="")
    ledger = [
        consent
        for consent in record.consents
        if consent.donor_id == record.donor.id and consent.channel.value == action.channel
    ]
    wanted = ("all",) if action.purpose == "none" else (action.purpose, "all")
    current = [each for purpose in wanted for each in _latest(c for c in ledger if c.purpose == purpose)]
    if not current:
        return ConsentFacts(status="unknown", expired=False, jurisdiction="")
    expired = any(_expired(consent, today) for consent in current)
    strictest = min(current, key=_strictness)
    captured = strictest.captured_on
    return ConsentFacts(
        status=strictest.status.value,
        expired=expired,
        jurisdiction=strictest.jurisdiction,
        days_since_captured=(today - captured).days if captured else None,
    )


def _latest(consents: Iterable[Consent]) -> list[Consent]:
    """Return the statements of the last day, and all undated ones, which may be later still."""
    every = list(consents)
    dated = [consent.captured_on for consent in every if consent.captured_on]
    last = max(dated, default=None)
    return [consent for consent in every if consent.captured_on in (None, last)]


def _strictness(consent: Consent) -> tuple[int, date]:
    return _STRICTEST_FIRST.index(consent.status), consent.captured_on or date.min


def _expired(consent: Consent, today: date) -> bool:
    says_yes = consent.status in (ConsentStatus.OPTED_IN, ConsentStatus.SOFT_OPT_IN)
    return says_yes and consent.expires_on is not None and consent.expires_on <= today
