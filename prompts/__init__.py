"""What agents are told: versioned text files and their loader."""
