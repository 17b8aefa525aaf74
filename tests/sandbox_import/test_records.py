"""What the rows become: donors, consents, households, owners, gifts, campaigns, interactions."""

from __future__ import annotations

import csv
import io
import logging
from datetime import UTC, date, datetime

import httpx2
import pytest
from rich.console import Console

from bot.sandbox.crm.app import CrmSandboxConfig, build_crm
from bot.sandbox.crm.importing import columns_table, terminal_progress
from bot.sandbox.crm.importing.columns import all_columns
from bot.sandbox.crm.model import Acknowledgement, Gift, Interaction, Money, Rollups, SoftCredit


def test_a_donor_has_everything_the_row_says(export):
    report = export.run(
        "id,first_name,last_name,type,email,phone,city,country,processing_region,owner,lifecycle_stage,tier,tags,"
        "segments,deceased_on,do_not_contact,legal_review,created_on,time_zone\n"
        "1,Jane,Doe,Individual,jane@example.org,+49 30 1,Berlin,Germany,EU only,"
        "OLIVIA.HART@harbourlight.example,"
        "Cultivation,Major Gift,board;alumni;board,gala,03/31/2026,x,no,1/15/2020,Europe/Vienna\n"
    )
    (donor,) = report.world.donors
    assert donor.model_dump(exclude={"rollups", "version"}) == {
        "id": "1",
        "type": "individual",
        "first_name": "Jane",
        "last_name": "Doe",
        "name": "Jane Doe",
        "salutation": "Jane",
        "email": "jane@example.org",
        "phone": "+49 30 1",
        "city": "Berlin",
        "country": "DE",
        "region": "EU",
        "processing_region": "eu_only",
        "household_id": None,
        "owner_id": "staff-olivia",
        "lifecycle_stage": "cultivation",
        "tier": "major",
        "tags": ("board", "alumni"),
        "segments": ("gala",),
        "deceased": True,
        "deceased_on": date(2026, 3, 31),
        "do_not_contact": True,
        "gives_anonymously": False,
        "legal_review": False,
        "sensitive": False,
        "vulnerable": False,
        "merged_into": None,
        "time_zone": "Europe/Vienna",
        "created_at": datetime(2020, 1, 15, 12, tzinfo=UTC),
        "modified_at": datetime(2020, 1, 15, 12, tzinfo=UTC),
    }
    assert donor.rollups == Rollups(
        lifetime_giving=Money(minor=5000),
        gift_count=1,
        first_gift_on=date(2026, 1, 31),
        last_gift_on=date(2026, 1, 31),
        largest_gift=Money(minor=5000),
    )
    assert report.problems == ()


def test_what_cannot_be_read_errs_on_the_side_of_the_donor(export):
    report = export.run(
        "id,name,deceased,do_not_contact,country,email,email_consent,no_mail\n"
        "1,Jane Doe,probably,ask first,Atlantis,not-an-address,maybe,hm\n"
    )
    (donor,) = report.world.donors
    assert (donor.deceased, donor.do_not_contact, donor.region, donor.email) == (True, True, "OTHER", None)
    assert {(c.channel, c.status) for c in report.world.consents} == {
        ("email", "unknown"),
        ("mail", "opted_out"),
    }
    assert {(n.line, n.column) for n in report.notices} == {
        (2, "deceased"),
        (2, "do_not_contact"),
        (2, "country"),
        (2, "email"),
        (2, "email_consent"),
        (2, "no_mail"),
    }


def test_an_unreadable_date_of_death_still_means_deceased(export):
    report = export.run("id,name,date of death\n1,Jane Doe,last spring\n")
    assert (report.world.donors[0].deceased, report.world.donors[0].deceased_on) == (True, None)


def test_a_refusal_wins_over_a_consent_in_the_same_row(export):
    report = export.run("id,name,Email Opt In,Do Not Email\n1,Jane,yes,yes\n2,Ann,yes,no\n3,Luis,,\n")
    assert [(c.donor_id, c.channel, c.purpose, c.status, c.source) for c in report.world.consents] == [
        ("1", "email", "all", "opted_out", "import"),
        ("2", "email", "fundraising", "opted_in", "import"),
    ]


def test_owners_are_the_demo_staff_by_address_or_name_and_otherwise_new_staff_without_slack(export):
    report = export.run(
        "id,name,owner\n1,A,Olivia.Hart@HarbourLight.example\n2,B,Omar Haddad\n3,C,kim.lee@charity.example\n"
        "4,D,KIM.LEE@charity.example\n5,E,Pat Jones\n6,F,\n"
    )
    owners = [d.owner_id for d in report.world.donors]
    assert owners == [
        "staff-olivia",
        "staff-omar",
        "staff-import-001",
        "staff-import-001",
        "staff-import-002",
        None,
    ]
    added = [(s.name, s.email) for s in report.world.staff if s.id.startswith("staff-import")]
    assert added == [("Kim Lee", "kim.lee@charity.example"), ("Pat Jones", "patjones@no-email.invalid")]


def test_households_stages_and_soft_credits_are_put_together(export):
    report = export.run(
        "id,name,household\n1,Jane Doe,Doe family\n2,John Doe,Doe family\n3,Ann Lee,\n4,Foundation,\n",
        "id,donor_id,amount,received_on,soft credit id,soft credit amount\n"
        "a,1,100,2026-01-31,2,40\nb,1,50,2026-03-01,99,\nc,3,10,2019-01-01,,\nd,4,10,2026-01-01,,\n",
    )
    (household,) = report.world.households
    assert (household.name, household.member_ids) == ("Doe family", ("1", "2"))
    assert [(d.household_id, d.lifecycle_stage) for d in report.world.donors] == [
        (household.id, "retention"),
        (household.id, "acquisition"),
        (None, "reactivation"),
        (None, "stewardship"),
    ]
    assert report.world.gifts[0].soft_credits == (
        SoftCredit(donor_id="2", amount=Money(minor=4000), reason="import"),
    )
    assert report.world.gifts[1].soft_credits == ()
    assert [(n.line, n.column) for n in report.notices] == [(3, "soft credit id")]


def test_a_gift_has_everything_the_row_says(export):
    report = export.run(
        gifts="Gift ID,Constituent ID,Gift Date,Amount,Currency,Gift Type,Campaign,Fund,Status,"
        "Acknowledgement Date,Anonymous,Tribute\n"
        "g-9,2,31.01.2026,1.000,EUR,Recurring Gift Pay-Cash,Spring Appeal,Library,Posted,"
        "02.02.2026,no,In memory of Bob\n"
    )
    assert report.world.gifts == (
        Gift(
            id="g-9",
            donor_id="2",
            amount=Money(minor=100000, currency="EUR"),
            received_on=date(2026, 1, 31),
            type="recurring_payment",
            campaign_id="campaign-0001",
            fund="Library",
            status="completed",
            tribute="In memory of Bob",
            acknowledgement=Acknowledgement(status="acknowledged", on=date(2026, 2, 2)),
            modified_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        ),
    )
    (campaign,) = report.world.campaigns
    assert (campaign.name, campaign.raised) == ("Spring Appeal", Money(minor=100000, currency="EUR"))


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("g1,1,5,2026-01-01,,", "id", "The id stands on line 2 already."),
        ("g2,99,5,2026-01-01,,", "donor_id", "No donor with this id was imported from donors.csv."),
        ("g2,,5,2026-01-01,,", "donor_id", "The row names no donor."),
        ("g2,1,0,2026-01-01,,", "amount", "The amount is zero."),
        (
            "g2,1,(5.00),2026-01-01,,",
            "amount",
            "A negative amount is a correction or refund; the donor's total may be higher here by it.",
        ),
        ("g2,1,,2026-01-01,,", "amount", "The amount is empty."),
        ("g2,1,5,,,", "received_on", "The date is empty."),
        ("g2,1,5,2031-01-01,,", "received_on", "The date lies in the future."),
        (
            "g2,1,5,2026-01-01,Pledge,",
            "type",
            "A promise of payments is not money received; only payments are imported.",
        ),
        ("g2,1,5,2026-01-01,,Failed", "status", "The gift was never received."),
        (
            "a/b,1,5,2026-01-01,,",
            "id",
            "An id has at most 64 letters, digits and . _ : @ + - and starts with a letter or digit.",
        ),
    ],
)
def test_a_gift_that_cannot_be_imported_is_listed_and_costs_no_other(export, row, column, reason):
    report = export.run(
        gifts=f"id,donor_id,amount,received_on,type,status\ng1,1,50,2026-01-31,,\n{row}\ng3,2,7,2026-02-01,,\n"
    )
    assert [(p.kind, p.file, p.line, p.column, p.reason) for p in report.problems] == [
        ("not imported", "gifts.csv", 3, column, reason)
    ]
    assert [gift.id for gift in report.world.gifts] == ["g1", "g3"]


def test_thanks_are_due_only_where_the_export_keeps_track_of_them(export):
    rows = "1,5,2026-11-20,\n1,5,2020-01-01,\n"
    tracked = export.run(gifts="donor_id,amount,received_on,thank you date\n" + rows)
    assert [g.acknowledgement.status for g in tracked.world.gifts] == ["needed", "not_needed"]
    untracked = export.run(gifts="donor_id,amount,received_on,tribute\n" + rows)
    assert [g.acknowledgement.status for g in untracked.world.gifts] == ["not_needed", "not_needed"]


def test_interactions_are_optional_and_read_when_there(export):
    report = export.run(
        interactions="Constituent ID,Date,Type,Direction,Fundraiser,Subject,Notes,Solicitation\n"
        "1,2026-05-04 15:00,Phone Call,Inbound,omar.haddad@harbourlight.example"
        ',Hello,"Line one\nLine two",yes\n'
        "2,2027-01-01,Carrier pigeon,,,,,\n99,2026-01-01,Meeting,,,,,\n"
    )
    assert report.world.interactions == (
        Interaction(
            id="interaction-line-000002",
            donor_id="1",
            kind="call",
            direction="inbound",
            status="completed",
            at=datetime(2026, 5, 4, 15, tzinfo=UTC),
            staff_id="staff-omar",
            subject="Hello",
            body="Line one\nLine two",
            is_ask=True,
            modified_at=datetime(2026, 5, 4, 15, tzinfo=UTC),
        ),
        Interaction(
            id="interaction-line-000004",
            donor_id="2",
            kind="event",
            direction="outbound",
            status="planned",
            at=datetime(2027, 1, 1, 12, tzinfo=UTC),
            subject="Carrier pigeon",
            modified_at=datetime(2027, 1, 1, 12, tzinfo=UTC),
        ),
    )
    assert [(p.file, p.line) for p in report.problems] == [("interactions.csv", 5)]


def test_the_report_opens_in_a_spreadsheet_and_computes_nothing(export, tmp_path):
    report = export.run(
        gifts='donor_id,amount,received_on\n"=HYPERLINK(""http://x"")",5,2026-01-01\n1,-5,2026-01-01\n'
    )
    report.write_report(tmp_path / "report.csv")
    text = (tmp_path / "report.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["what happened", "file", "line", "column", "reason", "value in the export"]
    assert [row[5] for row in rows[1:]] == ['\'=HYPERLINK("http://x")', "'-5"]


def test_the_summary_counts_every_row(export):
    report = export.run(gifts="donor_id,amount,received_on\n1,5,2026-01-01\n9,5,2026-01-01\n")
    assert report.summary() == (
        "donors.csv: 2 of 2 rows imported (UTF-8, comma-separated)\n"
        "gifts.csv: 1 of 2 rows imported, 1 not (UTF-8, comma-separated)"
    )


def test_a_changed_export_is_another_world(export):
    first, again, changed = export.run(), export.run(), export.run("id,name\n1,Jane Doe-Smith\n")
    assert first.world.origin == again.world.origin != changed.world.origin


async def test_imported_donors_are_served_like_generated_ones(export):
    report = export.run(
        "id,name,email,no email\n0012-A,Renée Dupont,renee@example.org,yes\n",
        "donor_id,amount,date\n0012-A,50,2026-01-31\n",
    )
    config = CrmSandboxConfig(token="t", webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    app = build_crm(config, lambda: datetime(2026, 11, 22, tzinfo=UTC), report.world)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1/crm/api/v1", headers={"Authorization": "Bearer t"}
    ) as crm:
        found = (await crm.get("/donors", params={"search": "dupont renee"})).json()["items"]
        consents = (await crm.get("/donors/0012-A/consents")).json()["items"]
        gifts = (await crm.get("/donors/0012-A/gifts")).json()["items"]
    app.state.crm.tables.close()
    assert [(donor["id"], donor["rollups"]["lifetime_giving"]["minor"]) for donor in found] == [
        ("0012-A", 5000)
    ]
    assert [(consent["channel"], consent["status"]) for consent in consents] == [("email", "opted_out")]
    assert [gift["received_on"] for gift in gifts] == ["2026-01-31"]


def test_nothing_of_a_row_reaches_the_log(export, caplog):
    with caplog.at_level(logging.DEBUG):
        export.run("id,name\n1,Jane Secret\n,Nobody\n")
    assert "Secret" not in caplog.text


def test_progress_shows_on_a_terminal_only():
    piped, terminal = io.StringIO(), io.StringIO()
    for out, is_terminal in ((piped, False), (terminal, True)):
        with terminal_progress(Console(file=out, force_terminal=is_terminal)) as show:
            show("gifts.csv", 50, 100)
            show("gifts.csv", 1, 1)
    assert piped.getvalue() == ""
    assert "gifts.csv" in terminal.getvalue()


def test_the_table_of_columns_documents_every_column_once():
    names = [(column.file, column.name) for column in all_columns()]
    assert len(names) == len(set(names))
    assert {(c.file, c.name) for c in all_columns() if c.required} == {
        ("donors", "id"),
        ("gifts", "donor_id"),
        ("gifts", "amount"),
        ("gifts", "received_on"),
        ("interactions", "donor_id"),
        ("interactions", "at"),
    }
    assert columns_table().startswith("| file | column | required | format | meaning | also accepted |")
