"""Whether an installed partstream works: ``python tests/wheel/check.py c`` (or ``py``).

Needs nothing but the package and what it depends on, and the captured messages beside this file.
It is what tests each wheel, on machines that have none of the suite's other requirements; so it
looks at what a build can get wrong, and leaves the rest to the suite.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

import partstream
from partstream import sync

ROOT: Final = Path(__file__).resolve().parent.parent.parent
CORPUS: Final = ROOT / "tests" / "corpus"
SIZES: Final = (1, 7, 1000)
#: Messages that are read as whole forms, too.
FORMS: Final = ("chromium-form", "curl-fields", "httpx", "requests")
#: Of a part: what is compared with what was sent.
Known = dict[str, Any]


def expect(found: object, wanted: object, what: str) -> None:
    """End the run where something is not as it has to be; python -O must not leave it out."""
    if found != wanted:
        raise SystemExit(f"{what}: {found!r}, not {wanted!r}")


def check_build(backend: str) -> None:
    """The package is the installed one, whole, and of the twin that it was built for."""
    place = Path(partstream.__file__).resolve()
    expect(ROOT / "src" in place.parents, False, f"{place} is the checkout's own")
    expect(partstream.BACKEND, backend, "BACKEND")
    free_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    names = ["_scanner_c"] if backend == "c" else []
    if names and not free_threaded:
        names += ["_reading_c", "_forming_c"]
    for name in ("_scanner_c", "_reading_c", "_forming_c"):
        there = importlib.util.find_spec(f"partstream.{name}") is not None
        expect(there, name in names, f"partstream.{name} is there")
    if free_threaded and hasattr(sys, "_is_gil_enabled"):
        expect(sys._is_gil_enabled(), False, "the import brought the GIL back")
    expect(place.with_name("py.typed").exists(), True, "py.typed is there")
    expect(distribution("partstream").version, partstream.__version__, "version")
    for name in partstream.__all__:
        getattr(partstream, name)


def cases() -> Iterator[tuple[str, Known, bytes]]:
    """Give the name, the description and the body of each captured message."""
    for path in sorted(CORPUS.glob("*.json")):
        known = json.loads(path.read_text(encoding="utf-8"))
        message = next(CORPUS.glob(f"{path.stem}.[!j]*")).read_bytes()
        head, _, body = message.partition(b"\r\n\r\n")
        if b"\r\ntransfer-encoding: chunked" in head.lower():
            body = unchunked(body)
        yield path.stem, known, body


def unchunked(body: bytes) -> bytes:
    """Undo the chunked transfer coding (RFC 9112 section 7.1)."""
    found = b""
    while True:
        line, _, body = body.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            return found
        found, body = found + body[:size], body[size + 2 :]


def described(part: Known) -> Known:
    """What is compared of a part that was sent."""
    kept = {key: part[key] for key in ("name", "filename", "content_type")}
    if "parts" in part:
        return {**kept, "parts": [described(item) for item in part["parts"]]}
    return {**kept, "size": part["size"], "sha256": part["sha256"]}


def body_of(data: bytes) -> Known:
    """What is compared of a body."""
    return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def parsed(content_type: str, body: bytes, size: int) -> list[Known]:
    """Read with the parser, in chunks of a size."""
    subtype = content_type.partition(";")[0].strip().lower().partition("/")[2]
    _, parameters = partstream.parse_content_type(content_type)
    boundary = str(parameters["boundary"])
    parser = partstream.MultipartParser(boundary, subtype=subtype, nested=True)
    events: list[Any] = []
    for at in range(0, len(body), size):
        events += parser.feed(body[at : at + size])
    events += parser.close()
    rows: list[list[Known]] = [[]]
    data: list[bytes] = []
    for event in events:
        if isinstance(event, partstream.PartBegin):
            row = {key: getattr(event, key) for key in ("name", "filename", "content_type")}
            del rows[event.depth + 1 :]
            rows[event.depth].append(row)
            inner: list[Known] = []
            rows.append(inner)
            data = []
        elif isinstance(event, partstream.PartEnd):
            row = rows[event.depth][-1]
            children = rows[event.depth + 1] if len(rows) > event.depth + 1 else []
            row.update({"parts": children} if children else body_of(b"".join(data)))
            del rows[event.depth + 2 :]
        else:
            data.append(event)
    return rows[0]


def blocking(reader: Any) -> list[Known]:
    """Read with the blocking readers."""
    found: list[Known] = []
    for part in reader:
        nested = isinstance(part, sync.MultipartReader)
        found.append({"parts": blocking(part)} if nested else body_of(part.read()))
    return found


async def awaited(reader: Any) -> list[Known]:
    """Read with the asynchronous readers."""
    found: list[Known] = []
    async for part in reader:
        nested = isinstance(part, partstream.MultipartReader)
        found.append({"parts": await awaited(part)} if nested else body_of(await part.read()))
    return found


async def arriving(body: bytes) -> AsyncIterator[bytes]:
    """A stream that gives some bytes at a time."""
    for at in range(0, len(body), 100):
        await asyncio.sleep(0)
        yield body[at : at + 100]


def bodies(parts: list[Known]) -> list[Known]:
    """Of parts, what the readers are asked for; they read ``_charset_`` themselves."""
    return [
        {"parts": bodies(part["parts"])}
        if "parts" in part
        else {key: part[key] for key in ("size", "sha256")}
        for part in parts
        if part["name"] != "_charset_"
    ]


def copied(reader: Any, subtype: str) -> partstream.MultipartWriter:
    """Make a writer of all parts of a reader."""
    writer = partstream.MultipartWriter(subtype)
    for part in reader:
        if isinstance(part, sync.MultipartReader):
            kind = part.headers["Content-Type"].partition(";")[0].partition("/")[2]
            writer.append(copied(part, kind))
        elif subtype == "form-data":
            filename = part.filename or ("none" if part.filename is not None else None)
            writer.append(part.read(), name=part.name or "none", filename=filename)
        else:
            writer.append(part.read())
    return writer


def check_message(name: str, known: Known, body: bytes) -> None:
    """Read a message in all ways, write what it holds, and read that."""
    headers = {"Content-Type": known["content_type"]}
    wanted = [described(part) for part in known["parts"]]
    for size in (*SIZES, len(body)):
        expect(parsed(known["content_type"], body, size), wanted, f"{name}, {size} bytes at a time")
    expect(blocking(sync.MultipartReader(headers, body)), bodies(wanted), f"{name}, sync")
    reader = partstream.MultipartReader(headers, arriving(body))
    expect(asyncio.run(awaited(reader)), bodies(wanted), f"{name}, async")
    subtype = known["content_type"].partition(";")[0].strip().partition("/")[2].lower()
    writer = copied(sync.MultipartReader(headers, body), subtype)
    written = writer.body().read()
    expect(len(written), writer.size, f"{name}, size of what is written")
    again = sync.MultipartReader(writer.headers, written)
    expect(blocking(again), bodies(wanted), f"{name}, written and read")
    if name in FORMS:
        with sync.parse_form(headers, body) as form:
            count = len(form.fields) + len(form.files)
        expect(count, len(bodies(wanted)), f"{name}, fields and files of the form")


def check_errors() -> None:
    """What is malformed is an error with a place, whichever twin says so."""
    parser = partstream.MultipartParser("B")
    list(parser.feed(b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'))
    try:
        parser.close()
    except partstream.IncompleteBody as error:
        expect((error.code, error.http_status), ("truncated", 400), "error")
    else:
        raise SystemExit("a body without an end is no error")


def check_command() -> None:
    """The command lists the parts of a file, and is installed."""
    (entry,) = distribution("partstream").entry_points.select(group="console_scripts")
    expect((entry.name, entry.value), ("partstream", "partstream.__main__:main"), "entry point")
    path = CORPUS / "curl-mixed.http"
    command = [sys.executable, "-m", "partstream", "inspect", "--json", str(path)]
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(command, capture_output=True, cwd=elsewhere, check=True)
    expect(bool(json.loads(done.stdout)), True, "partstream inspect")


def main(backend: str) -> None:
    """Check everything, and say so in a line."""
    check_build(backend)
    number = 0
    for name, known, body in cases():
        if known["complete"] and not known.get("refused"):
            check_message(name, known, body)
            number += 1
    expect(number > 20, True, f"{number} messages in {CORPUS} are enough")
    check_errors()
    check_command()
    version = sys.version.split()[0]
    print(f"partstream {partstream.__version__} works: twin {backend}, {number} messages, "
          f"{sys.implementation.name} {version}, {sysconfig.get_platform()}")  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("c", "py"):
        raise SystemExit(f"usage: {sys.argv[0]} c|py: the twin that has to be there")
    main(sys.argv[1])
