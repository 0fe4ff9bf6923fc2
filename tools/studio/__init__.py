"""The video studio: from a blueprint to a finished, measured ad."""
