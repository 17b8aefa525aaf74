"""Cards: pure functions from what happened to what people see; wording stands at the top of each file."""
