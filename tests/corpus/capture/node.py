"""Node: its built-in fetch() with FormData."""

from __future__ import annotations

import base64
import json

from .content import LINES, TEXT, UNICODE, tricky
from .core import Case, Part, case, output
from .server import CaptureServer

SCRIPT = """
const spec = SPEC;
const bytes = text => Buffer.from(text, 'base64');
const data = new FormData();
data.append('title', 'plain');
data.append('note', spec.text);
data.append('unicode naïve 日本', spec.unicode);
data.append('quo"te\\nbreak', '');
data.append('blob', new Blob([bytes(spec.data)]));
data.append('file', new File([spec.lines], 'Grüße "🎈".txt', {type: 'text/plain;charset=utf-8'}));
data.append('file', new File([], 'back\\\\slash; empty.bin'));
await fetch(spec.url, {method: 'POST', body: data});
"""


@case("node-fetch")
def fetch() -> Case:
    """Send FormData with fetch()."""
    data = tricky(2500, 31)
    spec = {"text": TEXT, "unicode": UNICODE, "lines": LINES}
    spec["data"] = base64.b64encode(data).decode()
    with CaptureServer() as server:
        script = SCRIPT.replace("SPEC", json.dumps(spec | {"url": server.url}), 1)
        output("node", "--input-type=module", "-", stdin=script.encode())
        raw = server.wait()
    octets = "application/octet-stream"
    parts = [
        Part(b"plain", "title"),
        Part(TEXT_CRLF, "note"),
        Part(UNICODE.encode(), "unicode naïve 日本"),
        Part(b"", 'quo"te\r\nbreak'),
        Part(data, "blob", "blob", octets),
        Part(LINES.encode(), "file", 'Grüße "🎈".txt', "text/plain"),
        Part(b"", "file", "back\\slash; empty.bin", octets),
    ]
    sender = f"Node {output('node', '--version').decode().strip().removeprefix('v')}"
    what = "fetch() with FormData (undici): fields, a Blob, two Files; line ends become CRLF"
    return Case(sender, what, raw, parts)


TEXT_CRLF = TEXT.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
