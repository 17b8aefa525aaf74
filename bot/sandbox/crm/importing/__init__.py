"""Import an organisation's own export into the simulated CRM: `import_world(directory, today=...)`."""

from bot.sandbox.crm.importing.columns import columns_table
from bot.sandbox.crm.importing.progress import ImportProgress, terminal_progress
from bot.sandbox.crm.importing.report import FileCount, Finding, UnusableExportError
from bot.sandbox.crm.importing.world import ImportReport, import_world

__all__ = [
    "FileCount",
    "Finding",
    "ImportProgress",
    "ImportReport",
    "UnusableExportError",
    "columns_table",
    "import_world",
    "terminal_progress",
]
