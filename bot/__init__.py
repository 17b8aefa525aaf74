"""How Countersign talks: its doors, its adapters and the one place that wires them."""
