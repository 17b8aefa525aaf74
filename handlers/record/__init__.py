"""Evidence: written, explained, replayed, signed, retained, erased."""
