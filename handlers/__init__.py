"""What Countersign does: one file per thing that arrives; `handlers.tables` says which handles what."""
