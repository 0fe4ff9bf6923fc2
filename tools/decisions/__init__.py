"""The decision engine: pure functions of (state, config, seed, now)."""
