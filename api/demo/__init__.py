"""The demo: the main job, end to end, against the sandbox, with a simulated account."""
