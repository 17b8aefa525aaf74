"""From what somebody typed to one donor, a choice between several, or near names."""

from __future__ import annotations

from handlers.context import Context
from handlers.outcomes import DonorPicker, NoDonorFound, Wanted
from handlers.ports import DonorUnknown
from policy.donor import DonorRecord

PICKER_SIZE = 10
MERGE_DEPTH = 5


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
