from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.treasury.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = await open_house(tmp_path)
    yield made
    await made.db.close()
