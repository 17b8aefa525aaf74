"""The organisation's settings: every fault is named with its place, and what was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.files import FileInvalid, read_organisation

FAULTY = """\
review_channel: '#desk'
reveiw_channel: '#desk'
people:
  - email: a@x.example
    rolles: [admin]
digests:
  - {id: w, channel: '#m', kind: adoptoin}
rollout_phase: 7
"""


def _refused(folder: Path, content: bytes) -> list[str]:
    path = folder / "organisation.yaml"
    path.write_bytes(content)
    with pytest.raises(FileInvalid) as refused:
        read_organisation(path)
    return str(refused.value).replace(f"{path}:", "").splitlines()


def test_all_faults_are_named_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert _refused(tmp_path, FAULTY.encode()) == [
        "2:1: reveiw_channel is not known here (did you mean review_channel?)",
        (
            "5:5: rolles is not known here; known are email, roles, team, channel, reports_to, holidays,"
            " working_days, working_day_start_hour, working_day_end_hour, summaries_before_meetings"
            " (did you mean roles?)"
        ),
        (
            "7:34: adoptoin is not one of the choices for kind: adoption, override, outcomes, operations"
            " (did you mean adoption?)"
        ),
        "8:16: rollout_phase may be at most 3",
    ]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("home_currency: usd", "'usd' is no currency; write three capital letters like USD"),
        ("major_gift_minor: 0", "major_gift_minor must be at least 1"),
        ("major_gift_minor_in: {cad: 5}", "'cad' is no currency; write three capital letters like USD"),
        ("major_gift_minor_in: {CAD: 0}", "CAD must be at least 1"),
        (
            "major_gift_minor_in: {USD: 5}",
            "major_gift_minor is the threshold in USD; leave USD out of major_gift_minor_in",
        ),
        ("acknowledgement_sla_hours: 0", "acknowledgement_sla_hours must be at least 1"),
        (
            "definition_family: fiscal",
            (
                "fiscal is not one of the choices for definition_family: fiscal_year, rolling"
                " (did you mean fiscal_year?)"
            ),
        ),
        ("quiet_hours: [22, 30]", "quiet_hours may be at most 24"),
        (
            "blackouts: [{name: Lent, first_day: 2027-02-02, first_day_after: 2027-02-02}]",
            "first_day_after of the blackout Lent must be later than its first_day",
        ),
        (
            "digests: [{id: w, channel: C}]",
            'the digest w needs a time, for example cron: "0 8 * * mon"',
        ),
        (
            "digests: [{id: w, channel: C, cron: 0 25 * * mon}]",
            (
                "the digest w: '0 25 * * mon' is no time;"
                ' write minute, hour, day, month and weekday, like "0 8 * * mon"'
            ),
        ),
    ],
)
def test_what_would_fail_at_every_event_is_refused_at_the_start(
    tmp_path: Path, setting: str, told: str
) -> None:
    (refused,) = _refused(tmp_path, f"review_channel: '#desk'\n{setting}\n".encode())
    assert refused.endswith(f" {told}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "1:1: there is nothing in it"),
        (b"review_channel: [", "2:1: this is not valid YAML: did not find expected node content"),
        (b"name: a\nname: b\n", "2:1: name appears twice"),
        (b"name: \xff\n", "1:7: this is not UTF-8 text (save the file as UTF-8)"),
    ],
)
def test_what_is_no_yaml_is_said_to_be_none(tmp_path: Path, content: bytes, told: str) -> None:
    assert _refused(tmp_path, content) == [told]
