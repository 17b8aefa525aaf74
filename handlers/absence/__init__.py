"""Who is away, who decides meanwhile, and whose hours count."""
