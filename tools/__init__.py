"""What agents may do: an engine of plain functions per capability, and a thin typed face."""
