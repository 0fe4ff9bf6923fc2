"""What is remembered: one module per store, no business rules."""
