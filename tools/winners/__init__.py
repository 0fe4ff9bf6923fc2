"""Winners: which ads have proven themselves, and finding them again."""
