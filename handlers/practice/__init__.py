"""Learning to judge: made-up decisions, the reasoning afterwards, and how one is doing."""
