"""What the CRM and Slack sign with, which is replaced now and then while everything goes on."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from random import Random

from bot.cli.stage import SLACK_SIGNING_SECRET, WEBHOOK_SECRET


@dataclass
class Secrets:
    """The secrets that are signed with at the moment."""

    crm: str = WEBHOOK_SECRET.get_secret_value()
    slack: str = SLACK_SIGNING_SECRET.get_secret_value()

    def next_ones(self, random: Random) -> Secrets:
        """Return what they are to be replaced by."""
        return Secrets(f"whsec_{base64.b64encode(random.randbytes(24)).decode()}", random.randbytes(16).hex())

    def beside(self, former: Secrets) -> dict[str, str]:
        """Return the settings of whoever takes these, and for a while the *former* ones."""
        return {
            "COUNTERSIGN_CRM__WEBHOOK_SECRET": self.crm,
            "COUNTERSIGN_CRM__PREVIOUS_WEBHOOK_SECRET": former.crm,
            "COUNTERSIGN_SLACK__SIGNING_SECRET": self.slack,
            "COUNTERSIGN_SLACK__PREVIOUS_SIGNING_SECRET": former.slack,
        }
