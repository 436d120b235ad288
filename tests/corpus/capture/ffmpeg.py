"""multipart/x-mixed-replace from ffmpeg's mpjpeg muxer."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from .core import Case, Part, case, output, program
from .ranges import connect, free_port, read_all
from .server import CaptureServer

SOURCE = ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=5"]
SOURCE += ["-frames:v", "5", "-c:v", "mjpeg"]
MPJPEG = "multipart/x-mixed-replace;boundary=ffmpeg"


def version() -> str:
    """Return the name and version of ffmpeg."""
    return "ffmpeg " + output("ffmpeg", "-version").decode().split()[2].split("-")[0]


def frames() -> list[Part]:
    """Return the pictures, written one by one to files."""
    with tempfile.TemporaryDirectory() as folder:
        output("ffmpeg", *SOURCE, "-f", "image2", "frame%d.jpg", cwd=Path(folder))
        files = sorted(Path(folder).iterdir())
        return [Part(file.read_bytes(), None, None, "image/jpeg") for file in files]


@case("ffmpeg-served")
def served() -> Case:
    """Let ffmpeg serve its stream over HTTP."""
    url = f"http://127.0.0.1:{free_port()}/stream"
    arguments = [*SOURCE, "-f", "mpjpeg", "-listen", "1", "-content_type", MPJPEG, url]
    process = subprocess.Popen([program("ffmpeg"), *arguments], stdin=subprocess.DEVNULL)
    try:
        connection = connect(int(url.split(":")[2].split("/")[0]))
        connection.sendall(b"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        raw = read_all(connection)
    finally:
        process.terminate()
        process.wait(10)
    what = (
        "camera-like stream served with -listen: five JPEG frames with Content-length; ends after "
        "a delimiter, without a close delimiter"
    )
    return Case(version(), what, raw, frames(), complete=False)


@case("ffmpeg-posted")
def posted() -> Case:
    """Let ffmpeg post its stream."""
    tag = "--myboundary"
    arguments = [*SOURCE, "-f", "mpjpeg", "-boundary_tag", tag, "-method", "POST"]
    arguments += ["-content_type", f"multipart/x-mixed-replace; boundary={tag}"]
    with CaptureServer() as server:
        output("ffmpeg", *arguments, server.url + "/stream")
        raw = server.wait()
    what = "the same stream posted, -boundary_tag --myboundary: the delimiter has four dashes"
    return Case(version(), what, raw, frames(), complete=False)
