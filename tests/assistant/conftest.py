"""A donor whose personal values are easy to recognise, and an assistant before a simulated model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import httpx2
import pytest
from starlette.applications import Starlette

from bot.assistant import AiSettings, Endpoint, OpenAiAssistant
from bot.sandbox.model.app import ModelSandboxConfig, build_model
from policy.donor import (
    Acknowledgement,
    Campaign,
    Donor,
    DonorRecord,
    Gift,
    Household,
    Interaction,
    LifecycleStage,
    Note,
    Rollups,
    StaffMember,
)
from policy.facts import Conventions, DonorFacts, compute_facts
from policy.money import Money

TODAY = date(2026, 11, 5)


class StoppedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 11, 5, 12, tzinfo=UTC)


def gift(number: int, amount: int, day: date, status: str = "acknowledged") -> Gift:
    return Gift(
        id=f"gift-00{number}",
        donor_id="donor-0815",
        amount=Money(minor=amount * 100, currency="USD"),
        received_on=day,
        campaign_id="campaign-7",
        acknowledgement=Acknowledgement(status=status),
    )


def note(number: int, text: str, category: str = "general") -> Note:
    written_at = datetime(2026, 10, number, tzinfo=UTC)
    return Note(
        id=f"note-00{number}", donor_id="donor-0815", written_at=written_at, text=text, category=category
    )


@pytest.fixture
def record() -> DonorRecord:
    """A donor with everything that must not leave the house."""
    donor = Donor(
        id="donor-0815",
        version="v3",
        name="Wilhelmina Krüger-Okafor",
        first_name="Wilhelmina",
        last_name="Krüger-Okafor",
        salutation="Dr. Mina",
        email="mina@okafor.example",
        phone="+49 30 5550 1234",
        city="Quedlinburg",
        household_id="household-3",
        owner_id="staff-olivia",
        lifecycle_stage=LifecycleStage.STEWARDSHIP,
    )
    rollups = Rollups(lifetime_giving=Money(minor=0, currency="USD"), gift_count=0)
    spouse = donor.model_copy(
        update={
            "id": "donor-4711",
            "name": "Bartholomew Okafor",
            "first_name": "Bartholomew",
            "last_name": "Okafor",
            "email": "bart@okafor.example",
            "phone": None,
            "rollups": rollups,
        }
    )
    return DonorRecord(
        donor=donor,
        read_at=datetime(2026, 11, 5, tzinfo=UTC),
        owner=StaffMember(id="staff-olivia", name="Olivia Hart", email="olivia@harbour.example"),
        household=Household(id="household-3", name="Okafor family", member_ids=("donor-0815", "donor-4711")),
        household_members=(spouse,),
        gifts=(
            gift(1, 500, date(2024, 2, 1)),
            gift(2, 9000, date(2025, 9, 1)),
            gift(3, 1200, date(2026, 11, 1), "needed"),
        ),
        interactions=(
            Interaction(
                id="interaction-1",
                donor_id="donor-0815",
                kind="meeting",
                direction="outbound",
                status="completed",
                at=datetime(2026, 10, 1, 9, tzinfo=UTC),
                subject="Coffee with Mina Krueger",
            ),
        ),
        notes=(
            note(
                1,
                "Wilhelmina and Bartholomew prefer mina@okafor.example or 030 5550 1234, see "
                "https://okafor.example/mina. Card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00. "
                "KRUEGER-OKAFOR, Wilhelmina lives in Quedlinburg. Olivia Hart knows her.",
            ),
            note(2, "Diagnosed with cancer in spring.", "health"),
        ),
        campaigns=(
            Campaign(
                id="campaign-7",
                name="Harbour Roof",
                status="active",
                starts_on=date(2026, 1, 1),
                ends_on=date(2026, 12, 31),
            ),
        ),
    )


@pytest.fixture
def facts(record: DonorRecord) -> DonorFacts:
    """The facts about the donor."""
    return compute_facts(record, TODAY, Conventions(fiscal_year_start_month=7))


@pytest.fixture
def model() -> Starlette:
    """The simulated model."""
    return build_model(ModelSandboxConfig(api_key="sandbox-key"), StoppedClock())


@pytest.fixture
async def switch(model: Starlette) -> Callable[..., object]:
    """Set the switches of the simulated model."""

    async def set_faults(**faults: object) -> dict[str, object]:
        transport = httpx2.ASGITransport(app=model)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.post("/model/sim/faults", json=faults, headers={"X-Sim": "1"})
            found: dict[str, object] = answer.json()
            return found

    return set_faults


@pytest.fixture
async def assistant(model: Starlette) -> object:
    """An assistant that asks the simulated model and sends notes."""
    settings = AiSettings(
        endpoints=(
            Endpoint(
                model="sandbox-model",
                base_url="http://127.0.0.1/model/v1",
                api_key="sandbox-key",
                region="local",
            ),
        ),
        max_retries=0,
        send_notes=True,
    )
    opened = OpenAiAssistant(
        settings, http_client=lambda: httpx2.AsyncClient(transport=httpx2.ASGITransport(app=model))
    )
    yield opened
    await opened.close()
