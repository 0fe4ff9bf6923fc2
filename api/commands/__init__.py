"""The commands of the terminal, one module per subject. Heavy imports happen inside the functions."""
