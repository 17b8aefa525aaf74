"""From a CRM event to a proposal before a person: recommended, ruled, routed, folded, posted."""
