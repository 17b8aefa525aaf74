"""What Countersign does: one file per thing that arrives."""
