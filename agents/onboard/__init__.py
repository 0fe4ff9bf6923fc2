"""The on-board model: a grammar and measurable rubrics. It is not a language model."""
