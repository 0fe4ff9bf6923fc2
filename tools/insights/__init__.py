"""Results come back: what the platforms report is stored, judged and learned from."""
