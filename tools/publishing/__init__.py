"""Prepares exact change sets and proposes them; executes nothing."""
