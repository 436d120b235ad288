"""Why a body ends too early: what its last bytes say, and what was promised of its length."""

from __future__ import annotations

from ._inspect_difference import common_start, difference, quoted
from ._inspect_evidence import Evidence

__all__ = ["empty_body", "message_cut", "promised", "truncated", "wrong_closing"]


def empty_body(evidence: Evidence) -> list[str]:
    """Say why there is no body."""
    if evidence.length:
        return [
            f"the body is empty, and Content-Length says {evidence.length:,} bytes: only the head "
            "was saved, or the body was read (consumed) before it was saved",
            "look for what reads the body first: a middleware, a logger, a second parser",
        ]
    if evidence.length == 0:
        return [
            "the body is empty, and Content-Length is 0: the sender sent none",
            "what it sends from may have been read before, to log it or in a first try: rewind it "
            "(seek(0)), or make it anew",
        ]
    if evidence.report.kind != "body":
        return [
            "the body is empty, nothing follows the head: only the head was saved, or the body was "
            "read (consumed) before it was saved"
        ]
    return ["the input is empty: the body was read (consumed) before it was saved"]


def promised(evidence: Evidence) -> list[str]:
    """Say what the framing of the message lacks."""
    return [f"{evidence.missing}: it was cut on its way here"] if evidence.missing else []


def truncated(evidence: Evidence) -> list[str]:
    """Say why there is no closing delimiter."""
    causes = _odd_closing(evidence)
    if evidence.rest and evidence.length is not None:
        return [*causes, *_short_length(evidence)]
    if not causes:
        causes.append(f"the body is cut short at offset {evidence.size:,}, {evidence.place}")
    causes += promised(evidence)
    if evidence.missing:
        return causes
    if evidence.length is not None:
        causes.append("the body is as long as Content-Length says: the sender itself stopped here")
    elif evidence.chunks_ended:
        causes.append("the chunks are complete: the sender itself stopped here")
    else:
        causes.append(
            "nothing says how long it should be (no Content-Length, no chunks): it may have been "
            "cut on its way, or when it was saved"
        )
    return causes


def _short_length(evidence: Evidence) -> list[str]:
    length, rest = evidence.length or 0, evidence.rest
    return [
        f"Content-Length says {length:,} bytes and ends the body there, {evidence.place}; "
        f"{rest:,} more bytes follow in the file",
        f"if all of them belong to the body, Content-Length must be {length + rest:,}: was it "
        "counted in characters, or before the body was changed?",
    ]


def message_cut(evidence: Evidence) -> list[str]:
    """Say why a message is shorter than its framing says, where its body is whole."""
    if evidence.length is None:
        return [f"{evidence.missing}; the body itself is whole", "it was cut on its way here"]
    causes = [
        f"Content-Length says {evidence.length:,} bytes, the body has {evidence.size:,}; up to its "
        "closing delimiter it is whole"
    ]
    if b"\n" in evidence.start and b"\r\n" not in evidence.start:
        return [*causes, "its line ends were converted to LF, which made it shorter"]
    return [
        *causes,
        f"a server waits for the missing bytes: Content-Length must be {evidence.size:,}, if "
        "nothing was cut off behind the closing delimiter",
    ]


def _odd_closing(evidence: Evidence) -> list[str]:
    boundary = evidence.boundary
    end, closing = evidence.end, b"--" + boundary + b"--"
    at = end.rfind(closing)
    if at > 0 and end[at - 2 : at] != b"\r\n":
        before = quoted(end[max(0, at - 2) : at])
        return [f"the closing delimiter is there, but behind {before}, where CRLF is due"]
    if end.rstrip(b"\r\n").endswith(b"\n--" + boundary):
        return [
            "the last line is a delimiter without two dashes behind it: an endless stream (a "
            "camera) ends so, or a sender that does not close"
        ]
    found = wrong_closing(evidence)
    if found is None:
        return []
    line = found[0]
    causes = [f"the last line is {quoted(line)}, the closing delimiter is {quoted(closing)}"]
    if line.lstrip(b"-") and line.strip(b"-") == closing.strip(b"-"):
        return [*causes, "two dashes are due before the boundary, and two behind it"]
    return [*causes, difference(closing, line)]


def wrong_closing(evidence: Evidence) -> tuple[bytes, int] | None:
    """Give a last line that is nearly the closing delimiter, and how much of it fits."""
    if not evidence.boundary:
        return None
    closing = b"--" + evidence.boundary + b"--"
    last = evidence.end.rstrip(b"\r\n")
    line = last[last.rfind(b"\n") + 1 :]
    # The start of a delimiter, and nothing behind it, is one that was cut, not a wrong one.
    cut = closing.startswith(line) and last == evidence.end
    if cut or not line.startswith(b"--") or line == closing or not line.strip(b"-"):
        return None
    if abs(len(line) - len(closing)) > 2 or not difference(closing, line):
        return None
    return line, common_start(closing, line)
