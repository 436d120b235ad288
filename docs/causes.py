"""What is likely behind an error, in a few words for an operator: the code, then the cause.

``partstream inspect`` looks at the bytes themselves and often says more.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ATTACKS", "CAUSES"]

CAUSES: Final[dict[str, str]] = {
    # The delimiter lines
    "bare_lf": "a body put together by hand, or a saved one whose line ends an editor or a "
    "transfer in text mode has changed",
    "dashed_boundary": "a camera, or a server that takes the boundary for the whole delimiter line",
    "delimiter_padding": "a sender or a gateway of e-mail that pads lines; more than 64 spaces "
    "look like an attack",
    "delimiter_suffix": "a boundary too short or too plain for the content, or a boundary that is "
    "the start of another one",
    "boundary_in_content": "a boundary too short or too plain for the content, a body within a "
    "body, or an attempt to make two parsers see different parts",
    "first_line_suffix": "the Content-Type was set by hand, or belongs to another body",
    "preamble": "text for mail programs, a byte order mark, or line ends left over from the head",
    "epilogue": "a second body, an extra line end, or a sender that fills up to a fixed size",
    "missing_line_break": "a sender that leaves the body of an empty part out, line end and all",
    "unclosed_child": "the sender does not close what it nests, or the inner part was cut short",
    "delimiter_in_headers": "the empty line below the headers is missing, or an attempt to make "
    "two parsers see different parts",
    # The end of input
    "empty_body": "a middleware, a logger or another parser read the body before, or the client "
    "sent only headers",
    "boundary_not_found": "the Content-Type was set by hand, so its boundary is not the one in the "
    "body; or the body is no multipart at all",
    "truncated": "a connection that was closed, a proxy that cuts at its own limit, a wrong "
    "Content-Length, or a sender that never closes its stream (cameras)",
    "disconnected": "the user went away, the network broke, or a proxy ran into a time limit",
    # Header blocks
    "no_headers": "a sender made for multipart/mixed that is used for a form",
    "header_without_colon": "the empty line below the headers is missing, so content is taken for "
    "a header",
    "folded_header": "a library for e-mail wrote the part and wrapped its long lines",
    "invalid_header_name": "a header written by hand, or content taken for a header because the "
    "empty line above it is missing",
    "header_control": "a name or filename went into the header unescaped, or an attempt to inject "
    "headers",
    "undecodable_header": "an old client that sends names in the charset of its page or system",
    "repeated_header": "two layers of the sender each add it, or an attempt to make two parsers "
    "disagree",
    "invalid_length": "a length put together by hand, or an attempt to make two parsers disagree",
    "length_mismatch": "characters were counted instead of bytes, or the content changed after it "
    "was measured",
    "transfer_encoding": "a library for e-mail wrote the form",
    "unsafe_charset": "a misspelt charset, or utf-7, which attackers use to get past filters",
    "unsupported_encoding": "a coding that is unknown, or needs an extra that is not installed, or "
    "more than four codings in a row",
    "invalid_encoding": "the header says gzip, base64 or a charset, and the content is something "
    "else, was cut, or was decoded already on its way",
    "invalid_json": "another type than announced, an object as Python writes it, or values nested "
    "too deeply",
    "invalid_range": "a server that writes ranges of its own making, or an error page in place of "
    "a range",
    "invalid_http": "a server that puts a bare body, or an error in JSON, where its batch should "
    "have a response",
    # Content-Disposition and Content-Type
    "missing_boundary": "the Content-Type was set by hand; the client library would have added the "
    "boundary",
    "invalid_boundary": "a boundary made of text that was not checked, or one that is too long",
    "not_multipart": 'an HTML form without enctype="multipart/form-data", or a client that sends '
    "JSON or a bare file to this address",
    "repeated_boundary": "the Content-Type was set by hand beside the client library, or an "
    "attempt to make two parsers disagree",
    "repeated_parameter": "a quote in a name was not escaped, or an attempt to make two parsers "
    "disagree",
    "loose_parameter": "a sender that never quotes",
    "malformed_parameter": "a quote or a backslash in a name was not escaped",
    "quoted_pair": "a filename with its path (old browsers on Windows), a client that escapes "
    "quotes by backslash, or an attempt to make two parsers see different parameters",
    "extended_parameter": "a library for e-mail or for HTTP headers wrote the form, for a name "
    "that is not ASCII",
    "nameless_part": "a part made for multipart/mixed, or a form control without a name",
    "not_a_form": "a client that sends JSON or a bare file to the address of a form",
    "multipart_in_form": "a client of the time before RFC 7578, which groups several files of one "
    "field",
    # Limits
    "max_header_line": "a very long filename, content taken for a header, or an attack",
    "max_headers": "content taken for headers, or an attack",
    "max_header_block": "content taken for headers, or an attack",
    "max_preamble": "a wrong boundary, so that all of the body is a preamble; or an attack",
    "max_epilogue": "something else follows the multipart in the same body; or an attack",
    "max_depth": "forwarded mail within mail, or an attack",
    "max_parts": "a form with more fields or files than was thought of, or an attack",
    "max_part_size": "a file larger than was thought of",
    "max_total_size": "files larger, or more of them, than was thought of",
    "max_read_size": "a file where a short field was expected, or a text without line ends",
    "max_fields": "a form with more fields than was thought of, or an attack",
    "max_files": "more files at once than was thought of, or an attack",
    "max_field_size": "a file sent without a filename, a long text, or an attack",
    "max_fields_size": "many long texts, or an attack on memory",
    "max_decoded_size": "a part that compresses very well, or a decompression bomb",
}

#: By limit: what a peer does that it stops, and where that was seen.
ATTACKS: Final[dict[str, tuple[str, str]]] = {
    "max_header_line": (
        "a header line that never ends, which is held until it does",
        "CVE-2026-42561, CVE-2023-45290",
    ),
    "max_headers": (
        "many headers in a part, each an object",
        "CVE-2026-34516, CVE-2023-24536",
    ),
    "max_header_block": (
        "header blocks that take more memory than bodies, in each of many parts",
        "CVE-2025-61772, CVE-2025-48976",
    ),
    "max_preamble": (
        "bytes without end before the first delimiter, which no limit on parts counts",
        "CVE-2025-61770, CVE-2026-40347, aiohttp#13652",
    ),
    "max_epilogue": (
        "bytes without end after the closing delimiter, while the request stays open",
        "CVE-2024-53981, CVE-2026-40347",
    ),
    "max_depth": (
        "multiparts in multiparts: each one costs memory, and time at each delimiter",
        "CVE-2026-3520",
    ),
    "max_parts": (
        "small parts by the million: what they cost is objects and handlers, not bytes",
        "CVE-2023-25577, CVE-2023-30798, CVE-2023-25578, CVE-2023-24998, CVE-2023-0662",
    ),
    "max_part_size": ("an upload that fills the disk", "not seen as a fault of a parser"),
    "max_total_size": (
        "a body without end, sent in chunks so that no Content-Length tells of it",
        "aiohttp#13652",
    ),
    "max_decoded_size": (
        "a few bytes that unpack to gigabytes, also packed twice",
        "decompression bombs",
    ),
    "max_read_size": (
        "a part that is read in whole, and is as large as memory",
        "CVE-2026-34517, CVE-2024-52581",
    ),
    "max_fields": ("many small fields, each of them an object", "CVE-2025-69228, CVE-2024-29025"),
    "max_files": (
        "many files, each of which takes a handle or a temporary file",
        "CVE-2023-24580, CVE-2017-1000098, CVE-2023-25576",
    ),
    "max_field_size": (
        "a field without filename, as large as a file, in memory",
        "CVE-2024-47874, CVE-2024-49767, CVE-2025-61771, CVE-2023-26048",
    ),
    "max_fields_size": (
        "fields that are each within their limit; what objects take is counted",
        "CVE-2025-69228, CVE-2022-41725, CVE-2026-54283",
    ),
    "max_spool_size": (
        "files that stay in memory; what is larger goes to disk, off the event loop",
        "CVE-2025-54121",
    ),
    "max_spool_total": (
        "many files that each just stay in memory",
        "CVE-2022-41725",
    ),
}
