"""Every way into what a writer writes: each takes the package, a writer, and a text.

A door may make what it adds first; what it returns does not matter.
"""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = [
    "ATTACKS", "DISPOSITIONS", "HEADERS", "IN_FORMS", "MESSAGES", "TOKENS", "TYPES", "Door",
    "being_read",
]  # fmt: skip

Door = Callable[[ModuleType, Any, str], Any]


async def _chunks() -> AsyncIterator[bytes]:
    yield b"1"


def _nested(ps: ModuleType, headers: dict[str, str]) -> Any:
    writer = ps.MultipartWriter()
    writer.append(b"nested")
    writer.headers.update(headers)
    return writer


def being_read(ps: ModuleType, head: str = "", subtype: str = "mixed") -> Any:
    """Give the first part of a multipart that is read, with such a header block."""
    body = f"--B\r\n{head}\r\n1\r\n--B--\r\n".encode("utf-8", "surrogateescape")
    return next(iter(ps.sync.MultipartReader(f"multipart/{subtype}; boundary=B", body)))


def _disposed(ps: ModuleType, **names: str) -> Any:
    payload = ps.BytesPayload(b"1")
    payload.set_content_disposition("form-data", **names)
    return payload


#: Where the value of the header X-A is taken.
HEADERS: dict[str, Door] = {
    "headers= with bytes": lambda ps, w, v: w.append(b"1", {"X-A": v}),
    "headers= with text": lambda ps, w, v: w.append("1", {"X-A": v}),
    "headers= as pairs": lambda ps, w, v: w.append(b"1", [("X-B", "1"), ("X-A", v)]),
    "headers= with a file": lambda ps, w, v: w.append(io.BytesIO(b"1"), {"X-A": v}),
    "headers= with a path": lambda ps, w, v: w.append(Path(__file__), {"X-A": v}),
    "headers= with a list": lambda ps, w, v: w.append([b"1"], {"X-A": v}),
    "headers= with a generator": lambda ps, w, v: w.append(_chunks(), {"X-A": v}),
    "headers= with a payload": lambda ps, w, v: w.append(ps.BytesPayload(b"1"), {"X-A": v}),
    "headers= with a part": lambda ps, w, v: w.append(being_read(ps), {"X-A": v}),
    "headers= with a writer": lambda ps, w, v: w.append(_nested(ps, {}), {"X-A": v}),
    "of a nested writer": lambda ps, w, v: w.append(_nested(ps, {"X-A": v})),
    "of a constructor": lambda ps, w, v: w.append(ps.BytesPayload(b"1", headers={"X-A": v})),
    "append_payload": lambda ps, w, v: w.append_payload(ps.StringPayload("1", {"X-A": v})),
    "append_json": lambda ps, w, v: w.append_json(1, {"X-A": v}),
    "append_form": lambda ps, w, v: w.append_form({"a": "1"}, {"X-A": v}),
    "append_http": lambda ps, w, v: w.append_http(ps.HttpMessage.response(200), {"X-A": v}),
}

#: Where a Content-Type is taken.
TYPES: dict[str, Door] = {
    "bytes": lambda ps, w, v: w.append(b"1", content_type=v),
    "text": lambda ps, w, v: w.append("1", content_type=v),
    "a path": lambda ps, w, v: w.append(Path(__file__), content_type=v),
    "a payload": lambda ps, w, v: w.append(ps.BytesPayload(b"1"), content_type=v),
    "headers=": lambda ps, w, v: w.append("1", {"Content-Type": v}),
    "headers= of a payload": lambda ps, w, v: w.append(ps.BytesPayload(b""), {"Content-Type": v}),
    "of a constructor": lambda ps, w, v: w.append(ps.JsonPayload(1, content_type=v)),
    "of a nested writer": lambda ps, w, v: w.append(_nested(ps, {"Content-Type": v})),
}

#: Where a name or a filename is taken, of a form and of other multiparts.
IN_FORMS: dict[str, Door] = {
    "name=": lambda ps, w, v: w.append("1", name=v),
    "name= with a file": lambda ps, w, v: w.append(io.BytesIO(b"1"), name=v),
    "name= of append_json": lambda ps, w, v: w.append_json(1, name=v),
    "filename=": lambda ps, w, v: w.append(b"1", filename=v),
    "name= beside filename=": lambda ps, w, v: w.append(b"1", name=v, filename="f"),
}
#: The same, and where a name has to be one of no form.
DISPOSITIONS: dict[str, Door] = {
    **IN_FORMS,
    "set": lambda ps, w, v: w.append("1").set_content_disposition("attachment", filename=v),
    "set without percent signs": lambda ps, w, v: w.append("1").set_content_disposition(
        "form-data", False, name=v
    ),
}

#: Where nothing is taken but a token, or a boundary.
TOKENS: dict[str, Door] = {
    "a header's name": lambda ps, w, v: w.append("1", {v: "1"}),
    "a header's name, nested": lambda ps, w, v: w.append(_nested(ps, {v: "1"})),
    "a disposition": lambda ps, w, v: w.append("1").set_content_disposition(v, name="a"),
    "a disposition of a file": lambda ps, w, v: w.append(
        ps.IOBasePayload(io.BytesIO(b"1"), disposition=v, filename="f")
    ),
    "a parameter": lambda ps, w, v: w.append("1").set_content_disposition("inline", **{v: "1"}),
    "a subtype": lambda ps, w, v: ps.MultipartWriter(v),
    "a boundary": lambda ps, w, v: ps.MultipartWriter("mixed", v),
}

#: What an HTTP message consists of that is a part.
MESSAGES: dict[str, Door] = {
    "method": lambda ps, w, v: w.append_http(ps.HttpMessage.request(v, "/")),
    "target": lambda ps, w, v: w.append_http(ps.HttpMessage.request("GET", v)),
    "version": lambda ps, w, v: w.append_http(ps.HttpMessage.request("GET", "/", version=v)),
    "header": lambda ps, w, v: w.append_http(ps.HttpMessage.request("GET", "/", {"X-A": v})),
    "header name": lambda ps, w, v: w.append_http(ps.HttpMessage.request("GET", "/", {v: "1"})),
    "reason": lambda ps, w, v: w.append_http(ps.HttpMessage.response(200, reason=v)),
    "response header": lambda ps, w, v: w.append_http(ps.HttpMessage.response(200, {"X-A": v})),
}

#: Known attacks on the writers of others, as a part of a form: its id, and whether the text is to
#: be the part's name, which is "x" else.
ATTACKS: dict[str, tuple[Door, bool]] = {
    "CVE-2026-34514-type": (lambda ps, w, v: w.append("1", name="x", content_type=v), False),
    "CVE-2026-34514-typed": (lambda ps, w, v: w.append(b"", {"Content-Type": v}, name="x"), False),
    "CVE-2026-50269-header": (lambda ps, w, v: w.append("1", {"X-A": v}, name="x"), False),
    "CVE-2026-50269-header-name": (lambda ps, w, v: w.append("1", {v: "a"}, name="x"), False),
    "CVE-2026-12143-field": (lambda ps, w, v: w.append_fields({v: "1"}), True),
    "CVE-2026-12143-name": (lambda ps, w, v: w.append(b"1", name=v), True),
    "CVE-2026-12143-filename": (lambda ps, w, v: w.append(b"1", name="x", filename=v), False),
    "GHSA-px9f-whj3-246m-name": (lambda ps, w, v: w.append(_disposed(ps, name=v)), True),
    "GHSA-px9f-whj3-246m-filename": (
        lambda ps, w, v: w.append(_disposed(ps, name="x", filename=v)),
        False,
    ),
    "GHSA-px9f-whj3-246m-both": (
        lambda ps, w, v: w.append(_disposed(ps, name=v, filename=v)),
        True,
    ),
    "GHSA-px9f-whj3-246m-value": (lambda ps, w, v: w.append_fields({"x": v}), False),
}
