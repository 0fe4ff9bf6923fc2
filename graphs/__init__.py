"""In what order: the state machines and their runner."""
