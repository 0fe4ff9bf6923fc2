"""Fixtures of every room."""

from __future__ import annotations

pytest_plugins = ["tests.support.postgres", "tests.support.sandbox"]
