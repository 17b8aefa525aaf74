"""The service looks after itself: what was set aside, and how everything fares."""
