"""What Slack and the CRM send, signed as they sign it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from standardwebhooks import Webhook

from bot.cli.stage import SLACK_SIGNING_SECRET, WEBHOOK_SECRET
from bot.slack import ids
from bot.slack.cards.escalation import escalation_message
from tests.bench.load import post
from tests.slack.samples import CARD, OPEN

PEOPLE = ("U0FIONA00", "U0OLIVIA0", "U0OMAR000", "U0MARA000")


def command(number: int) -> bytes:
    """Return `/donor summary ...` as Slack sends it."""
    form = {
        "token": "x" * 24,
        "team_id": "T0HARBOUR",
        "team_domain": "harbour-light",
        "channel_id": "C0FUNDRAS",
        "channel_name": "fundraising",
        "user_id": PEOPLE[number % len(PEOPLE)],
        "user_name": "somebody",
        "command": "/donor",
        "text": "summary Jane Doe",
        "api_app_id": "A0CSIGN00",
        "is_enterprise_install": "false",
        "response_url": f"https://hooks.slack.com/commands/T0HARBOUR/{number}/{'r' * 24}",
        "trigger_id": f"{number}.{time.time_ns()}.{'t' * 32}",
    }
    return _from_slack(form)


def click(number: int) -> bytes:
    """Return a click on Approve, with the whole card in it as Slack sends it."""
    card = escalation_message(CARD, OPEN)
    user, ts = PEOPLE[number % len(PEOPLE)], f"{1_764_000_000 + number}.000100"
    payload: dict[str, Any] = {
        "type": "block_actions",
        "user": {"id": user, "username": "somebody", "name": "somebody", "team_id": "T0HARBOUR"},
        "api_app_id": "A0CSIGN00",
        "token": "x" * 24,
        "container": {"type": "message", "message_ts": ts, "channel_id": "C0OLIVIA0", "is_ephemeral": False},
        "trigger_id": f"{number}.{time.time_ns()}.{'t' * 32}",
        "team": {"id": "T0HARBOUR", "domain": "harbour-light"},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": "C0OLIVIA0", "name": "portfolio-olivia"},
        "message": {
            "type": "message",
            "user": "U0CSIGN00",
            "ts": ts,
            "text": card.text,
            "blocks": card.blocks,
        },
        "state": {"values": {}},
        "response_url": f"https://hooks.slack.com/actions/T0HARBOUR/{number}/{'r' * 24}",
        "actions": [
            {
                "type": "button",
                "action_id": ids.APPROVE,
                "block_id": "decision",
                "value": f"01KESC{number:08d}",
                "text": {"type": "plain_text", "text": "Approve"},
                "style": "primary",
                "action_ts": f"{1_764_000_100 + number}.000200",
            }
        ],
    }
    return _from_slack({"payload": json.dumps(payload)})


def gift_received(number: int) -> bytes:
    """Return a signed CloudEvent in structured mode, for the door of the CRM's events."""
    return _event(number, "donation.received", gift_id=f"gift-{number:06d}")


def opened(number: int) -> bytes:
    """Return the event that a donor of the demo opened a mail: read, weighed, and seldom a card."""
    return _event(number, "email.opened", interaction_id=f"interaction-{number % 500:05d}")


def _event(number: int, kind: str, **data: str) -> bytes:
    return event(number, kind, f"donor-{number % 300 + 1:04d}", **data)


def event(number: int, kind: str, donor: str, **data: str) -> bytes:
    """Return a signed event of that kind about a donor, never the same twice."""
    now = datetime.now(UTC)
    event_id = f"evt-{number:08d}-{time.time_ns()}"
    sent = {
        "specversion": "1.0",
        "id": event_id,
        "source": "urn:countersign:bench-crm",
        "type": kind,
        "subject": donor,
        "time": now.isoformat(),
        "datacontenttype": "application/json",
        "data": {"donor_id": donor, **data},
    }
    body = json.dumps(sent, separators=(",", ":"))
    signature = Webhook(WEBHOOK_SECRET.get_secret_value()).sign(event_id, now, body)
    headers = {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    return post("/crm/events", headers, body.encode())


def _from_slack(form: dict[str, str]) -> bytes:
    body = urlencode(form)
    now = str(int(time.time()))
    key = SLACK_SIGNING_SECRET.get_secret_value().encode()
    signature = hmac.new(key, f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": f"v0={signature}",
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }
    return post("/slack/events", headers, body.encode())
