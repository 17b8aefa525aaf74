"""Of whom nothing is heard, or who shuts us out: known by the codes that attempts end with."""

from __future__ import annotations

COUNTERPARTS = {"crm": "the CRM", "crm_access": "the CRM", "slack": "Slack", "slack_access": "Slack"}
HOW = {
    "crm": "has not answered",
    "crm_access": "has not let us in",
    "slack": "has not answered",
    "slack_access": "has kept the app out",
}
SILENCE = {
    "crm": (
        *("crm_no_answer", "crm_no_connection", "crm_unreadable_answer", "outcome_unknown"),
        "crm_certificate_refused",
        *(f"crm_http_{status}" for status in (301, 302, 303, 307, 308, *range(500, 600))),
    ),
    "crm_access": ("crm_http_401", "crm_http_407"),
    "slack": (
        *("slack_unreachable", "slack_unreadable_answer", "slack_service_unavailable", "slack_Redirected"),
        *("slack_fatal_error", "slack_internal_error", "slack_request_timeout", "slack_TimeoutError"),
        *(f"slack_http_{status}" for status in (200, 500, 502, 503, 504)),
        "slack_certificate_refused",
        *("slack_ServerDisconnectedError", "slack_ClientOSError", "slack_ClientPayloadError"),
    ),
    "slack_access": (
        *("slack_invalid_auth", "slack_not_authed", "slack_token_revoked", "slack_token_expired"),
        *("slack_account_inactive", "slack_not_allowed_token_type", "slack_missing_scope"),
        *("slack_access_denied", "slack_ekm_access_denied", "slack_accesslimited"),
        *("slack_enterprise_is_restricted", "slack_team_access_not_granted"),
        *("slack_two_factor_setup_required", "slack_org_login_required", "slack_team_added_to_org"),
    ),
}
"""The codes by which a counterpart that does not answer, or shuts us out, is known."""
SILENT_S = 60.0
