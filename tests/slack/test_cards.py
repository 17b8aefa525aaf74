"""Every card word for word, as a busy person reads it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bot.slack import ids
from bot.slack.cards.claims import confidence_line
from bot.slack.cards.decision_buttons import closing_buttons, decision_buttons
from bot.slack.cards.deferral import deferral_form_view, deferral_view, problem_with
from bot.slack.cards.escalation import escalation_message
from bot.slack.cards.evidence import evidence_view
from bot.slack.cards.home import home_view
from bot.slack.cards.in_full import in_full_view
from bot.slack.cards.rendering import message
from bot.slack.cards.together import together_view
from bot.slack.cards.words import words_on
from bot.slack.payloads import DeferralPlace
from handlers.outcomes import (
    CardInFull,
    CardStatus,
    Choice,
    DecisionList,
    DeferForm,
    DigestDetail,
    DigestFigure,
    DigestShown,
    DonorPicker,
    EvidenceLine,
    EvidenceShown,
    Execution,
    FollowUpShown,
    HeldNotice,
    HelpShown,
    HomeShown,
    ListedDecision,
    NoDonorFound,
    Notice,
    QueueItem,
    TimelineShown,
    TogetherForm,
    TogetherItem,
)
from policy.actions import FieldChange, UndoPromise
from policy.calibration import Reliability
from policy.claims import Confidence, Origin
from policy.considered import reading_seconds
from policy.digest import Chart, DigestSection, Series
from policy.donor import DonorMatch
from policy.escalation import EscalationState
from policy.override_reasons import Override, reasons_for
from tests.slack.reading import read
from tests.slack.samples import (
    CARD,
    CREATED,
    DECIDED,
    DONOR,
    DUE,
    EXECUTED,
    FACTS,
    HISTORY,
    OPEN,
    SUMMARY,
    claim,
    status,
)
from tests.slack.samples import (
    CONFIDENT as CONFIDENCE,
)

STANDING = (
    "  Major donor · Cultivation · The Doe household · owner Olivia Hart\n"
    "  <http://127.0.0.1:8400/donors/D-100|CRM record>"
)
ON_CARD = STANDING.replace(" · The Doe household · owner Olivia Hart", "")
ASKED = """\
Jane Doe gave $25,000 to the library, her largest gift so far.
**Proposed: **Plan a thank-you call for Olivia Hart, due 26 Nov 2026
Thank her for the library gift and ask how her daughter liked the reading room."""
WRITES = """\
- New task: **Thank-you call**
- Due: **26 Nov 2026**
- Lifecycle stage: cultivation → **stewardship**"""


def test_the_card_to_decide() -> None:
    shown = escalation_message(CARD, OPEN)
    assert shown.text == "Decision needed: Jane Doe"
    assert (
        read(shown.blocks)
        == f"""\
# Decision needed: Jane Doe
{ON_CARD}
**Olivia Hart** decides by 1 Dec 2026, 22:00 UTC. Silence changes nothing.
---
{ASKED}
**In the CRM**
{WRITES}
**Why**
- This gift is 5 times her gift of last year. [<gift of 30 Nov 2025> +1]
- Nobody has spoken with her for 43 days. [<visit of 12 Oct 2026>]
**Rule: **Gifts of $10,000 and more are thanked for by a person.
**Not known: **Whether she wants the gift to be public.
  AI-generated, check before use. Confidence: high (match with CRM, no forecast).
  Can be undone exactly: the record returns to what it was.
[Approve] [Edit…] [More… Put off until the next working day / Put off until next week \
/ Put off until a day or an event… / Escalate further… / Send back… / Decline…] [Details] [Why?]
  Reference 7f3k2a"""
    )


def test_what_is_not_on_the_face_of_the_card_is_in_its_details() -> None:
    text = read(in_full_view(CardInFull(card=CARD))["blocks"])
    assert text.startswith(f"# Jane Doe\n{STANDING}\n{ASKED}\n")
    for line in (
        "- This gift is 5 times her gift of last year. [<gift of 30 Nov 2025>, <gift of 24 Nov 2026>]",
        "- all figures recomputed from 6 records",
        "- 12 Oct 2026: Visit: talked about the reading room with her daughter",
        "_AI-generated, check before use. Written by gpt-5.2._",
        "_Also considered: Send a thank-you letter_",
        "  Sent to the owner's channel. Reference 7f3k2a",
    ):
        assert line in text.split("\n")
    assert "Confidence: high, 86 of 100 (how well the CRM records back this text up, not a forecast)" in text


THANKS = CARD.model_copy(
    update={
        "happened": "Jane Doe gave $4,250 on 24 Nov 2026 to the Reading room appeal.",
        "proposal": "Create a task for Olivia Hart: Thank-you call to Jane Doe for $4,250, due 26 Nov 2026",
        "proposal_details": "For the gift of $4,250 of 24 Nov 2026 (G-9).",
        "changes": tuple(
            FieldChange(record="new", field=field, before="none", after=after)
            for field, after in (
                ("Task", "Thank-you call to Jane Doe for $4,250"),
                ("Due", "26 Nov 2026"),
                ("Assigned to", "Olivia Hart"),
            )
        ),
        "signals": (
            claim("The most recent gift, $4,250, came on 24 Nov 2026.", "G-9"),
            claim("Jane Doe has supported us with $66,900 across 53 gifts since 9 Dec 2019.", "G-1", "G-9"),
        ),
        "gates": ("The relationship owner agrees to every change.",),
        "unknowns": ("Consent for contact by phone is not recorded.",),
        "undo_text": "Undo: exactly for 30 days, unless the record changes.",
        "origin": CARD.origin.model_copy(update={"unrehearsed": True}),
    }
)


def test_a_card_says_nothing_twice_and_is_read_in_less_than_half_a_minute() -> None:
    shown = escalation_message(THANKS, OPEN).blocks
    text = read(shown)
    assert text.count("$4,250") == 2, "what happened, and what would be written"
    assert text.count("Olivia Hart") == 2, "who decides, and whose task it would be"
    assert "Create a task" not in text
    assert "**Why: **Jane Doe has supported us with $66,900 across 53 gifts since 9 Dec 2019." in text
    assert "_ +1 in “Details”_" in text
    assert reading_seconds(words_on(shown)) < 30
    in_full = read(in_full_view(CardInFull(card=THANKS))["blocks"])
    for left_out in (THANKS.proposal, THANKS.proposal_details, "The most recent gift"):
        assert left_out in in_full


@pytest.mark.parametrize(
    "update",
    [
        {"proposal": "Plan a follow-up by phone for Olivia Hart: Thank-you call to Jane Doe for $4,250"},
        {"proposal": THANKS.proposal.replace("Olivia Hart", "Omar Haddad")},
        {"proposal_details": "For the gift of $4,250 of 24 Nov 2026 (G-9). Not before noon."},
        {"proposal": "Record that the donor must not be contacted by phone"},
        {"changes": ()},
    ],
)
def test_what_the_fields_do_not_say_stays_on_the_card(update: dict[str, Any]) -> None:
    card = THANKS.model_copy(update=update)
    text = read(escalation_message(card, OPEN).blocks)
    for value in update.values():
        assert not isinstance(value, str) or value in text
    assert card.proposal in text or card.changes


def test_a_card_that_is_not_with_its_owner_says_why() -> None:
    why = "the review channel, because the relationship owner Petra Long is no longer active"
    text = read(escalation_message(CARD.model_copy(update={"route": why}), OPEN).blocks)
    assert f"  Sent to {why}.\n" in text
    assert "Sent to" not in read(escalation_message(CARD, OPEN).blocks)


def test_confidence_that_is_not_high_says_why_and_what_people_made_of_it() -> None:
    past = "people approved 20 of 40 like it as they stood"
    unsure = CONFIDENCE.model_copy(update={"level": "low", "reasons": ("2 of 4 sentences did not hold",)})
    card = CARD.model_copy(update={"confidence": unsure.model_copy(update={"track_record": past})})
    assert (
        "Confidence: low (match with CRM, no forecast): 2 of 4 sentences did not hold. "
        f"Past decisions: {past}." in read(escalation_message(card, OPEN).blocks)
    )
    few = Reliability(decisions=3, accepted=3, missing=26).words
    card = CARD.model_copy(update={"confidence": CONFIDENCE.model_copy(update={"track_record": few})})
    assert "Past decisions" not in read(escalation_message(card, OPEN).blocks)
    assert few in read(in_full_view(CardInFull(card=card))["blocks"])


def test_the_buttons_name_what_they_do() -> None:
    approve, edit, more, details, why = decision_buttons(CARD, OPEN)["elements"]
    assert approve["confirm"] == {
        "title": {"type": "plain_text", "text": "Approve this for Jane Doe?", "emoji": False},
        "text": {
            "type": "plain_text",
            "text": "Countersign will write to the CRM:\n• Task: Thank-you call\n• Due: 26 Nov 2026\n"
            "• Lifecycle stage: cultivation → stewardship",
            "emoji": False,
        },
        "confirm": {"type": "plain_text", "text": "Approve and write", "emoji": False},
        "deny": {"type": "plain_text", "text": "Not yet", "emoji": False},
    }
    assert (approve["style"], approve["value"]) == ("primary", "01KESC")
    assert (edit["action_id"], edit["value"]) == ("cs:edit", "01KESC")
    assert [option["value"] for option in more["options"]] == [
        "next_business_day:01KESC",
        "next_week:01KESC",
        "date:01KESC",
        "escalate:01KESC",
        "send_back:01KESC",
        "decline:01KESC",
    ]
    assert "confirm" not in why
    assert "confirm" not in details


def test_putting_off_with_one_press_names_its_day_and_means_it() -> None:
    card = CARD.model_copy(update={"put_off": (date(2026, 11, 23), date(2026, 11, 30))})
    options = decision_buttons(card, OPEN)["elements"][2]["options"]
    assert [(option["text"]["text"], option["value"]) for option in options[:3]] == [
        ("Put off until Mon 23 Nov", "2026-11-23:01KESC"),
        ("Put off until Mon 30 Nov", "2026-11-30:01KESC"),
        ("Put off until a day or an event…", "date:01KESC"),
    ]
    assert decision_buttons(card, OPEN)["block_id"] == decision_buttons(CARD, OPEN)["block_id"]


def test_undo_is_offered_wherever_something_can_be_done() -> None:
    offered = closing_buttons(CARD, EXECUTED)["elements"]
    assert [each["action_id"] for each in offered] == ["cs:undo", "cs:read_in_full", "cs:evidence"]
    assert [choice["value"] for choice in offered[0]["options"]] == [
        f"{reason}:01KESC" for reason in reasons_for(Override.UNDO)
    ]
    closed = CARD.model_copy(update={"undo": UndoPromise.COMPENSATION})
    [make_up, *_] = closing_buttons(closed, EXECUTED)["elements"]
    assert make_up["confirm"]["text"]["text"].startswith("An opt-out cannot be taken back: only the donor")
    for_ever = CARD.model_copy(update={"undo": UndoPromise.IMPOSSIBLE})
    assert [each["action_id"] for each in closing_buttons(for_ever, EXECUTED)["elements"]] == [
        "cs:read_in_full",
        "cs:evidence",
    ]
    undone = status(EscalationState.UNDONE)
    taken_back = read(escalation_message(CARD, undone).blocks)
    assert "**What had been written to the CRM**" in taken_back
    assert "**Written to the CRM**" not in taken_back
    assert [each["action_id"] for each in closing_buttons(CARD, undone)["elements"]] == [
        "cs:read_in_full",
        "cs:evidence",
    ]


def test_menus_start_afresh_when_the_card_changes() -> None:
    again = status(EscalationState.OPEN)
    assert decision_buttons(CARD, OPEN)["block_id"] != decision_buttons(CARD, again)["block_id"]


UNDO_BECAUSE = (
    "[Undo because… Not the right step / What it is based on is wrong / Not the right person to do it / "
    "The donor asked for something else / Already done / Something else]"
)


def test_the_card_when_it_is_done() -> None:
    assert (
        read(escalation_message(CARD, EXECUTED).blocks)
        == f"""\
# Done: Jane Doe
{STANDING}
@U0OLIVIA0 approved this, 24 Nov 2026, 14:00 UTC. Written to the CRM as T-77 and read back to check, \
24 Nov 2026, 14:01 UTC.
---
{ASKED}
**Written to the CRM**
{WRITES}
  Can be undone exactly: the record returns to what it was.
{UNDO_BECAUSE} [Details] [Why?]
  Reference 7f3k2a"""
    )


APPROVED = "@U0OLIVIA0 approved this, 24 Nov 2026, 14:00 UTC. "
PUT_OFF = (
    "@U0OLIVIA0 put this off until 1 Dec 2026, 22:00 UTC. Nothing was changed. The card comes back then."
)
PASSED_ON = (
    "@U0OLIVIA0 passed this on. Nothing was changed; the next person decides by 1 Dec 2026, 22:00 UTC."
)
EXPIRED = (
    "Nobody decided by 1 Dec 2026, 22:00 UTC. Nothing was changed. "
    "This is not a no: it can still be done in the CRM."
)
REFUSED = Execution(problem="The CRM refused the change (locked).", at=DECIDED)
UNREAD = Execution(ref="T-77", record_url="http://127.0.0.1:8400/tasks/T-77", at=DECIDED)


@pytest.mark.parametrize(
    ("now", "title", "line"),
    [
        (
            status(EscalationState.DEFERRED, deferred_until=DUE),
            "Put off",
            PUT_OFF,
        ),
        (
            status(EscalationState.ESCALATED),
            "Passed on",
            PASSED_ON,
        ),
        (
            status(EscalationState.APPROVED),
            "Approved",
            APPROVED + "The change is about to be written to the CRM.",
        ),
        (status(EscalationState.EXECUTING), "Approved", APPROVED + "The change is being written to the CRM."),
        (
            status(EscalationState.EXECUTED, execution=UNREAD),
            "Done",
            APPROVED
            + "Written to the CRM as T-77, but it could not be read back: please look at the record. "
            "<Open what was written>",
        ),
        (
            status(EscalationState.OUTCOME_UNKNOWN),
            "Being checked",
            APPROVED + "The change was sent to the CRM and no answer came back: it may or may not be there. "
            "We are checking. Please do not enter it by hand yet.",
        ),
        (
            status(EscalationState.FAILED, execution=REFUSED, note=REFUSED.problem),
            "Not done",
            APPROVED + "It was not carried out: The CRM refused the change (locked). "
            "“Why?” shows what stood in the way.",
        ),
        (status(EscalationState.UNDONE), "Undone", "@U0OLIVIA0 undid this, 24 Nov 2026, 14:00 UTC."),
        (
            status(EscalationState.SENT_BACK),
            "Sent back",
            (
                "@U0OLIVIA0 sent this back for better data, 24 Nov 2026, 14:00 UTC. "
                "Nothing was changed. A fresh card follows when the record has been put right."
            ),
        ),
        (
            status(EscalationState.DECLINED, by_user_id=None),
            "Declined",
            "**Olivia Hart** declined this, 24 Nov 2026, 14:00 UTC. Nothing was changed.",
        ),
        (
            CardStatus(state=EscalationState.EXPIRED),
            "Time ran out",
            EXPIRED,
        ),
        (
            CardStatus(state=EscalationState.SUPERSEDED),
            "Replaced",
            "A newer card replaces this one. Nothing was changed by this one.",
        ),
    ],
)
def test_where_a_decision_stands(now: CardStatus, title: str, line: str) -> None:
    shown = escalation_message(CARD, now)
    lines = read(shown.blocks).split("\n")
    assert (shown.text, lines[0], lines[3]) == (f"{title}: Jane Doe", f"# {title}: Jane Doe", line)
    assert lines.count(REFUSED.problem) == 0


def test_a_note_is_not_overlooked() -> None:
    note = "The record changed since this was approved: Lifecycle stage is now stewardship."
    lines = read(escalation_message(CARD, CardStatus(state=EscalationState.OPEN, note=note)).blocks)
    assert lines.split("\n")[3] == f"⚠️ **{note}**"


SAID = """\
- Jane Doe has given $62,500 in 7 gifts since 2019. [<7 gifts>, <gift of 24 Nov 2026>]
- Her last gift was $25,000 on 24 Nov 2026. [<gift of 24 Nov 2026>]
- She seems ready for a conversation about the reading room._ (judgement, not in the records)_
**The records contradict each other**
- The CRM states $60,000 lifetime giving; the gifts add up to $62,500.
**What I could not see**
- Pledges could not be read."""
CONFIDENT = """\
  Confidence: high, 86 of 100 (how well the CRM records back this text up, not a forecast): \
all figures recomputed from 6 records
  1 sentence was left out because the records did not confirm it."""
RECENT = """\
- 24 Nov 2026: Gift of $25,000 to the library
- 12 Oct 2026: Visit: talked about the reading room with her daughter
- 30 Nov 2025: Gift of $5,000"""


@pytest.mark.parametrize(
    ("place", "buttons"),
    [
        ("ephemeral", "[Useful] [Not useful] [Share in channel] [Save as a CRM note]"),
        ("direct", "[Useful] [Not useful] [Save as a CRM note]"),
    ],
)
def test_a_summary_for_one_person(place: Any, buttons: str) -> None:
    warned = SUMMARY.model_copy(
        update={"donor": DONOR.model_copy(update={"warnings": ("Do not contact", "Gives anonymously")})}
    )
    shown = message(warned, place)
    assert shown.text == "Summary of Jane Doe"
    assert (
        read(shown.blocks)
        == f"""\
# Jane Doe
⚠️ **Do not contact · Gives anonymously**
{STANDING}
{SAID}
  AI-generated, check before use. Written by gpt-5.2 from records as of 24 Nov 2026.
{CONFIDENT}
---
**Recent history**
{RECENT}
{buttons}
  Reference 7f3k2a"""
    )


def test_a_summary_shared_with_a_channel_says_by_whom() -> None:
    shown = message(SUMMARY.model_copy(update={"shared_by": "U0OLIVIA0"}), "channel")
    assert read(shown.blocks).split("\n")[-3:] == [
        "Shared by @U0OLIVIA0",
        "[Useful] [Not useful]",
        "  Reference 7f3k2a",
    ]
    assert shown.blocks[-2]["type"] == "context_actions"


def test_a_summary_without_ai_says_why() -> None:
    summary = SUMMARY.summary.model_copy(update={"origin": FACTS})
    shown = message(SUMMARY.model_copy(update={"summary": summary}), "ephemeral")
    why = "No AI was used because no AI service is set up."
    assert f"  Written without AI, from CRM records as of 24 Nov 2026. {why}" in read(shown.blocks)


def test_a_donor_about_whom_nothing_is_known_yet() -> None:
    summary = SUMMARY.summary.model_copy(
        update={"claims": (), "removed": 0, "not_seen": (), "contradictions": ()}
    )
    shown = message(SUMMARY.model_copy(update={"summary": summary, "timeline": ()}), "ephemeral")
    text = read(shown.blocks)
    assert "_The CRM holds nothing about this donor that could be summarised yet._" in text
    assert "_No gifts, meetings or messages are recorded yet._" in text


def test_the_history_alone() -> None:
    shown = message(
        TimelineShown(donor=DONOR, timeline=HISTORY * 8, as_of=DECIDED.date(), reference="r1"), "ephemeral"
    )
    lines = read(shown.blocks).split("\n")
    assert lines[0] == "# Jane Doe: recent history"
    assert lines[-2:] == [
        "- <4 more in the CRM record>",
        "  From CRM records as of 24 Nov 2026, newest first. Reference r1",
    ]


def people(count: int) -> tuple[DonorMatch, ...]:
    return tuple(
        DonorMatch(id=f"D-{n}", name="Jane Doe", city="Austin" if n else None, email=f"jane{n}@doe.org")
        for n in range(count)
    )


def test_a_few_donors_to_choose_from() -> None:
    shown = message(DonorPicker(query="Jane", wanted="summary", matches=people(2)), "ephemeral")
    assert (
        read(shown.blocks)
        == """\
Several donors match “Jane”. Which one do you mean?
Jane Doe
jane0@doe.org · D-0 [Summary]
Jane Doe
Austin · jane1@doe.org · D-1 [Summary]"""
    )
    assert [b["accessory"]["value"] for b in shown.blocks[1:]] == ["summary:D-0", "summary:D-1"]


def test_many_donors_to_choose_from() -> None:
    shown = message(NoDonorFound(query="Jnae", wanted="timeline", near=people(7)), "ephemeral")
    assert read(shown.blocks).startswith(
        "No donor matches “Jnae”. Did you mean one of these?\n[Choose a donor"
    )
    options = shown.blocks[1]["elements"][0]["options"]
    assert options[3] == {
        "text": {"type": "plain_text", "text": "Jane Doe", "emoji": False},
        "value": "timeline:D-3",
        "description": {"type": "plain_text", "text": "Austin · jane3@doe.org · D-3", "emoji": False},
    }


def test_nobody_to_choose_from() -> None:
    assert read(message(NoDonorFound(query="X", wanted="summary"), "ephemeral").blocks) == (
        "No donor matches “X”. Try the full name, the e-mail address or the donor id from the CRM."
    )


def test_help_answers_what_was_not_understood() -> None:
    lines = read(message(HelpShown(unknown="!!!"), "ephemeral").blocks).split("\n")
    assert lines[:3] == [
        "# What I can do",
        "**I did not understand “!!!”.**",
        "- /donor Jane Doe  a short summary with sources, before a meeting or a call",
    ]


def test_a_notice_with_a_mention_notifies_one_person() -> None:
    notice = Notice(text="This decision is back.", next_step="Please decide.", reference="r1", mention="U1")
    shown = message(notice, "channel")
    assert shown.text == "<@U1> This decision is back."
    assert read(shown.blocks) == "@U1 This decision is back.\nPlease decide.\n  Reference r1"


def test_what_the_rules_hold_back() -> None:
    held = HeldNotice(
        donor=DONOR,
        happened="Jane Doe gave $25,000.",
        proposal="Plan a thank-you call",
        reasons=("The donor asked not to be contacted.",),
        reference="r1",
    )
    shown = message(held, "channel")
    assert shown.text == "Jane Doe: an action was held back by your organisation's rules"
    assert (
        read(shown.blocks)
        == f"""\
# Jane Doe: nothing to approve
{STANDING}
**What happened**
Jane Doe gave $25,000.
**What would have followed**
Plan a thank-you call
**Why it is held back**
- The donor asked not to be contacted.
  Nothing was changed and nobody can approve this from here. If it should be done anyway, do it in the CRM \
yourself. Reference r1"""
    )


def test_what_is_not_decided_in_slack_says_where() -> None:
    held = HeldNotice(
        donor=DONOR,
        happened="Jane Doe gave $25,000.",
        proposal="Make Omar Haddad the owner",
        reasons=("A new owner for a major donor is not decided in Slack.",),
        elsewhere="the CRM",
        elsewhere_url="https://crm.example/approvals/7",
        reference="r1",
    )
    shown = message(held, "channel")
    text = read(shown.blocks)
    assert "# Jane Doe: not decided in Slack" in text
    assert "**Where to decide**" in text
    assert "Decide this in the CRM." in text
    assert text.endswith("Nothing was changed, and there is nothing to press here. Reference r1")
    assert "https://crm.example/approvals/7" in str(shown.blocks)
    unsafe = held.model_copy(update={"elsewhere_url": "javascript:alert(1)"})
    assert "javascript" not in str(message(unsafe, "channel").blocks)


def test_decisions_in_one_message() -> None:
    listed = DecisionList(
        title="2 decisions wait for you.",
        items=(
            ListedDecision(donor_name="Jane Doe", proposal="Plan a call", due_at=DECIDED),
            ListedDecision(donor_name="<!channel>", proposal="Write", standing="declined by Sam"),
        ),
        next_step="Decide.",
        mentions=("U1", "not an id!"),
    )
    shown = message(listed, "channel")
    assert shown.text == "<@U1> 2 decisions wait for you."
    text = read(shown.blocks)
    assert "- **Jane Doe**: Plan a call, decide by" in text
    assert "- **<!channel>**: Write – declined by Sam" in text


STAGES = DigestSection(
    id="by_stage",
    title="By stage",
    says="Most of it is cultivation.",
    chart=Chart(
        title="Use by stage",
        unit="%",
        categories=("Cultivation", "Stewardship"),
        series=(Series(name="Decisions", values=(9, 3)),),
    ),
    columns=("Stage", "Decisions"),
    rows=(("Cultivation", "9"), ("Stewardship", "3")),
    links=("https://x.slack.com/archives/C1/p1", None),
)


def test_the_digest_for_managers() -> None:
    digest = DigestShown(
        title="Weekly digest",
        period_start=CREATED - timedelta(days=7),
        period_end=CREATED,
        headline="9 of 12 proposals were approved.",
        figures=(
            DigestFigure(label="Proposals", value="12", before="8"),
            DigestFigure(label="Approved", value="9 (75 %)"),
        ),
        sections=(STAGES,),
        footnotes=("Approved counts decisions.",),
        late=True,
    )
    shown = message(digest, "channel")
    assert shown.text == "Weekly digest is here"
    assert (
        read(shown.blocks)
        == """\
# Weekly digest
  17 Nov 2026 to 24 Nov 2026, compared with the period before
**9 of 12 proposals were approved.**
Figure | Now | Before
Proposals | 12 | 8
Approved | 9 (75 %) | –
Most of it is cultivation.
[bar chart: Use by stage (%)]
  Approved counts decisions.
  The thread holds the tables, more charts and the figures as a file.
  This digest is late because Countersign or Slack was not available at its usual time."""
    )
    [chart] = [block for block in shown.blocks if block["type"] == "data_visualization"]
    assert chart == {
        "type": "data_visualization",
        "title": "Use by stage (%)",
        "chart": {
            "type": "bar",
            "series": [
                {
                    "name": "Decisions",
                    "data": [{"label": "Cultivation", "value": 9.0}, {"label": "Stewardship", "value": 3.0}],
                }
            ],
            "axis_config": {"categories": ["Cultivation", "Stewardship"]},
        },
    }


def test_the_detail_of_a_digest_links_to_the_cards_and_says_the_same_as_its_chart() -> None:
    shown = message(DigestDetail(section=STAGES), "channel")
    assert read(shown.blocks).splitlines()[:2] == ["# By stage", "Most of it is cultivation."]
    table = shown.blocks[-1]
    assert table["rows"][1][0] == {"type": "raw_text", "text": "Cultivation"}
    assert table["rows"][1][1]["elements"][0]["elements"][0]["url"] == "https://x.slack.com/archives/C1/p1"
    assert table["rows"][2][1] == {"type": "raw_text", "text": "3"}
    plain = message(DigestDetail(section=STAGES, charts=False), "channel")
    assert [block["type"] for block in plain.blocks] == ["header", "rich_text", "table"]


def item(number: int, state: EscalationState, **more: Any) -> QueueItem:
    values: dict[str, Any] = {"donor_name": f"Donor {number}", "proposal": "Call", "due_at": DUE}
    return QueueItem(escalation_id=f"01K{number}", state=state, **(values | more))


def test_the_home_tab() -> None:
    home = HomeShown(
        name="Olivia Hart",
        open=(item(1, EscalationState.OPEN), item(2, EscalationState.OPEN, permalink="https://s.example/p")),
        deferred=(item(3, EscalationState.DEFERRED, deferred_until=DUE),),
        decided=(item(4, EscalationState.EXECUTED), item(5, EscalationState.EXPIRED)),
    )
    assert (
        read(home_view(home)["blocks"])
        == """\
# Your decisions
# Waiting for you (2)
**Donor 1**
Call
Decide by 1 Dec 2026, 22:00 UTC
[Why?]
**Donor 2**
Call
Decide by 1 Dec 2026, 22:00 UTC  <Open the card>
# Put off
**Donor 3**
Call
Comes back: 1 Dec 2026
[Bring it back now]
# Decided lately
**Donor 4**
Call
Done
**Donor 5**
Call
Time ran out, nothing was changed
---
[Refresh]
  To look a donor up, type /donor and a name in any channel, or write to me in Messages."""
    )


def test_an_empty_home_explains_itself() -> None:
    assert (
        read(home_view(HomeShown(name="Olivia"))["blocks"])
        .split("\n")[1]
        .startswith("Nothing waits for your")
    )


def test_the_evidence_of_a_decision() -> None:
    line = EvidenceLine(at=DECIDED, what="Approved", who="Olivia Hart", details=("policy 3f2a",))
    view = evidence_view(EvidenceShown(title="Jane Doe", lines=(line,), reference="r1"))
    assert (view["type"], view["title"]["text"], view["callback_id"]) == ("modal", "Why?", ids.EVIDENCE_VIEW)
    assert (
        read(view["blocks"])
        == """\
# Jane Doe
24 Nov 2026, 14:00 UTC
**Approved**  by Olivia Hart
- policy 3f2a
  From the audit record. Times are in your time zone. Reference r1"""
    )


def test_the_window_for_a_day() -> None:
    today = DECIDED.date()
    view = deferral_view(DeferralPlace(escalation_id="01KESC"), today + timedelta(days=1))
    assert read(view["blocks"]).split("\n") == [
        "Until which day? [datepicker]",
        "Or earlier, when this happens [radio_buttons]",
        "Why? [static_select]",
        "In your own words [plain_text_input]",
    ]
    assert view["blocks"][0]["element"]["initial_date"] == "2026-11-25"
    assert problem_with(today, today) == "Pick a day after today."
    assert problem_with(today + timedelta(days=1), today) is None
    assert problem_with(today + timedelta(days=367), today) == "Pick a day within the next year."


def test_the_window_names_the_days_and_what_can_be_awaited() -> None:
    view = deferral_form_view(
        DeferForm(
            escalation_id="01KESC",
            donor_name="Jane Doe",
            proposal="Plan a thank-you call",
            presets=(Choice(value="2026-11-25", label="Tomorrow, Wed 25 Nov"),),
            events=(Choice(value="next_gift", label="The next gift of Jane Doe"),),
            channel_id="C1",
        )
    )
    introduction, *fields = view["blocks"]
    assert read([introduction]).startswith("**You put off the decision for Jane Doe: **Plan a thank-you call")
    offered = [[each["text"]["text"] for each in f["element"].get("options", ())] for f in fields[:3]]
    assert offered == [
        ["Tomorrow, Wed 25 Nov"],
        [],
        ["Nothing: on that day only", "The next gift of Jane Doe"],
    ]
    assert "initial_date" not in fields[1]["element"], "a day counts only when somebody picked it"
    assert [field["optional"] for field in fields if "optional" in field] == [True, True, True]


def test_a_footer_that_stands_there_already_is_not_said_twice() -> None:
    marked = CARD.model_copy(update={"footers": ("AI-generated, check before use", "Ask the trustees first")})
    shown = read(escalation_message(marked, OPEN).blocks)
    assert shown.count("AI-generated, check before use") == 1
    assert shown.count("Ask the trustees first") == 1


def test_a_copy_leads_to_where_it_is_decided() -> None:
    moved = OPEN.model_copy(update={"elsewhere": "https://slack.example/C2/1.0"})
    shown = read(escalation_message(CARD, moved).blocks)
    line = (
        "This decision has moved to another channel, and this card follows it. <Open it where it is decided>"
    )
    assert line in shown.split("\n")
    assert "moved to another channel" not in read(escalation_message(CARD, OPEN).blocks)


def test_a_stopped_answer_says_so_and_nothing_is_called_written_where_nothing_is() -> None:
    stopped = Origin(kind="model", model="m", broke_off="stopped", finished=1)
    halved = SUMMARY.model_copy(update={"summary": SUMMARY.summary.model_copy(update={"origin": stopped})})
    assert "You stopped this summary, so it is not complete." in read(message(halved, "direct").blocks)
    answer = FollowUpShown(
        answer_id="a1",
        donor=DONOR,
        question="When?",
        notes=("I could not answer this.",),
        origin=Origin(kind="model", model="gpt-5.2"),
        as_of=DECIDED.date(),
        reference="r1",
    )
    shown = read(message(answer, "direct").blocks)
    assert "The AI service (gpt-5.2) was asked and said nothing that the CRM records bear out." in shown
    assert "AI-generated" not in shown
    first = SUMMARY.summary.claims[0]
    broken = answer.model_copy(update={"claims": (first,), "origin": stopped})
    assert "You stopped this answer, so it is not complete." in read(message(broken, "direct").blocks)
    several = Confidence(score=90, level="high", reasons=("All 4 match.", "It is old.", "One.", "Two."))
    assert confidence_line(several).endswith(": All 4 match. It is old. One. And 1 more reason.")


def test_of_several_decisions_each_says_what_would_be_written_once() -> None:
    values = (
        ("Task", "Thank-you letter to Jane Doe for $42"),
        ("Due", "24 Nov 2026"),
        ("For", "Olivia Hart"),
    )
    fields = tuple(
        FieldChange(record="new", field=field, before="none", after=after) for field, after in values
    )
    sentence = "Create a task for Olivia Hart: Thank-you letter to Jane Doe for $42, due 24 Nov 2026"
    item = TogetherItem(
        escalation_id="01KESC",
        revision=1,
        donor_name="Jane Doe",
        proposal=sentence,
        changes=fields,
        due_at=DUE,
    )
    assert read(together_view(TogetherForm(items=(item,)))["blocks"]).count("$42") == 1
    without = item.model_copy(update={"changes": ()})
    assert sentence in read(together_view(TogetherForm(items=(without,)))["blocks"])
