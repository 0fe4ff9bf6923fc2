"""The log of tool calls: who called what with what, as the dispatcher redacted it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from memory.schema import tool_calls

_ADD = insert(tool_calls)


def add(
    conn: Connection, *, id: str, account_id: str, run_id: str | None, call: Mapping[str, Any], at: datetime
) -> None:
    """Append one call."""
    row = {
        "id": id,
        "account_id": account_id,
        "run_id": run_id,
        "tool": call["tool"],
        "caller": call["caller"],
        "arguments": call["arguments"],
        "result": json.dumps({"outcome": call["outcome"], "result": call["result"], "error": call["error"]}),
        "milliseconds": call["milliseconds"],
        "at": at,
    }
    conn.execute(_ADD, row)
