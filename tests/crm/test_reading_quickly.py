"""The quick ways say what the libraries say: about signatures and about events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from bot.crm.signature import Signatures
from bot.crm.webhook import read_structured
from tests.crm.conftest import PREVIOUS, SECRET, event, signature

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC).timestamp()
TEXT = st.text(max_size=12)
SOMETHING = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), TEXT, st.lists(TEXT, max_size=2))
MOMENTS = st.sampled_from(
    [
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00.5Z",
        "2026-11-20T12:00:00.123456+02:00",
        "2026-11-20T10:00:00.123456789Z",
        "2026-11-20t10:00:00z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T10:00:00",
        "2026-13-20T10:00:00Z",
        "20261120T100000Z",
        "1700000000",
        "2026-11-20T10:00:00-00:00",
        "٢٠٢٦-11-20T10:00:00Z",
    ]
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "specversion": st.one_of(st.just("0.3"), SOMETHING),
        "id": SOMETHING,
        "source": SOMETHING,
        "type": st.one_of(st.sampled_from(["campaign.status_changed", "note.added", "x"]), SOMETHING),
        "subject": SOMETHING,
        "time": st.one_of(MOMENTS, SOMETHING),
        "datacontenttype": st.one_of(st.just("application/json; charset=utf-8"), SOMETHING),
        "dataschema": SOMETHING,
        "extension": SOMETHING,
        "data": st.one_of(
            st.dictionaries(st.sampled_from(["donor_id", "gift_id", "fields", "actor", "x"]), SOMETHING),
            SOMETHING,
        ),
    },
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHANGES, dropped=st.sets(st.sampled_from(["subject", "datacontenttype", "time", "data"])))
def test_an_event_is_read_as_the_library_reads_it(changes: dict[str, Any], dropped: set[str]) -> None:
    document = event() | changes
    for name in dropped - {"time"}:  # without a time the library says now
        document.pop(name, None)
    body = json.dumps(document).encode()
    # An attribute the quick way does not know has the library read it; nothing else follows from it.
    slowly = read_structured(json.dumps(document | {"unknownhere": "x"}).encode())
    assert _told(read_structured(body)) == _told(slowly)


def _told(outcome: Any) -> tuple[Any, ...]:
    """Leave out what is kept as it came, which differs by the attribute that was added."""
    if outcome.command.type == "unreadable_event":
        return (outcome.command.type, outcome.command.reason, outcome.command.event_type, outcome.status)
    return (outcome.command.model_dump_json(), outcome.arrival)


@pytest.mark.parametrize(
    "secrets", [[SECRET], [PREVIOUS, SECRET], [SECRET, "whsec_"], [PREVIOUS], ["whsec_"], []]
)
@pytest.mark.parametrize("age", [0.0, 299.0, 301.0, -299.0, -301.0])
@pytest.mark.parametrize("body", [b'{"a": 1}', "ü".encode(), b"\xff", b""])
def test_a_signature_is_good_when_the_library_says_so(
    secrets: list[str], age: float, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.fromtimestamp(NOW - age, UTC)
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"v1a,x {signature(body, 'msg-0', at)} {signature(body, 'msg-1', at)}",
    }

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(NOW, tz)

    monkeypatch.setattr("standardwebhooks.webhooks.datetime", Clock)
    assert Signatures(secrets, lambda: NOW).match(headers, body) == any(
        _library_says(secret, headers, body) for secret in secrets
    )


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsec_a"])
def test_nothing_is_signed_with_a_secret_that_says_nothing(secret: str) -> None:
    at = datetime.fromtimestamp(NOW, UTC)
    headers = {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": signature(b"{}", "msg-1", at, "whsec_"),
    }
    assert not Signatures([secret], lambda: NOW).match(headers, b"{}")


def _library_says(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError, RuntimeError):
        return False
    except Exception as error:
        if type(error).__name__ == "EmptyWebhookSecretError":
            return False
        raise
    return True
