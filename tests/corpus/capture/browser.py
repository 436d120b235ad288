"""Chromium, headless: real forms, and fetch() with FormData."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .content import LINES, TEXT, UNICODE, noise, tricky
from .core import Case, Part, case, output, program
from .server import CaptureServer

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

COMMON = """
const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const file = f => new File([bytes(f.data)], f.name, {type: f.type});
"""

FORM = """
const form = document.createElement('form');
form.method = 'post'; form.action = '/capture'; form.enctype = 'multipart/form-data';
if (spec.charset) form.acceptCharset = spec.charset;
for (const field of spec.fields) {
  const tag = field.tag || 'textarea';
  const input = document.createElement(tag);
  input.name = field.name;
  if (field.type) input.type = field.type;
  if (field.files) {
    const transfer = new DataTransfer();
    field.files.forEach(f => transfer.items.add(file(f)));
    input.multiple = true;
    input.files = transfer.files;
  } else if (field.value !== undefined) input.value = field.value;
  form.append(input);
}
document.body.append(form);
form.submit();
"""

FETCH = """
const data = new FormData();
for (const field of spec.fields) {
  if (field.files) field.files.forEach(f => data.append(field.name, file(f)));
  else if (field.blob) data.append(field.name, new Blob([bytes(field.blob)], {type: field.type}));
  else data.append(field.name, field.value);
}
fetch('/capture', {method: 'POST', body: data});
"""


def version() -> str:
    """Return the name and version of the browser."""
    found = re.match(r"Chromium [\d.]+", output("chromium", "--version").decode())
    return found[0] if found else "Chromium"


@contextmanager
def chromium(url: str) -> Iterator[None]:
    """Run the browser on a page, with a new profile, until the block ends."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program("chromium"), *FLAGS, f"--user-data-dir={profile}", url]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def submit(what: str, script: str, spec: dict[str, Any], parts: Sequence[Part]) -> Case:
    """Capture what the browser sends when the script runs with this spec."""
    page = (
        "<!doctype html><meta charset=utf-8><title>form</title><body><script>"
        f"const spec = {json.dumps(spec)};{COMMON}{script}</script>"
    )
    with CaptureServer({"/": page.encode()}) as server, chromium(server.url + "/"):
        return Case(version(), what, server.wait(60), parts)


def upload(name: str, data: bytes, content_type: str = "") -> dict[str, str]:
    """Return a file of the spec."""
    return {"name": name, "data": base64.b64encode(data).decode(), "type": content_type}


def crlf(text: str) -> bytes:
    """Return the text as a form sends it: every line end is CRLF."""
    return re.sub(r"\r\n|\r|\n", "\r\n", text).encode()


@case("chromium-form")
def form() -> Case:
    """Submit a form with text fields and files."""
    data = tricky(4000, 21)
    texts = [
        ("title", "plain"),
        ("note", TEXT),
        ("lines", LINES),
        ("unicode naïve 日本", UNICODE),
        ('quo"te', 'a "quoted" value'),
        ("empty", ""),
        ("line\nbreak", "x"),
    ]
    files = [
        upload("Grüße 🎈.txt", b"hello\n", "text/plain"),
        upload('quo"ted; semi\\back.bin', data),
        upload("empty.png", b"", "image/png"),
        upload("new\nline.txt", b"\r\n", "text/x-odd;charset=utf-8"),
        upload("100%.txt", b"--", "text/plain"),
    ]
    fields: list[dict[str, Any]] = [{"name": k, "value": v} for k, v in texts]
    fields.append({"name": "chosen", "tag": "input", "type": "file", "files": files})
    fields.append({"name": "not chosen", "tag": "input", "type": "file"})
    fields.append({"name": "box", "tag": "input", "type": "hidden", "value": "last"})
    octets = "application/octet-stream"
    parts = [Part(crlf(value), name.replace("\n", "\r\n")) for name, value in texts]
    parts += [
        Part(b"hello\n", "chosen", "Grüße 🎈.txt", "text/plain"),
        Part(data, "chosen", 'quo"ted; semi\\back.bin', octets),
        Part(b"", "chosen", "empty.png", "image/png"),
        Part(b"\r\n", "chosen", "new\nline.txt", "text/x-odd"),
        Part(b"--", "chosen", "100%.txt", "text/plain"),
        Part(b"", "not chosen", "", octets),
        Part(b"last", "box"),
    ]
    what = (
        "form.submit(): line ends in values and names become CRLF, odd names, five files, "
        "a file input with nothing chosen"
    )
    return submit(what, FORM, {"fields": fields}, parts)


@case("chromium-form-latin1")
def form_latin1() -> Case:
    """Submit a form in a legacy charset."""
    fields = [
        {"name": "_charset_", "tag": "input", "type": "hidden"},
        {"name": "text", "value": "café € ☃"},
        {"name": "end", "value": "1"},
    ]
    parts = [
        Part(b"windows-1252", "_charset_"),
        Part("café € &#9731;".encode("cp1252"), "text"),
        Part(b"1", "end"),
    ]
    what = "form with accept-charset=windows-1252 and a _charset_ field: values not in UTF-8"
    return submit(what, FORM, {"charset": "windows-1252", "fields": fields}, parts)


@case("chromium-fetch")
def fetch() -> Case:
    """Send FormData with fetch()."""
    data = noise(1500, 22)
    fields: list[dict[str, Any]] = [
        {"name": "text", "value": TEXT},
        {"name": "blob", "blob": base64.b64encode(data).decode(), "type": "image/webp"},
        {"name": "untyped", "blob": base64.b64encode(b"x").decode(), "type": ""},
        {"name": 'file é"', "files": [upload("a%22b.txt", LINES.encode(), "text/plain")]},
        {"name": "", "value": "no name"},
    ]
    parts = [
        Part(crlf(TEXT), "text"),
        Part(data, "blob", "blob", "image/webp"),
        Part(b"x", "untyped", "blob", "application/octet-stream"),
        Part(LINES.encode(), 'file é"', 'a"b.txt', "text/plain"),
        Part(b"no name", ""),
    ]
    what = (
        "fetch() with FormData: Blobs, an empty name; the filename was a%22b.txt, which the "
        "sender does not escape, so that the rules give a quote"
    )
    return submit(what, FETCH, {"fields": fields}, parts)


@case("chromium-fetch-empty")
def fetch_empty() -> Case:
    """Send an empty FormData with fetch()."""
    what = "fetch() with an empty FormData: the body is only the close delimiter, no parts"
    return submit(what, FETCH, {"fields": []}, [])
