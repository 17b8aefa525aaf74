"""From what somebody typed to one donor, a choice between several, or near names."""

from __future__ import annotations

from handlers.context import Arrived, Context
from handlers.outcomes import DonorPicker, NoDonorFound, Notice, Outcome, Wanted
from handlers.ports import DonorUnknown, Unavailable
from policy.donor import DonorRecord

PICKER_SIZE = 10
MERGE_DEPTH = 5
NOT_VISIBLE = Notice(
    text="The CRM does not show me that donor.",
    next_step="Check the id in the CRM, or ask your CRM administrator what Countersign may read.",
)


def crm_unavailable(reference: str) -> Notice:
    """Say that the CRM does not answer and what is left to do."""
    return Notice(
        text="The CRM is not answering at the moment, so I cannot read the donor's record.",
        next_step="Nothing was changed. Try again in a few minutes.",
        reference=reference,
    )


async def donor_asked_for(
    query: str, donor_id: str | None, wanted: Wanted, arrived: Arrived, context: Context
) -> DonorRecord | Outcome:
    """Return the record of the donor meant by id or else by *query*, or what to answer instead."""
    try:
        found = donor_id or await find_donor(query.strip(), wanted, context)
        return await read_donor(found, context) if isinstance(found, str) else found
    except DonorUnknown:
        return NOT_VISIBLE
    except Unavailable:
        return crm_unavailable(arrived.reference)


async def find_donor(query: str, wanted: Wanted, context: Context) -> str | DonorPicker | NoDonorFound:
    """Return the id of the one donor meant by *query* (a name, an e-mail address or an id)."""
    matches = await context.crm.search(query, PICKER_SIZE)
    if len(matches) == 1:
        return matches[0].id
    if matches:
        return DonorPicker(query=query, wanted=wanted, matches=matches)
    return NoDonorFound(query=query, wanted=wanted, near=await context.crm.near(query))


async def read_donor(donor_id: str, context: Context) -> DonorRecord:
    """Read a donor, following merges to the record that is left."""
    for _ in range(MERGE_DEPTH):
        record = await context.crm.read(donor_id)
        if record.donor.merged_into is None:
            return record
        donor_id = record.donor.merged_into
    raise DonorUnknown(donor_id)
