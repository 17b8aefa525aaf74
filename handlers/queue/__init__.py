"""What waits for somebody: the queue and the Home tab."""
