"""Answers to what people ask: summaries, timelines, help, and what they say about them."""
