"""What managers receive by schedule."""
