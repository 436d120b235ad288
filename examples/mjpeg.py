"""A camera in the browser: a page with a stream of JPEG pictures (``multipart/x-mixed-replace``).

Run ``python examples/mjpeg.py`` where partstream and aiohttp are installed, and open the address
that it prints, in as many windows as you like.  The pictures are drawn by ``_frames.py``: no camera
is needed.  ``application()`` takes any other source of JPEGs.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import socket
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress

import _frames
from aiohttp import web

import partstream

BOUNDARY = "some-boundary"
HEADERS = {
    "Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}",
    "Cache-Control": "no-store",
}
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>partstream: MJPEG</title>
<style>
  body { margin: 0; min-height: 100vh; display: grid; place-content: center; gap: 1rem;
         background: #14161b; color: #cfd3dc; font: 1rem/1.5 system-ui, sans-serif }
  h1 { margin: 0; font-size: 1.2rem; font-weight: 600; color: #fff }
  img { width: min(640px, 92vw); aspect-ratio: 4 / 3; border-radius: 12px; background: #000;
        box-shadow: 0 12px 40px #000a }
  p { margin: 0 }
  code { color: #8fd6ff }
</style>
<h1>Live</h1>
<img src="/stream" alt="what the camera sees">
<p>One <code>MultipartWriter</code> a frame, and no script on this page.</p>
</html>
"""


class Camera:
    """Shows frames to any number of viewers; one who is slow misses some, and holds nobody up.

    Attributes:
        viewers: how many there are.
    """

    def __init__(self) -> None:
        self.viewers = 0
        self._frame = b""
        self._number = 0
        self._ended = False
        self._changed = asyncio.Event()

    async def run(self, frames: AsyncIterable[bytes]) -> None:
        """Show one frame after the other, for as long as there are any."""
        try:
            async for frame in frames:
                self._frame = frame
                self._number += 1
                self._wake()
        finally:
            self.end()

    def end(self) -> None:
        """Let the viewers go."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def after(self, number: int) -> tuple[int, bytes] | None:
        """Wait for a frame that is newer than the one of this number.

        Args:
            number: of the frame that was seen last, 0 before the first.

        Returns:
            The number and the frame, or None when there will be no more.
        """
        while number == self._number:
            if self._ended:
                return None
            await self._changed.wait()
        return self._number, self._frame


CAMERA = web.AppKey("camera", Camera)


async def page(request: web.Request) -> web.Response:
    """Give the page around the stream."""
    return web.Response(text=PAGE, content_type="text/html")


async def stream(request: web.Request) -> web.StreamResponse:
    """Send each frame as a part, until the viewer goes or the camera ends."""
    camera = request.app[CAMERA]
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    camera.viewers += 1
    number = 0
    try:
        while (shown := await camera.after(number)) is not None:
            number, frame = shown
            with partstream.MultipartWriter("image/jpeg", boundary=BOUNDARY) as mpwriter:
                mpwriter.append(frame, {"Content-Type": "image/jpeg"})
                await mpwriter.write(response, close_boundary=False)
        # Without a part, what is written is the closing delimiter.
        await partstream.MultipartWriter("image/jpeg", boundary=BOUNDARY).write(response)
    except ConnectionError:
        pass  # The viewer has gone, which is how most of them end.
    finally:
        camera.viewers -= 1
    return response


def application(frames: AsyncIterable[bytes]) -> web.Application:
    """Give the server of the page and the stream.

    Args:
        frames: JPEGs, each when it is to be shown.
    """
    camera = Camera()

    async def running(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(camera.run(frames))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def end(app: web.Application) -> None:
        camera.end()

    app = web.Application()
    app[CAMERA] = camera
    app.cleanup_ctx.append(running)
    app.on_shutdown.append(end)  # Else the server would wait for streams that never end.
    app.router.add_get("/", page)
    app.router.add_get("/stream", stream, allow_head=False)
    return app


async def drawn(fps: float) -> AsyncIterator[bytes]:
    """Give pictures without end, so many a second."""
    clock = asyncio.get_running_loop().time
    start = clock()
    for number in itertools.count(1):
        yield _frames.picture(clock() - start)
        await asyncio.sleep(max(0.0, start + number / fps - clock()))


def rate(text: str) -> float:
    """Read the value of ``--fps``."""
    value = float(text)
    if not 0 < value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return value


def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--port", type=int, default=8080, help="0 for any that is free")
    options.add_argument("--fps", type=rate, default=15.0, help="frames a second, 15 by default")
    arguments = options.parse_args()
    try:
        listener = socket.create_server(("127.0.0.1", arguments.port))
    except (OSError, OverflowError) as error:
        raise SystemExit(f"cannot listen on port {arguments.port}: {error}") from None
    with listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/ (Ctrl+C ends it)", flush=True)
        app = application(drawn(arguments.fps))
        web.run_app(app, sock=listener, print=None, access_log=None, shutdown_timeout=1)


if __name__ == "__main__":
    main()
