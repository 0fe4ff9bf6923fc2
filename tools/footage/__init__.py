"""Supplied footage: safe probing and sources."""
