"""What donors agreed to, by the habits of where they live."""

from __future__ import annotations

from random import Random

from .draft import Draft
from .model import ConsentChannel, ConsentStatus, Region

_SOURCES: dict[Region, tuple[str, ...]] = {
    "US": ("Donation form", "Reply card", "Event registration"),
    "EU": ("Double opt-in, web form", "Signed form at the open day"),
    "UK": ("Charitable soft opt-in", "Donation form", "By telephone"),
    "CA": ("Gift under implied consent", "Donation form"),
    "OTHER": ("Donation form",),
}
_FIRST_ANSWERS: dict[Region, tuple[ConsentStatus, ...]] = {
    "US": ("opted_in", "opted_in", "unknown"),
    "EU": ("opted_in", "opted_in", "opted_out", "unknown"),
    "UK": ("soft_opt_in", "opted_in", "opted_out"),
    "CA": ("soft_opt_in", "opted_in"),
    "OTHER": ("opted_in", "unknown"),
}
_CHANNELS: tuple[ConsentChannel, ...] = ("email", "mail", "phone", "sms", "visit")
_CHANGED_THEIR_MIND = 0.12


def ask_for_consent(draft: Draft, donor_id: str, rng: Random) -> None:
    """One to three channels were asked about; some later opted out of one of them."""
    region = draft.donors[donor_id].region
    asked_days_ago = rng.randint(200, 2_400)
    channels = _CHANNELS[: rng.randint(1, 3)] if rng.random() < 0.9 else _CHANNELS  # noqa: PLR2004 - most
    for channel in channels:
        draft.consent(
            donor_id,
            channel,
            rng.choice(("all", "all", "fundraising", "stewardship")),
            rng.choice(_FIRST_ANSWERS[region]),
            draft.days_ago(asked_days_ago),
            rng.choice(_SOURCES[region]),
        )
    if rng.random() < _CHANGED_THEIR_MIND:
        left = draft.days_ago(rng.randint(3, asked_days_ago - 60))
        draft.consent(donor_id, rng.choice(channels), "fundraising", "opted_out", left, "Unsubscribe link")
