"""Background work: job handlers."""
