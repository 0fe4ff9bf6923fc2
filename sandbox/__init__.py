"""The outside world in a box: one simulated world behind wire-true adapters."""
