"""One adapter per platform: each speaks that platform's wire and knows nothing of the others."""
