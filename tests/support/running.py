"""Runs a coroutine on asyncio, for a time that is limited."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

__all__ = ["PATIENCE", "run"]

#: Seconds after which a test has failed; one that passes needs a hundredth of that.
PATIENCE = 30


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run a test, and end it where it waits for ever."""

    async def limited() -> Any:
        return await asyncio.wait_for(main, PATIENCE)

    return asyncio.run(limited())
