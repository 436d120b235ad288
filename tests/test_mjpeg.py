"""``examples/mjpeg.py``: its stream, as our reader and a browser see it.

The camera is one that the test drives, so that nothing depends on time.  The browser is Chromium;
it may be absent, and with ``PARTSTREAM_REQUIRE_PEERS=1`` that is a failure.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from support.chromium import chromium
from support.serving import run

EXAMPLES = Path(__file__).parent.parent / "examples"
#: What a socket holds for a viewer who does not read, and a frame for which that is not enough.
HELD = 1 << 16
LARGE = 1 << 22


@pytest.fixture
def example(ps: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The example, on the twin that ``ps`` is."""
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])
    spec = importlib.util.spec_from_file_location("mjpeg", EXAMPLES / "mjpeg.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.partstream is ps
    return module


class Film:
    """A source of frames, of which each is shown when the test says so."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    def show(self, frame: bytes) -> None:
        self._frames.put_nowait(frame)

    def end(self) -> None:
        self._frames.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (frame := await self._frames.get()) is not None:
            yield frame


@asynccontextmanager
async def serving(example: Any, film: Film) -> AsyncIterator[tuple[web.AppRunner, str]]:
    """Serve the example, and give its runner and its address."""
    app = example.application(film)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HELD)
        await web.SockSite(runner, listener).start()
        yield runner, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def viewer(ps: ModuleType, url: str) -> AsyncIterator[Any]:
    """Give a reader of the stream, over a connection of its own."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/stream") as response:
        assert response.status == 200
        yield ps.MultipartReader.from_response(response)


async def seen(reader: Any) -> bytes:
    """Read the next frame."""
    part = await reader.next()
    assert part.headers["Content-Type"] == "image/jpeg"
    return bytes(await part.read())


# ---------------------------------------------------------------------------------------------
# The stream
# ---------------------------------------------------------------------------------------------


def test_a_frame_is_read_as_soon_as_its_bytes_are_there(ps: ModuleType, example: Any) -> None:
    """The next frame is not shown before; a reader that wants a byte of it waits for ever."""
    frames = [example._frames.picture(at / 4) for at in range(12)]
    assert len(set(frames)) == len(frames)

    async def main() -> list[bytes]:
        film = Film()
        async with serving(example, film) as (_, url), viewer(ps, url) as reader:
            found = []
            for frame in frames:
                film.show(frame)
                found.append(await seen(reader))
            return found

    assert run(main()) == frames


def test_all_viewers_see_all_frames(ps: ModuleType, example: Any) -> None:
    """As long as they keep up, which they do here."""
    frames = [example._frames.picture(at) for at in range(4)]

    async def main() -> list[list[bytes]]:
        film = Film()
        async with serving(example, film) as (_, url):
            barrier = [asyncio.Semaphore(0) for _ in frames]

            async def watch() -> list[bytes]:
                found = []
                async with viewer(ps, url) as reader:
                    for at in range(len(frames)):
                        found.append(await seen(reader))
                        barrier[at].release()
                return found

            watching = [asyncio.create_task(watch()) for _ in range(30)]
            for frame, turn in zip(frames, barrier, strict=True):
                film.show(frame)
                for _ in watching:
                    await turn.acquire()
            return await asyncio.gather(*watching)

    assert run(main()) == [frames] * 30


def test_a_viewer_who_comes_late_sees_the_newest_frame_at_once(
    ps: ModuleType, example: Any
) -> None:
    async def main() -> bytes:
        film = Film()
        async with serving(example, film) as (_, url), viewer(ps, url) as early:
            for frame in (b"first", b"second"):
                film.show(frame)
                assert await seen(early) == frame
            async with viewer(ps, url) as late:
                return await seen(late)

    assert run(main()) == b"second"


def test_a_viewer_who_is_slow_holds_nobody_up_and_misses_frames(
    ps: ModuleType, example: Any
) -> None:
    frames = [bytes([at]) * LARGE for at in range(5)]

    async def main() -> tuple[list[bytes], list[bytes]]:
        film = Film()
        async with (
            serving(example, film) as (_, url),
            viewer(ps, url) as quick,
            viewer(ps, url) as slow,
        ):
            film.show(frames[0])
            part = await slow.next()  # of which it reads nothing more yet
            found = [await seen(quick)]
            for frame in frames[1:]:
                film.show(frame)
                found.append(await seen(quick))
            film.end()
            missed = [bytes(await part.read()), await seen(slow)]
            assert await slow.next() is None
            return found, missed

    found, late = run(main())
    assert found == frames
    assert late == [frames[0], frames[-1]]


@pytest.mark.parametrize("size", [100, LARGE], ids=["between-frames", "amid-a-frame"])
def test_a_viewer_who_goes_away_is_forgotten_without_noise(
    ps: ModuleType, example: Any, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    noise: list[Any] = []

    async def main() -> None:
        film = Film()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
        async with serving(example, film) as (runner, url), viewer(ps, url) as reader:
            camera = runner.app[example.CAMERA]
            async with viewer(ps, url) as other:
                film.show(b"\1" * size)
                part = await other.next()
                assert len(await part.read_chunk(10)) == 10
                await seen(reader)
                assert camera.viewers == 2
            while camera.viewers == 2:
                film.show(b"\2" * 100)
                assert len(await seen(reader)) == 100
            assert camera.viewers == 1

    run(main())
    assert noise == []
    assert caplog.records == []


def test_a_server_that_ends_closes_its_streams(ps: ModuleType, example: Any) -> None:
    """With a closing delimiter: without one, ``next()`` would raise IncompleteBody."""

    async def main() -> list[Any]:
        film = Film()
        async with serving(example, film) as (runner, url), viewer(ps, url) as reader:
            film.show(b"frame")
            found: list[Any] = [await seen(reader)]
            last, _ = await asyncio.gather(reader.next(), runner.cleanup())
            return [*found, last]

    assert run(main()) == [b"frame", None]


def test_a_camera_that_breaks_ends_the_streams_and_is_reported(
    ps: ModuleType, example: Any
) -> None:
    class Broken(Film):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield await self._frames.get() or b""
            raise OSError("the lens is gone")

    found: list[Any] = []

    async def main() -> None:
        film = Broken()
        async with serving(example, film) as (_, url), viewer(ps, url) as reader:
            film.show(b"frame")
            found.append(await seen(reader))
            found.append(await reader.next())

    with pytest.raises(OSError, match="the lens is gone"):
        run(main())
    assert found == [b"frame", None]


# ---------------------------------------------------------------------------------------------
# The pictures, and the command line
# ---------------------------------------------------------------------------------------------


def test_a_picture_changes_over_time_and_holds_no_stray_marker(example: Any, rng: Any) -> None:
    jpeg, picture = example._frames.jpeg, example._frames.picture
    pictures = [picture(at / 10) for at in range(20)]
    assert len(set(pictures)) == 20
    noise = [[tuple(rng.choices(range(256), k=3)) for _ in range(50)] for _ in range(50)]
    for data in [*pictures, jpeg(noise)]:
        start = data.index(b"\xff\xda")
        coded = data[start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") : -2]
        assert data[:2] + data[-2:] == b"\xff\xd8\xff\xd9"
        assert coded.count(b"\xff") == coded.count(b"\xff\0")
    assert b"\xff\0" in coded, "the noise was to need it"


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_the_command_serves_until_it_is_interrupted(ps: ModuleType, sign: int) -> None:
    command = [str(EXAMPLES / "mjpeg.py"), "--port", "0", "--fps", "50"]
    path = str(Path(ps.__file__ or "").parent.parent)

    async def main() -> tuple[Any, ...]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", *command, env={**os.environ, "PYTHONPATH": path},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            url = (await process.stdout.readline()).decode().partition("/ ")[0]
            async with viewer(ps, url) as reader, aiohttp.request("GET", f"{url}/") as response:
                frames = [await seen(reader) for _ in range(4)]
                assert '<img src="/stream"' in await response.text()
                process.send_signal(sign)
                while await reader.next() is not None:
                    pass
            return frames, await process.wait(), await process.stderr.read()
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    frames, status, errors = run(main())
    assert len(set(frames)) == 4
    assert (status, errors) == (0, b"")


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "101", "many"])
def test_a_rate_that_makes_no_sense_is_refused(
    example: Any, rate: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mjpeg.py", f"--fps={rate}"])
    with pytest.raises(SystemExit) as caught:
        example.main()
    assert caught.value.code == 2
    assert "--fps" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(example: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["mjpeg.py", "--port", str(port)])
        with pytest.raises(SystemExit, match=f"cannot listen on port {port}: "):
            example.main()


# ---------------------------------------------------------------------------------------------
# A browser
# ---------------------------------------------------------------------------------------------

#: The middle of each square of the picture as it is now, as red, green and blue.
PIXELS = """new Promise(resolve => requestAnimationFrame(() => {
  const img = document.querySelector('img'), canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [img.naturalWidth || 1, img.naturalHeight || 1];
  const context = canvas.getContext('2d'), found = [];
  context.drawImage(img, 0, 0);
  for (let y = 4; y < canvas.height; y += 8)
    for (let x = 4; x < canvas.width; x += 8)
      found.push(Array.from(context.getImageData(x, y, 1, 1).data).slice(0, 3));
  resolve(found);
}))"""

#: Where an element is, without the shadow and the rounding of its corners.
PLACE = """(() => {
  const {x, y, width, height} = document.querySelector('%s').getBoundingClientRect();
  return {x: x + 16, y: y + 2, width: width - 32, height: height - 4, scale: 1};
})()"""


Colour = tuple[int, int, int]


def rgb(colour: Colour) -> list[float]:
    """Give the colour of a square as a JPEG's reader must (ITU-T T.871 section 7)."""
    y, blue, red = colour[0], colour[1] - 128, colour[2] - 128
    found = (y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue)
    return [min(255, max(0, value)) for value in found]


def same(pixels: list[list[int]], rows: list[list[Colour]]) -> bool:
    """Tell whether a picture is the one of these squares, but for rounding."""
    wanted = [rgb(square) for row in rows for square in row]
    return len(pixels) == len(wanted) and all(
        abs(one - other) <= 2
        for pixel, colour in zip(pixels, wanted, strict=True)
        for one, other in zip(pixel, colour, strict=True)
    )


@pytest.mark.parametrize("announced", ["some-boundary", "--some-boundary"])
def test_the_picture_changes_in_a_browser(
    example: Any, announced: str, tmp_path: Path, rng: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame is shown again until the browser has drawn it, for it may draw a frame late."""
    content_type = f"multipart/x-mixed-replace;boundary={announced}"
    monkeypatch.setitem(example.HEADERS, "Content-Type", content_type)
    scenes = [
        [[tuple(rng.choices(range(40, 200), k=3)) for _ in range(16)] for _ in range(12)]
        for _ in range(2)
    ]

    async def main() -> list[tuple[bytes, ...]]:
        film = Film()
        async with serving(example, film) as (_, url), chromium(tmp_path / "profile") as page:
            await page.open(f"{url}/")
            found = []
            for at, scene in enumerate(scenes):
                frame = example._frames.jpeg(scene)
                film.show(frame)
                while not same(await page.evaluate(PIXELS), scene):
                    film.show(frame)
                (tmp_path / f"{at}.png").write_bytes(await page.screenshot())
                clips = [await page.evaluate(PLACE % tag) for tag in ("img", "h1", "p")]
                found.append(tuple([await page.screenshot(clip=clip) for clip in clips]))
            return found

    (picture, *around), (other, *around_other) = run(main())
    assert picture != other
    assert around == around_other
