"""The CRM, as Countersign reads and writes it."""
