"""The nouns and the ground. Imports nothing of ours."""
