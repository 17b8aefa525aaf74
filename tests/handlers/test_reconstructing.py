"""One long story: every way a decision can go, told again from the export alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from bot.export import verify
from bot.export.archive import Order, write_export
from bot.export.contents import Scope
from bot.files import policy_source
from handlers.commands import (
    ApprovalClicked,
    ChatUser,
    ChosenItem,
    CrmEventArrived,
    DeclineClicked,
    DeferralClicked,
    EditApproved,
    EditRequested,
    EditSubmitted,
    PassOnRequested,
    PauseRequested,
    ReplyAddress,
    ResumeRequested,
    SendBackRequested,
    TogetherApproved,
    UndoClicked,
)
from handlers.context import Arrived
from handlers.outcomes import CheckedEdit, EditForm
from handlers.ports import Colleague
from handlers.record.replay_decisions import replayed
from handlers.rules.first_policy import establish
from policy.actions import SuppressChannel
from policy.canonical import digest
from policy.decide import CompiledPolicy
from policy.donor import Acknowledgement, Channel, Gift
from policy.editing import EDIT
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from policy.organisation import Person
from policy.override_reasons import GivenReason, OverrideReason
from storage.escalations import Changes
from tests.handlers.conftest import GUEST, MANAGER, OWNER, House, house_on, margaret

S = EscalationState
WORDS = GivenReason(code=OverrideReason.WRONG_WORDING, text="Too stiff")
STALE = GivenReason(code=OverrideReason.STALE_FACTS)
SENIOR = GivenReason(code=OverrideReason.NEEDS_SENIORITY)
ADMIN = replace(MANAGER, id="UADMIN", name="Ada Min", email="ada@x.example")


@dataclass
class Teller:
    """Lets people and time do everything that can be done to a decision."""

    house: House
    count: int = 0

    def arrived(self) -> Arrived:
        ids = self.house.ids
        return Arrived(ids.new(), ids.new(), 1, None, self.house.clock.now(), ids)

    async def card(self, donor_id: str, **fields: Any) -> str:
        """A donor of the name gives, and a card is made of it, unless policy holds it back."""
        today = self.house.clock.now().date()
        donor = margaret().model_copy(update={"id": donor_id, "name": donor_id.title(), **fields})
        self.house.crm.add(donor)
        thanks = Acknowledgement(status="needed")
        amount = Money(minor=5_000, currency="USD")
        gift = Gift(
            id=f"gift-{donor_id}",
            donor_id=donor_id,
            amount=amount,
            received_on=today,
            acknowledgement=thanks,
        )
        self.house.crm.gifts.append(gift)
        event = CrmEvent(
            id=f"evt-{donor_id}",
            source="/crm",
            type=CrmEventType.DONATION_RECEIVED,
            time=self.house.clock.now(),
            donor_id=donor_id,
            record_id=gift.id,
        )
        await self.do(CrmEventArrived(event=event))
        found = await self.house.database.read(lambda tx: tx.escalations.open_for_donor(donor_id))
        return found[-1].id if found else ""

    async def do(self, command: Any) -> None:
        await self.house.accept(command)
        await self.house.work_all()

    async def press(self, kind: type[Any], about: str, who: Colleague = OWNER, **more: Any) -> None:
        await self.do(kind(escalation_id=about, **by(who), **more))

    async def edit(self, about: str) -> None:
        await self.press(EditRequested, about, view_id=f"V{about}")
        form = next(shown for name, shown in self.house.chat.views if name == f"V{about}")
        assert isinstance(form, EditForm)
        held = {f.name: None if f.value == "nobody" else f.value for f in form.fields}
        changed = held | ({"title": "A warmer word"} if "title" in held else {"stage": "cultivation"})
        command = EditSubmitted(
            escalation_id=about,
            revision=form.revision,
            action_digest=form.action_digest,
            edit=EDIT.validate_python({"kind": form.action_kind, **changed}),
            window=f"W{about}",
            **by(OWNER),
        )
        await self.do(command)
        checked = next(shown for name, shown in self.house.chat.views if name == f"W{about}")
        assert isinstance(checked, CheckedEdit), checked
        await self.press(EditApproved, about, edit_id=checked.edit_id, reason=WORDS)

    async def chosen(self, about: str) -> ChosenItem:
        found = await self.house.database.read(lambda tx: tx.escalations.get(about))
        assert found is not None
        return ChosenItem(escalation_id=about, revision=found.revision)

    async def opt_out_instead(self, about: str, donor_id: str) -> None:
        """Have an action in its place that can only be made up for, as a reply asking for it would."""
        action, now = SuppressChannel(donor_id=donor_id, channel=Channel.EMAIL), self.house.clock.now()
        changes = Changes(action=action, action_digest=digest(action))
        await self.house.database.write(
            lambda tx: tx.escalations.move(about, (S.OPEN,), S.OPEN, now, **changes)
        )


def by(who: Colleague) -> dict[str, Any]:
    return {"by": ChatUser(id=who.id), "reply_to": ReplyAddress(channel_id="C1", user_id=who.id)}


async def live(teller: Teller) -> None:
    """Everything happens."""
    approved = await teller.card("approved")
    await teller.press(ApprovalClicked, approved, GUEST)
    await teller.press(ApprovalClicked, approved)
    await teller.edit(await teller.card("edited"))
    await teller.press(DeferralClicked, await teller.card("deferred"), preset="tomorrow")
    await teller.press(DeclineClicked, await teller.card("declined"), reason=WORDS)
    passed = await teller.card("passed")
    await teller.press(PassOnRequested, passed, to_user_id=MANAGER.id, reason=SENIOR)
    await teller.press(SendBackRequested, await teller.card("returned"), reason=STALE)
    undone = await teller.card("undone")
    await teller.press(ApprovalClicked, undone)
    await teller.press(UndoClicked, undone, reason=OverrideReason.WRONG_TIMING)
    made_up = await teller.card("compensated")
    await teller.opt_out_instead(made_up, "compensated")
    for _ in ("what the card showed was another action", "as it is now"):
        await teller.press(ApprovalClicked, made_up)
    await teller.press(UndoClicked, made_up, reason=OverrideReason.WRONG_TIMING)
    chosen = [await teller.chosen(await teller.card(name)) for name in ("together 1", "together 2")]
    await teller.do(TogetherApproved(chosen=tuple(chosen), **by(OWNER)))
    await teller.card("held", tags=("owner-hold",))
    changed = await teller.card("changed")
    teller.house.crm.gifts[-1] = teller.house.crm.gifts[-1].model_copy(
        update={"amount": Money(minor=9_000, currency="USD")}
    )
    await teller.press(ApprovalClicked, changed)
    died = await teller.card("died")
    teller.house.crm.change("died", deceased=True)
    await teller.press(ApprovalClicked, died)
    await teller.do(PauseRequested(capabilities=("execute",), reason="an audit", **by(ADMIN)))
    await teller.press(ApprovalClicked, await teller.card("paused"))
    await teller.do(ResumeRequested(capabilities=("execute",), **by(ADMIN)))
    teller.house.clock.move(hours=1)
    await teller.house.work_all()
    await teller.card("expired")
    for days in (1, 9, 9, 9, 9):
        teller.house.clock.move(days=days)
        await teller.house.work_all()


@dataclass(frozen=True)
class Told:
    """What an export says, read with nothing but a JSON reader."""

    entries: list[dict[str, Any]]
    policies: dict[str, Any]

    @classmethod
    def of(cls, path: Path) -> Told:
        with zipfile.ZipFile(path) as archive:
            events = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
            lines = [json.loads(line) for line in archive.read("payloads.jsonl").splitlines()]
            entries = [
                event | {"said": json.loads(line["payload"])}
                for event, line in zip(events, lines, strict=True)
                if line["payload"]
            ]
            rules = {
                name.removeprefix("policies/").removesuffix(".yaml"): yaml.safe_load(archive.read(name))
                for name in archive.namelist()
                if name.startswith("policies/")
            }
        return cls(entries, rules)

    def path_of(self, donor_id: str) -> dict[str, dict[str, Any]]:
        """The first entry of each kind of the decision about a donor, in their order."""
        [reference] = {
            entry["correlation_id"]
            for entry in self.entries
            if entry["kind"] == "recommendation.decided" and entry["said"]["event"]["donor_id"] == donor_id
        }
        found: dict[str, dict[str, Any]] = {}
        for entry in self.entries:
            if entry["correlation_id"] == reference:
                found.setdefault(entry["kind"], entry)
        return found


PATHS: dict[str, list[str]] = {
    "approved": ["escalation.opened", "escalation.approved", "action.begun", "action.executed"],
    "edited": ["escalation.opened", "escalation.edited", "action.begun", "action.executed"],
    "deferred": ["escalation.opened", "escalation.deferred", "escalation.reopened", "escalation.expired"],
    "declined": ["escalation.opened", "escalation.declined"],
    "expired": ["escalation.opened", "escalation.expired"],
    "passed": ["escalation.opened", "escalation.passed_on", "escalation.handed_over", "escalation.expired"],
    "returned": ["escalation.opened", "escalation.sent_back"],
    "undone": [
        "escalation.opened",
        "escalation.approved",
        "action.begun",
        "action.executed",
        "undo.requested",
        "action.undone",
    ],
    "compensated": [
        "escalation.opened",
        "escalation.approved",
        "action.begun",
        "action.executed",
        "undo.requested",
        "action.undone",
    ],
    "together 1": ["escalation.opened", "escalation.approved", "action.begun", "action.executed"],
    "together 2": ["escalation.opened", "escalation.approved", "action.begun", "action.executed"],
    "held": [],
    "changed": ["escalation.opened", "escalation.approved", "escalation.changed_since"],
    "died": ["escalation.opened", "escalation.approved", "action.stopped"],
    "paused": ["escalation.opened", "escalation.approved", "action.begun", "action.executed"],
}
DECIDED = ("approved", "edited", "declined", "deferred", "passed_on", "sent_back")


async def test_every_kind_of_decision_is_told_by_the_export_alone(
    migrated: Path, default_policy: CompiledPolicy, tmp_path: Path
) -> None:
    house = house_on(f"sqlite:///{shutil.copy(migrated, tmp_path / 'countersign.db')}", default_policy)
    admin = Person(email=ADMIN.email, roles=("admin",))
    organisation = house.context.organisation
    house.context = replace(
        house.context, organisation=organisation.model_copy(update={"people": (*organisation.people, admin)})
    )
    house.chat.people = (*house.chat.people, ADMIN)
    teller = Teller(house)
    source = policy_source(None)[0]
    at = teller.arrived()
    await house.database.write(
        lambda tx: establish(tx, at, default_policy, source, None, house.context.organisation)
    )
    await live(teller)

    again = await replayed(house.database)
    assert (again.different, again.not_replayable) == ([], {})
    assert again.same > len(PATHS), "asking again before a write is decided again too"
    assert (await house.database.read(lambda tx: tx.audit.verify())).ok
    await house.database.write(lambda tx: tx.checkpoints.sign(house.clock.now()))
    out, order = tmp_path / "export.zip", Order(Scope(), "compliance", "c@x.example", house.clock.now())
    await house.database.read(lambda tx: write_export(tx, out, order))
    await house.database.close()
    checked = subprocess.run(
        [sys.executable, "-I", verify.__file__, str(out)], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, "")

    _holds_the_rules_to_their_version(out, tmp_path / "unpacked")

    told = Told.of(out)
    for donor_id, expected in PATHS.items():
        path = told.path_of(donor_id)
        steps = [kind for kind in path if kind.partition(".")[0] in ("escalation", "action", "undo")]
        assert [kind for kind in steps if kind in expected] == expected, (donor_id, steps)
        _explains_itself(told, path)
    _tells_effects(told)


def _holds_the_rules_to_their_version(out: Path, folder: Path) -> None:
    """Rules that were altered are found even by whoever is handed a manifest that fits them."""
    zipfile.ZipFile(out).extractall(folder)
    [rules] = (folder / "policies").glob("*.json")
    rules.write_text(rules.read_text().replace("deny", "allow"))
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][f"policies/{rules.name}"] = sha256(rules.read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    command = [sys.executable, "-I", verify.__file__, str(folder)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (
        1,
        f"WRONG: policies/{rules.name} are not the rules of that version\n",
    )


def _explains_itself(told: Told, path: dict[str, dict[str, Any]]) -> None:
    """Trigger, inputs, who wrote it, confidence, all gates under which rules, and who decided why."""
    decided = path["recommendation.decided"]["said"]
    assert decided["event"]["type"] == "donation.received"
    assert decided["happened"]
    assert decided["donor_facts"]
    assert len(decided["record_digest"]) == 64
    recommendation, decision = decided["recommendation"], decided["decision"]
    assert recommendation["origin"]["fallback_reason"] == "no_model"
    assert 0 <= recommendation["confidence"]["score"] <= 100
    rules = told.policies[decision["policy_version"]]
    known = {gate["id"] for gate in rules["grants"]} | {gate["id"] for gate in rules["guards"]}
    assert {gate["id"] for gate in decision["gates"]} <= known
    assert decision["outcome"] in ("require_approval", "deny")
    for kind, entry in path.items():
        if kind.removeprefix("escalation.") in DECIDED and entry["actor"] != "system":
            assert entry["actor"].startswith("slack:U"), kind
            assert entry["said"]["name"] in (OWNER.name, MANAGER.name), kind


def _tells_effects(told: Told) -> None:
    edited = told.path_of("edited")["escalation.edited"]["said"]
    assert edited["differences"]
    assert edited["text"] == "Too stiff"
    assert told.path_of("declined")["escalation.declined"]["said"]["text"] == "Too stiff"
    assert told.path_of("deferred")["escalation.deferred"]["said"]["until"]
    done = told.path_of("approved")["action.executed"]["said"]
    assert (done["ref"][:7], done["verified"]) == ("record-", True)
    assert told.path_of("approved")["action.begun"]["said"]["decision"]["outcome"] == "require_approval"
    assert told.path_of("held")["recommendation.decided"]["said"]["decision"]["outcome"] == "deny"
    assert told.path_of("changed")["escalation.changed_since"]["said"]["differences"]
    assert "died" in told.path_of("died")["action.stopped"]["said"]["reason"]
    assert not told.path_of("undone")["action.undone"]["said"].get("instead")
    assert told.path_of("compensated")["action.undone"]["said"]["instead"]
    together = {told.path_of(f"together {n}")["escalation.approved"]["said"]["together"] for n in (1, 2)}
    assert len(together) == 1, "one press"
    kinds = {entry["kind"]: entry for entry in told.entries}
    assert kinds["click.refused"]["actor"] == f"slack:{GUEST.id}"
    assert kinds["policy.activated"]["said"]
    paused = kinds["capability.paused"]
    assert (paused["actor"], paused["said"]["reason"]) == (f"slack:{ADMIN.id}", "an audit")
    assert kinds["capability.resumed"]
