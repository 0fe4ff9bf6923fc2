"""Who decides: Director, Council, Oracle; the model roster; the on-board model."""
