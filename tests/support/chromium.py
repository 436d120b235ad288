"""Chromium without a window, driven over the DevTools protocol.

It may be absent: then a test is skipped, or fails with ``PARTSTREAM_REQUIRE_PEERS=1``.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=800,700", "--remote-debugging-port=0",
]  # fmt: skip


class Page:
    """A tab of the browser, driven over the DevTools protocol."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._session: dict[str, str] = {}
        self._events: list[Any] = []

    async def _receive(self) -> Any:
        return json.loads(await self._connection.receive_str())

    async def call(self, method: str, **params: Any) -> Any:
        """Call a method, and give its result; events that come meanwhile are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        await self._connection.send_str(json.dumps(message))
        while (answer := await self._receive()).get("id") != number:
            self._events.append(answer)
        assert "result" in answer, answer
        return answer["result"]

    async def event(self, method: str) -> None:
        """Wait for an event, unless it has come, and forget those that came before it."""
        while True:
            while self._events:
                if self._events.pop(0)["method"] == method:
                    return
            self._events.append(await self._receive())

    async def open(self, url: str) -> None:
        target = await self.call("Target.createTarget", url="about:blank")
        found = await self.call("Target.attachToTarget", flatten=True, **target)
        self._session = found
        await self.call("Page.enable")
        self._events.clear()
        await self.call("Page.navigate", url=url)
        await self.event("Page.domContentEventFired")

    async def evaluate(self, script: str) -> Any:
        found = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")  # undefined has none

    async def screenshot(self, **options: Any) -> bytes:
        found = await self.call("Page.captureScreenshot", format="png", **options)
        return base64.b64decode(found["data"])


def browser() -> str:
    """Give the browser's program; without one, skip the test."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("PARTSTREAM_REQUIRE_PEERS") == "1":
            pytest.fail("chromium is not installed", pytrace=False)
        pytest.skip("chromium is not installed")
    return found


async def address(output: asyncio.StreamReader) -> str:
    """Give the address that the browser prints for those who want to drive it."""
    said = b""
    async for line in output:
        said += line
        if line.startswith(b"DevTools listening on "):
            return line.split()[-1].decode()
    raise AssertionError(f"the browser ended: {said.decode(errors='replace')}")


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Page]:
    """Run the browser with a new profile."""
    process = await asyncio.create_subprocess_exec(
        browser(), *FLAGS, f"--user-data-dir={profile}", stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        url = await address(process.stderr)
        rest = asyncio.create_task(process.stderr.read())  # else the pipe might fill up
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(url, max_msg_size=0) as connection,
            ):
                yield Page(connection)
        finally:
            rest.cancel()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
