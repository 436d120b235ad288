"""The page of ``examples/upload_server.py`` in Chromium, which may be absent: see support.chromium.

The server takes as much of an upload as the test lets it, so that what the page shows meanwhile
does not depend on time.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.chromium import Page, chromium
from support.example_upload import example_of, settings
from support.serving import run, uvicorn_server

#: More than all buffers between a browser and a server that does not read can hold, by far.
SIZES = {"holiday.mp4": 24_000_000, "<img src=x onerror=alert(1)>.pdf": 9_000_000, "a.txt": 1234}
SAVED = ["holiday.mp4", "_img src=x onerror=alert(1)_.pdf", "a.txt"]
TYPES = ["video/mp4", "application/pdf", "text/plain"]
TOTAL = sum(SIZES.values())


class Gate:
    """An application that gets the bodies of its requests no faster than it is let."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._most: float = 0
        self._moved = asyncio.Condition()

    async def let(self, size: float) -> None:
        """Let so many bytes of each request through."""
        async with self._moved:
            self._most = size
            self._moved.notify_all()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        taken = 0

        async def slow() -> Any:
            nonlocal taken
            async with self._moved:
                await self._moved.wait_for(lambda: taken <= self._most)
            message = await receive()
            taken += len(message.get("body", b""))
            return message

        await self._app(scope, slow if scope["method"] == "POST" else receive, send)


class Visitor:
    """Who sits before the page."""

    def __init__(self, page: Page, gate: Gate, kept: Path, shots: Path) -> None:
        self.page = page
        self.gate = gate
        self.kept = kept
        self._shots = shots

    async def choose(self, paths: list[Path]) -> None:
        """Choose files in the dialog of the field."""
        document = await self.page.call("DOM.getDocument")
        field = await self.page.call(
            "DOM.querySelector", nodeId=document["root"]["nodeId"], selector="input[type=file]"
        )
        await self.page.call("DOM.setFileInputFiles", files=[str(path) for path in paths], **field)

    async def drop(self, paths: list[Path]) -> None:
        """Drag files onto the page, and drop them."""
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        place = await self._middle("#drop")
        for kind in ("dragEnter", "dragOver", "drop"):
            await self.page.call("Input.dispatchDragEvent", type=kind, data=data, **place)

    async def click(self, selector: str) -> None:
        """Click at the middle of an element."""
        place = await self._middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            await self.page.call(
                "Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place
            )

    async def _middle(self, selector: str) -> Any:
        return await self.page.evaluate(
            "(({x, y, width, height}) => ({x: x + width / 2, y: y + height / 2}))"
            f"(document.querySelector({selector!r}).getBoundingClientRect())"
        )

    async def until(self, script: str) -> Any:
        """Wait until a script gives something that is true, and give that."""
        while not (found := await self.page.evaluate(script)):
            pass
        return found

    async def table(self) -> list[list[str]]:
        """Give the texts of the table."""
        found: list[list[str]] = await self.page.evaluate(TABLE)
        return found

    async def shot(self, name: str, width: int, height: int = 900) -> None:
        """Take a picture for people to look at, with the page as wide as that."""
        await self.page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        await self.page.evaluate("new Promise(requestAnimationFrame)")
        (self._shots / f"{name}.png").write_bytes(await self.page.screenshot())


@pytest.fixture
def files(tmp_path: Path, rng: Any) -> Iterator[list[Path]]:
    """The files to upload, which do not stay: pytest keeps its directories for a while."""
    folder = tmp_path / "chosen"
    folder.mkdir()
    for name, size in SIZES.items():
        (folder / name).write_bytes(rng.randbytes(size))
    yield [folder / name for name in SIZES]
    shutil.rmtree(folder)


@asynccontextmanager
async def visiting(
    ps: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, megabytes: int = 100
) -> AsyncIterator[Visitor]:
    """Serve the example, and open it in the browser."""
    example = example_of(ps, monkeypatch)
    with settings(tmp_path / "server", monkeypatch, megabytes) as kept:
        gate = Gate(example.application())
        async with uvicorn_server(gate) as url, chromium(tmp_path / "profile") as page:
            await page.open(url)
            await page.event("Page.loadEventFired")
            yield Visitor(page, gate, kept, tmp_path)


#: The text of each cell, without the note below it.
TABLE = """[...document.querySelectorAll('#parts tr')].map(line =>
  [...line.cells].map(cell => cell.firstChild?.data ?? ''))"""
STATUS = "document.getElementById('status').textContent"
WRONG = "document.getElementById('status').classList.contains('wrong')"
NOTES = "[...document.querySelectorAll('#parts small')].map(note => note.textContent)"
BAR = "document.getElementById('bar').value"
#: Remembers all that the progress bar shows.
WATCH = """window.bars = [];
  new MutationObserver(() => bars.push(document.getElementById('bar').value))
    .observe(document.getElementById('bar'), {attributes: true})"""
#: How far the page reaches beyond the window.
BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
#: The numbers at both axes of the picture, and the points of its curve.
CHART = """({
  rates: [...document.querySelectorAll('#chart .rate')].map(text => Number(text.textContent)),
  times: [...document.querySelectorAll('#chart .time')].map(text => Number(text.textContent)),
  label: document.getElementById('chart').getAttribute('aria-label'),
  curve: document.querySelector('#chart .curve').getAttribute('d').slice(1).split('L')
    .map(point => point.split(' ').map(Number)),
})"""


def rows(files: list[Path]) -> list[tuple[str, ...]]:
    """Give what the table is to say of each file: name, field, type, bytes, hash."""
    found = []
    for name, kind, path in zip(SAVED, TYPES, files, strict=True):
        data = path.read_bytes()
        found.append((name, "files", kind, f"{len(data):,}", hashlib.sha256(data).hexdigest()))
    return found


def shown(table: list[list[str]]) -> list[tuple[str, ...]]:
    """Give the same of a table, which has times and rates too."""
    return [(*row[:4], row[6]) for row in table]


def kept(visitor: Visitor) -> dict[str, bytes]:
    """Give the files of the one upload that was kept."""
    (folder,) = visitor.kept.iterdir()
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("way", ["choose", "drop"])
def test_three_files_arrive_while_the_progress_bar_moves(
    ps: ModuleType, way: str, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = rows(files)

    async def main() -> None:
        async with visiting(ps, tmp_path, monkeypatch) as visitor:
            await visitor.page.evaluate(WATCH)
            await visitor.page.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", code="Tab")
            assert await visitor.page.evaluate("document.activeElement.id") == "files"
            await visitor.gate.let(0.1 * TOTAL)
            await getattr(visitor, way)(files)
            await visitor.until(f"{BAR} > 0")
            (row,) = await visitor.until(f"(rows => rows.length == 1 && rows)({TABLE})")
            assert (*row[:3], row[6]) == (*wanted[0][:3], "arriving")
            assert int(row[3].replace(",", "")) < SIZES["holiday.mp4"]
            await visitor.shot("beginning", 900)

            await visitor.gate.let(0.5 * TOTAL)
            assert await visitor.until(f"{BAR} >= 0.5 && {BAR}") < 1
            await visitor.gate.let(0.8 * TOTAL)
            table = await visitor.until(f"(rows => rows.length == 2 && rows)({TABLE})")
            assert shown(table)[0] == wanted[0]
            assert (*table[1][:3], table[1][6]) == (*wanted[1][:3], "arriving")
            assert await visitor.page.evaluate(STATUS) == ""
            await visitor.shot("amid", 900)

            await visitor.gate.let(TOTAL * 2)
            status = await visitor.until(STATUS)
            assert status.startswith("Done: 3 files, 33.0 MB in ")
            assert shown(await visitor.table()) == wanted
            assert await visitor.page.evaluate(NOTES) == [f"sent as {files[1].name}"]
            assert not await visitor.page.evaluate("document.images.length")
            bars = await visitor.page.evaluate("bars")
            assert bars == sorted(bars)
            assert (bars[0], bars[-1]) == (0, 1)
            assert sum(0 < bar < 1 for bar in bars) >= 2
            chart = await visitor.page.evaluate(CHART)
            assert chart["rates"][0] == chart["times"][0] == 0
            assert len(chart["rates"]) > 2
            assert len(chart["times"]) > 2
            across, up = zip(*chart["curve"], strict=True)
            assert len(across) > 4
            assert [*across] == sorted(across)
            assert 0 < min(up) < max(up) < 220
            assert chart["label"].startswith("Throughput: ")
            await visitor.shot("done", 900)
            await visitor.shot("narrow", 360, 1400)
            assert await visitor.page.evaluate(BEYOND) <= 0
            assert kept(visitor) == {
                name: path.read_bytes() for name, path in zip(SAVED, files, strict=True)
            }

    run(main())


def test_an_upload_can_be_cancelled(
    ps: ModuleType, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with visiting(ps, tmp_path, monkeypatch) as visitor:
            await visitor.gate.let(0.1 * TOTAL)
            await visitor.choose(files)
            await visitor.until(f"{BAR} > 0 && {TABLE}.length")
            assert [*visitor.kept.iterdir()]
            await visitor.click("#cancel")
            await visitor.gate.let(TOTAL * 2)
            assert await visitor.until(STATUS) == "Cancelled: nothing was kept."
            assert not await visitor.page.evaluate(WRONG)
            assert {row[6] for row in await visitor.table()} == {"not kept"}
            assert [*visitor.kept.iterdir()] == []
            await visitor.choose(files[2:])
            assert await visitor.until(f"{STATUS}.startsWith('Done: 1 file, ')")
            assert kept(visitor) == {"a.txt": files[2].read_bytes()}

    run(main())


def test_what_the_server_refuses_is_said(
    ps: ModuleType, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server closes the connection amid the body, and its answer is lost."""

    async def main() -> None:
        async with visiting(ps, tmp_path, monkeypatch, megabytes=1) as visitor:
            await visitor.gate.let(TOTAL * 2)
            await visitor.choose(files)
            said = await visitor.until(STATUS)
            assert said.startswith("Refused: the body has 33,00")
            assert "max_total_size" in said
            assert await visitor.page.evaluate(WRONG)
            assert [*visitor.kept.iterdir()] == []

    run(main())


def test_the_page_works_without_scripts(
    ps: ModuleType, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with visiting(ps, tmp_path, monkeypatch) as visitor:
            await visitor.page.call("Emulation.setScriptExecutionDisabled", value=True)
            await visitor.page.call("Page.reload")
            await visitor.page.event("Page.loadEventFired")
            await visitor.gate.let(TOTAL * 2)
            await visitor.choose(files)
            (tmp_path / "without.png").write_bytes(await visitor.page.screenshot())
            await visitor.click("noscript button")
            text = await visitor.until(
                "location.pathname == '/uploads' && document.body?.textContent"
            )
            lines = [line.split(maxsplit=2) for line in text.splitlines()]
            assert lines == [
                *([digest, size, name] for name, _, _, size, digest in rows(files)),
                ["3", "files,", f"{TOTAL:,} bytes"],
            ]

    run(main())
