"""A report for programs: one JSON object, whose shape stays as it is within a major version.

::

    source          name of the file, "-" for standard input
    backend         "c" or "py"
    kind            "request", "response", "mail" (header lines, no start line) or "body" (no head)
    start_line      the request or status line, or null
    content_type    the Content-Type that counted, or null where the body itself had to tell
    subtype         what stands behind "multipart/", or null
    boundary        the boundary that was looked for, or null
    chunked         whether a chunked transfer coding was undone
    codings         the compressions that were undone, the outermost first
    body_offset     where the body starts in the file
    body_size       bytes of the body that were read, with chunks and compression undone
    parts           the parts in the order sent, those of a nested multipart right behind it:
        number          place in the tree, "2.1" for the first part within the second
        index           place in this list
        depth           0 for the parts of the outermost multipart
        name, filename  of Content-Disposition, or null
        content_type    in lower case without parameters, or null
        headers         [name, value] pairs in order
        multipart       whether it was taken apart: its own parts follow
        size            bytes of its body as sent, null for a multipart
        complete        false where it was cut short
        header_offset, offset
                        where its headers, and its body, start in the multipart body
        file_header_offset, file_offset
                        the same in the file; null where chunks or compression were in between
        sha256          of its body as sent, only with --sha256; null for a multipart
        path            the file written, only with --extract; null for a multipart
    notes           what is odd and no error, as sentences
    policies        what each policy makes of the body, empty where there was none to read:
        policy          "strict", "default" or "legacy"
        parts           how many parts come before the end, or before the fault
        complete        false where it lets a part end that was cut short
        ended           false where the input was not read to its end
        error           null, or the "code", "message" and "offset" of what it refuses
    error           null, or what ended the reading:
        code            stable short name
        message         one sentence, as a program gets it
        summary         the answer in one sentence: what differs here
        offset          in the body, or null
        file_offset     in the file, or null where that is not known
        place           in or after which part
        causes          what is likely behind it, and what helps, as sentences
        excerpt         null, or the bytes around: "of" ("body" or "file") and "offset" say where
                        "after" starts; "before" and "after" hold one character a byte (latin-1);
                        "wanted" is what should stand at "offset", or null

Text is ASCII with JSON escapes.  A byte of a header that is not UTF-8 becomes a lone surrogate,
``\\udc80`` to ``\\udcff``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ._inspect_report import Excerpt, Fault, Part, Report, Verdict

__all__ = ["render"]


def render(report: Report, *, digests: bool, paths: bool) -> Iterator[str]:
    """Give the text in pieces, one part a line, so that many parts are not held twice.

    Args:
        report: what to show.
        digests: whether digests were asked for.
        paths: whether files were asked for.
    """
    yield "{\n"
    for key, value in _report(report).items():
        yield f' "{key}": {json.dumps(value)},\n'
    yield ' "parts": ['
    for index, part in enumerate(report.parts):
        comma = "," if index else ""
        yield f"{comma}\n  {json.dumps(_part(part, index, report, digests, paths))}"
    yield "\n ],\n" if report.parts else "],\n"
    yield f' "notes": {json.dumps(report.notes)},\n'
    policies = [_verdict(verdict) for verdict in report.policies]
    yield f' "policies": {json.dumps(policies)},\n'
    error = None if report.fault is None else _fault(report.fault)
    yield f' "error": {json.dumps(error)}\n}}\n'


def _report(report: Report) -> dict[str, Any]:
    return {
        "source": report.source,
        "backend": report.backend,
        "kind": report.kind,
        "start_line": _text(report.start_line) or None,
        "content_type": report.content_type,
        "subtype": report.subtype,
        "boundary": None if report.boundary is None else _text(report.boundary),
        "chunked": report.chunked,
        "codings": list(report.codings),
        "body_offset": report.body_offset,
        "body_size": report.body_size,
    }


def _part(part: Part, index: int, report: Report, digests: bool, paths: bool) -> dict[str, Any]:
    content: dict[str, Any] = {
        "number": part.number,
        "index": index,
        "depth": part.depth,
        "name": part.name,
        "filename": part.filename,
        "content_type": part.content_type,
        "headers": part.headers,
        "multipart": part.multipart,
        "size": part.size,
        "complete": part.complete,
        "header_offset": part.header_offset,
        "offset": part.offset,
        "file_header_offset": report.in_file(part.header_offset),
        "file_offset": report.in_file(part.offset),
    }
    if digests:
        content["sha256"] = part.sha256
    if paths:
        content["path"] = part.path
    return content


def _verdict(verdict: Verdict) -> dict[str, Any]:
    error = {"code": verdict.code, "message": verdict.message, "offset": verdict.offset}
    return {
        "policy": verdict.policy,
        "parts": verdict.parts,
        "complete": verdict.complete,
        "ended": verdict.ended,
        "error": None if verdict.code is None else error,
    }


def _fault(fault: Fault) -> dict[str, Any]:
    return {
        "code": fault.code,
        "message": fault.message,
        "summary": fault.summary,
        "offset": fault.offset,
        "file_offset": fault.file_offset,
        "place": fault.place,
        "causes": fault.causes,
        "excerpt": None if fault.excerpt is None else _excerpt(fault.excerpt),
    }


def _excerpt(excerpt: Excerpt) -> dict[str, Any]:
    return {
        "of": excerpt.of,
        "offset": excerpt.offset,
        "before": excerpt.before.decode("latin-1"),
        "after": excerpt.after.decode("latin-1"),
        "wanted": None if excerpt.wanted is None else excerpt.wanted.decode("latin-1"),
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
