"""The differences between the peers and us that are known, each with its reason.

A difference that no rule here explains is new, and fails: either we have a bug, or a peer has
changed.  A rule names peers, a kind of difference, what we do (the code of our error) and what
they do (the start of their error), and has to find its cause in the input, at the place where the
difference is.  What is right is what the behaviour table says; the letters are its rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

from . import Leaf, Message, Refusal
from .causes import (
    BARE_LINE_END,
    BASE64,
    BEFORE_FIRST,
    EMPTY_BLOCK,
    FIRST_SUFFIX,
    NO_DISPOSITION,
    NOT_AT_START,
    ODD_PADDING,
    OWN_LINE_BREAK,
    PADDING,
    SUFFIX,
    WITHIN_LINE,
    Check,
    all_of,
    as_long_as_announced,
    at_end,
    bad_length,
    bare_line_end_at,
    child_not_begun,
    child_not_closed,
    control_at,
    dashed_at,
    dashed_line,
    delimiter_lines,
    extended_ignored,
    extended_wins,
    fold_at,
    has,
    header_twice,
    header_with,
    length_before,
    line_at,
    malformed_at,
    met_epilogue,
    met_suffix,
    no_boundary,
    no_token,
    not_multipart,
    not_utf8,
    one_of,
    outer_within,
    plain_wins,
    repeated_header,
    repeated_parameter,
    swallowed,
    type_name,
    unclosed,
    value_with,
)
from .differences import Difference, Kind, differences, unordered_differences
from .own import Own
from .values import by_the_table, django_parser, inner, is_utf8, raw_parameters

MULTIPART: Final = ("multipart_push",)
PYTHON_MULTIPART: Final = ("python_multipart",)
WERKZEUG: Final = ("werkzeug_sansio",)
DJANGO: Final = ("django_parser",)
AIOHTTP: Final = ("aiohttp_reader",)
EMAIL: Final = ("email_parser",)
FORMS: Final = (*MULTIPART, *PYTHON_MULTIPART, *WERKZEUG, *DJANGO)
MIXED: Final = (*AIOHTTP, *EMAIL)


class Rule(NamedTuple):
    """A cause of differences.

    Attributes:
        peers: whom it is about.
        kind: what kind of difference it makes.
        why: the reason, and who is right.
        when: finds the cause in the input.
        code: of our error, "" where we read the message, "*" for any; a shape is looked at for
            itself.
        text: how their error starts, "" where they read it.
    """

    peers: tuple[str, ...]
    kind: Kind
    why: str
    when: Check
    code: str = ""
    text: str = ""


def compare(
    peer: str, sent: Message, own: Own, theirs: list[Leaf] | Refusal
) -> Iterator[Difference]:
    """Give all differences, known or not."""
    if peer in DJANGO:
        pairs = zip(own.leaves, own.headers, strict=True)
        expected = [leaf for pair in pairs for leaf in _django(*pair)]
        return unordered_differences(peer, sent, own, expected, theirs)
    return differences(peer, sent, own, theirs)


def rule_for(found: Difference) -> Rule | None:
    """Give the first rule that explains a difference."""
    for rule in RULES:
        if (
            found.peer in rule.peers
            and found.kind == rule.kind
            and (found.kind == "shape" or rule.code in ("*", found.code))
            and found.text.startswith(rule.text)
            and rule.when(found)
        ):
            return rule
    return None


def _django(leaf: Leaf, headers: dict[str, str]) -> list[Leaf]:
    """Give what Django makes of a part.

    It loses parts with no name, files with an empty name or with no usable filename, and parts
    with a Content-Disposition that is not UTF-8; and of a parameter and its extended form it takes
    the latter.
    """
    disposition = headers.get("content-disposition", "")
    name = _django_parameter("name", disposition, leaf.name)
    if name is None or not is_utf8(disposition):
        return []
    if not _django_raw("filename", disposition):
        return [Leaf(name, None, None, leaf.body)]
    filename = _django_parameter("filename", disposition, leaf.filename) if name else None
    kind = leaf.content_type if is_utf8(headers.get("content-type", "")) else None
    return [] if filename is None else [Leaf(name, filename, kind or None, leaf.body)]


def _django_raw(key: str, disposition: str) -> str:
    raw = raw_parameters(disposition)
    extended = [value for other, value in raw.items() if other.startswith(f"{key}*")]
    if extended:
        return f'"{unquote(extended[0].rpartition(chr(39))[2])}"'
    return raw.get(key, "") if inner(raw.get(key, "")) else ""


def _django_parameter(key: str, disposition: str, ours: str | None) -> str | None:
    """Give its reading of a value, where ours is what it should be; else ours, to be seen."""
    raw = raw_parameters(disposition)
    if ours is None or (key in raw and ours != by_the_table(raw[key], form=True)):
        return ours
    return django_parser(_django_raw(key, disposition), key)


VALUES: Final = (
    Rule((*FORMS, *MIXED), "value", "row h: each undoes backslashes in a way of its own; a form has"
         r" only \" and \\", value_with(lambda raw: "\\" in raw)),
    Rule((*PYTHON_MULTIPART, *WERKZEUG, *MIXED), "value", "row g: a form has %22, %0D and %0A, and "
         "no more; werkzeug knows the first alone, the others none",
         value_with(lambda raw: "%" in raw)),
    Rule((*MULTIPART, *WERKZEUG, *AIOHTTP), "value", "row c2: of a value that is neither a token "
         "nor quoted they read what is a token, or nothing",
         value_with(lambda raw: not raw.startswith('"') and re.fullmatch(r"[\w.-]+", raw) is None)),
    Rule(EMAIL, "value", "email replaces what is not ASCII, and strips filenames",
         value_with(lambda raw: not raw.isascii() or inner(raw) != inner(raw).strip())),
    Rule((*MULTIPART, *PYTHON_MULTIPART), "value", "row f: they ignore extended parameters; we "
         "use them where the plain one is absent", extended_ignored),
    Rule((*WERKZEUG, *EMAIL), "value", "row f: the extended parameter wins; in a form the plain one"
         " does", extended_wins),
    Rule((*PYTHON_MULTIPART, *EMAIL), "value", "row h: an escaped backslash before the closing "
         "quote hides that quote from them",
         lambda found: re.search(r'(?<!\\)(?:\\\\)+"', found.disposition) is not None),
    Rule(EMAIL, "value", "email takes the name of the Content-Type for a filename", type_name),
    Rule(EMAIL, "value", "email replaces what is not ASCII",
         lambda found: "ufffd" in ascii(found.theirs) and not str(found.ours).isascii()),
    Rule(EMAIL, "value", "row s: email keeps the line ends of a folded value",
         lambda found: "\n" in str(found.theirs)
         and str(found.theirs).split() == str(found.ours).split()),
    Rule(EMAIL, "value", "email strips filenames", lambda found: found.field == "filename"
         and found.ours != found.theirs == str(found.ours).strip()),
    Rule(EMAIL, "value", "row k2: it finds one more part, as empty as the next of ours",
         lambda found: not found.own.leaves[found.index].body and BARE_LINE_END(found)),
    Rule(WERKZEUG, "value", "row c2: white space around the equals sign makes it no parameter",
         lambda found: found.theirs is None and re.search(
             rf"{found.field}(?:[ \t]+=|=[ \t])", found.disposition) is not None),
    Rule(MULTIPART, "value", "between parameters it knows spaces, and no tabs",
         lambda found: "\t" in found.disposition and not found.theirs),
    Rule(AIOHTTP, "value", "it parts a header at each semicolon, also in quotes, and drops it then",
         lambda found: re.search(r'"[^"]*;', found.disposition) is not None
         and found.theirs is None),
    Rule(AIOHTTP, "value", "it drops a header with a parameter of nothing but spaces",
         lambda found: re.search(r";[ \t]+(?:;|\Z)", found.disposition) is not None
         and found.theirs is None),
    Rule(EMAIL, "value", "row f: email takes the plain parameter where it stands first; outside "
         "of forms the extended one wins", plain_wins),
    Rule(MULTIPART, "value", "row j: the name of a part without one is empty; ours is None",
         lambda found: found.field == "name" and (found.ours, found.theirs) == (None, "")
         and "name" not in raw_parameters(found.disposition)),
)  # fmt: skip

SHAPES: Final = (
    Rule((*MULTIPART, *PYTHON_MULTIPART), "shape", "row q: a delimiter right behind the empty line "
         "is data to them, because its line break was taken for that of the header block",
         OWN_LINE_BREAK),
    Rule(WERKZEUG, "shape", "row q2: it looks for the empty line only behind the line break of the "
         "delimiter, and takes what follows a part without headers for headers", EMPTY_BLOCK),
    Rule((*WERKZEUG, *MIXED), "shape", "row k2: LF and CR are line ends for delimiters too",
         BARE_LINE_END),
    Rule(WERKZEUG, "shape", "row l: vertical tab and form feed are padding too",
         ODD_PADDING),
    Rule(MIXED, "shape", "row c3: a first line without the two dashes before the boundary counts, "
         "as the subtype is not form-data", dashed_line),
    Rule(MIXED, "shape", "row o: a closing delimiter must have its line for itself; to us what is "
         "behind it is epilogue", has(rb"LINE--[^\r\n]")),
    Rule(AIOHTTP, "shape", "row x: it looks for no outer delimiter within an inner multipart",
         outer_within),
    Rule(AIOHTTP, "shape", "row l: vertical tab and form feed are padding too", ODD_PADDING),
    Rule(EMAIL, "shape", "row t2: email knows no Content-Length", as_long_as_announced),
    Rule(EMAIL, "shape", "row k2: one more part, as empty as the one before it",
         lambda found: found.ours is None and isinstance(found.theirs, Leaf)
         and not found.theirs.body
         and BARE_LINE_END(found._replace(region=found.message.data))),
    Rule(EMAIL, "shape", "row x: a multipart that never begins is data to email, no part to us",
         child_not_begun),
    Rule(WERKZEUG, "shape", "row n2: a boundary within a line of the preamble counts",
         BEFORE_FIRST),
    Rule(DJANGO, "shape", "row n and m2: a preamble is read as a part", all_of(
        one_of(NOT_AT_START, FIRST_SUFFIX), has(rb"(?i:content-disposition)"))),
    Rule(DJANGO, "shape", "row o: parts behind the closing delimiter are read",
         has(rb"LINE--.*LINE")),
    Rule(DJANGO, "shape", "row h: an escaped backslash before the closing quote hides that quote",
         has(rb'Content-Disposition:[^\r\n]*[^\\](?:\\\\)+"')),
    Rule(DJANGO, "shape", "row u: base64 is decoded; we do it when asked", BASE64),
    Rule(DJANGO, "shape", "a boundary counts wherever it stands, within a line or before other "
         "text (rows m, n2, k2, q)",
         one_of(SUFFIX, WITHIN_LINE, BARE_LINE_END, OWN_LINE_BREAK)),
)  # fmt: skip

THEIR_REFUSALS: Final = (
    Rule(MULTIPART, "they_refuse", "row j: a part needs Content-Disposition", NO_DISPOSITION,
         text="ParserError: Missing Content-Disposition segment header"),
    Rule(MULTIPART, "they_refuse", "the disposition must be form-data; we do not look at it",
         header_with("content-disposition", lambda value, _: value is not None
                 and value.partition(";")[0].strip(" \t").lower() != "form-data"),
         text="ParserError: Invalid Content-Disposition segment header: Wrong type"),
    Rule(MULTIPART, "they_refuse", "a header name has letters, digits and dashes; RFC 9110 has more"
         " characters in a token",
         lambda found: one_of(re.fullmatch("[a-z0-9_-]+", name) is None
                           for headers in found.own.headers for name in headers),
         text="ParserError: Invalid segment header name"),
    Rule(MULTIPART, "they_refuse", "row m and l: a line that starts like a delimiter is no data, "
         "and white space behind one is an error", one_of(SUFFIX, PADDING),
         text="ParserError: Unexpected bytes after boundary"),
    Rule(MULTIPART, "they_refuse", "row s4: a header must be UTF-8; we keep the bytes", not_utf8,
         text="ParserError: ('Segment header failed to decode'"),
    Rule(MULTIPART, "they_refuse", "row t: Content-Length is no plain number; a form has none",
         header_with("content-length", lambda value, _: value is not None
                 and (not value.isdigit() or str(int(value)) != value)),
         text="ParserError: Invalid segment Content-Length header value"),
    Rule(MULTIPART, "they_refuse", "row t: Content-Length must match; in a form we ignore it",
         header_with("content-length", lambda value, leaf: value is not None
                 and value.isdigit() and int(value) < len(leaf.body or b"")),
         text="ParserError: Segment Content-Length exceeded"),
    Rule(MULTIPART, "they_refuse", "row t: Content-Length must match; in a form we ignore it",
         header_with("content-length", lambda value, leaf: value is not None
                 and value.isdigit() and int(value) > len(leaf.body or b"")),
         text="ParserError: Segment size does not match Content-Length header"),
    Rule(MULTIPART, "they_refuse", "row n2: a boundary within a line of the preamble",
         BEFORE_FIRST, text="ParserError: Unexpected byte in front of first boundary"),
    Rule(MULTIPART, "they_refuse", "row m2 and l: the first delimiter goes on",
         FIRST_SUFFIX, text="ParserError: Unexpected byte after first boundary"),
    Rule(MULTIPART, "they_refuse", "row q: a closing delimiter right behind the empty line is data",
         has(rb"\r\n\r\nLINE--"), text="ParserError: Unexpected end of multipart stream"),
    Rule(PYTHON_MULTIPART, "they_refuse", "row n: it takes line ends before the first delimiter, "
         "and no other preamble", NOT_AT_START,
         text="MultipartParseError: Expected boundary character"),
    Rule(PYTHON_MULTIPART, "they_refuse", "row m2 and l: the first delimiter goes on",
         FIRST_SUFFIX, text="MultipartParseError: Did not find CR at end of boundary"),
    Rule(PYTHON_MULTIPART, "they_refuse", "row m: text behind a delimiter with white space is no "
         "data", has(rb"LINE[ \t]+(?!\r\n)[^ \t]"),
         text="MultipartParseError: Did not find CRLF after boundary padding"),
    Rule(WERKZEUG, "they_refuse", "row j: a part needs Content-Disposition", NO_DISPOSITION,
         text="ValueError: Missing Content-Disposition header"),
    Rule(WERKZEUG, "they_refuse", "row k2 and l: a line that ends otherwise is a delimiter too, "
         "and what follows it headers", one_of(BARE_LINE_END, ODD_PADDING),
         text="UnicodeDecodeError: 'utf-8' codec can't decode"),
    Rule(WERKZEUG, "they_refuse", "row k2 and l: a line that ends otherwise is a delimiter too, "
         "and what follows it headers", one_of(BARE_LINE_END, ODD_PADDING),
         text="ValueError: Missing Content-Disposition header"),
    Rule(WERKZEUG, "they_refuse", "row q2, k2 and l: the same, with the closing delimiter in what "
         "it takes for headers", one_of(EMPTY_BLOCK, BARE_LINE_END, ODD_PADDING),
         text="ValueError: Invalid form-data cannot parse beyond State.PART"),
    Rule(DJANGO, "they_refuse", "a header block over 1024 bytes",
         has(rb"LINE(?:(?!\r\n\r\n).){1000}"),
         text="MultiPartParserError: Request max total header size exceeded."),
    Rule(DJANGO, "they_refuse", "row u: base64 is decoded; we do it when asked", BASE64,
         text="MultiPartParserError: Could not decode base64 data."),
    Rule(AIOHTTP, "they_refuse", "a leading _charset_ part breaks the next one: it is read in a "
         "chunk that must be longer than the boundary",
         lambda found: bool(found.own.leaves) and found.own.leaves[0].name == "_charset_",
         text="AssertionError: Chunk size must be greater or equal than boundary"),
    Rule(AIOHTTP, "they_refuse", "row s: a folded header is an error; out of forms we unfold it",
         has(rb"LINE\r\n(?:[^\r\n]+\r\n)+[ \t]"),
         text="InvalidHeader: 400, message:\n  Invalid HTTP header: b"),
    Rule(AIOHTTP, "they_refuse", "row k2 and l: a line that ends otherwise is a delimiter too",
         one_of(BARE_LINE_END, ODD_PADDING),
         text="InvalidHeader: 400, message:\n  Invalid HTTP header: b"),
    Rule(AIOHTTP, "they_refuse", "a header stands twice; we mind only the two that matter",
         header_twice, text="BadHttpMessage: 400, message:\n  Duplicate '"),
    Rule(AIOHTTP, "they_refuse", "row x: a multipart that is never closed", child_not_closed,
         text="ValueError: Reading after EOF"),
    Rule(EMAIL, "they_refuse", "row k2: LF and CR are line ends for delimiters too", BARE_LINE_END,
         text="StartBoundaryNotFoundDefect"),
    Rule(AIOHTTP, "they_refuse", "row x: a multipart that never begins",
         child_not_begun, text="ValueError: Could not find starting boundary"),
    Rule(AIOHTTP, "they_refuse", "row m and o: a line that starts like a delimiter and goes on; "
         "data, or behind a closing delimiter nothing to us", met_suffix,
         text="ValueError: Invalid boundary"),
    Rule(AIOHTTP, "they_refuse", "row y: behind an inner closing delimiter it takes one line of "
         "epilogue, no more and no less", met_epilogue, text="ValueError: Invalid boundary"),
    Rule(EMAIL, "they_refuse", "row o: a closing delimiter must have its line for itself",
         has(rb"LINE--[^\r\n]"), text="CloseBoundaryNotFoundDefect"),
    Rule(AIOHTTP, "they_refuse", "row q: a part with a length needs a line break of its own",
         OWN_LINE_BREAK, text="ValueError: Reader did not read all the data or it is malformed"),
    Rule(EMAIL, "they_refuse", "of delimiter lines in a row it takes all for one, the closing one "
         "too; to us there is a part without headers between",
         has(rb"LINE[ \t]*\r?\nLINE--"), text="CloseBoundaryNotFoundDefect"),
    Rule(EMAIL, "they_refuse", "a multipart with no part at all",
         lambda found: not found.own.leaves, text="StartBoundaryNotFoundDefect"),
    Rule(WERKZEUG, "they_refuse", "row s4: a header must be UTF-8; we keep the bytes", not_utf8,
         text="UnicodeDecodeError: 'utf-8' codec can't decode"),
)  # fmt: skip

OUR_REFUSALS: Final = (
    Rule((*FORMS, *MIXED), "we_refuse", "row i: they skip what they cannot read, or read on",
         malformed_at, code="malformed_parameter"),
    Rule((*FORMS, *MIXED), "we_refuse", "row d: they take the first or the last",
         repeated_parameter, code="repeated_parameter"),
    Rule((*FORMS, *MIXED), "we_refuse", "row e: they take the first or the last",
         repeated_header, code="repeated_header"),
    Rule((*FORMS, *MIXED), "we_refuse", "row s3: they keep control characters in headers",
         control_at, code="header_control"),
    Rule((*FORMS, *MIXED), "we_refuse", "row k: they take LF or CR for a line end, or for a part of"
         " a header", bare_line_end_at, code="bare_lf"),
    Rule((*MULTIPART, *WERKZEUG, *DJANGO), "we_refuse", "row s: they unfold, or skip the line",
         fold_at, code="folded_header"),
    Rule((*MULTIPART, *WERKZEUG, *DJANGO, *EMAIL), "we_refuse", "row s2: they strip the name, or "
         "take anything for one", no_token, code="invalid_header_name"),
    Rule((*WERKZEUG, *DJANGO, *EMAIL), "we_refuse", "row r: they skip a line without colon, or take"
         " it for the body", lambda found: b":" not in line_at(found),
         code="header_without_colon"),
    Rule((*MULTIPART, *PYTHON_MULTIPART), "we_refuse", "row q: the headers of this part are data to"
         " them", swallowed, code="*"),
    Rule((*PYTHON_MULTIPART, *DJANGO), "we_refuse", "row p: they take a truncated body",
         unclosed, code="truncated"),
    Rule(MIXED, "we_refuse", "row t2: email knows no Content-Length, aiohttp none of a multipart",
         length_before, code="length_mismatch"),
    Rule((*FORMS, *MIXED), "we_refuse", "row t3: they take it, or do not look at it", bad_length,
         code="invalid_length"),
    Rule(MIXED, "we_refuse", "a multipart type that is none", not_multipart, code="not_multipart"),
    Rule(MIXED, "we_refuse", "row b: a multipart without boundary", no_boundary,
         code="missing_boundary"),
    Rule(MIXED, "we_refuse", "row c3: a first line without the two dashes before the boundary "
         "counts, and later ones with them do not", dashed_line, code="truncated"),
    Rule((*WERKZEUG, *EMAIL), "we_refuse", "row k2: LF and CR are line ends for delimiters too",
         all_of(at_end, BARE_LINE_END), code="truncated"),
    Rule(WERKZEUG, "we_refuse", "row n2: a boundary within a line of the preamble counts",
         all_of(at_end, BEFORE_FIRST), code="boundary_not_found"),
    Rule(FORMS, "we_refuse", "row c3: a line without the two dashes before the "
         "boundary is nothing to them", dashed_at, code="dashed_boundary"),
    Rule((*PYTHON_MULTIPART, *DJANGO), "we_refuse", "row p: they take nothing at all",
         lambda found: not found.message.data, code="empty_body"),
    Rule(MIXED, "we_refuse", "row q3: a line of CR, or of no header, ends a header block",
         has(rb"LINE[ \t]*\r\n(?:(?!\r\n\r\n).)*\r\nLINE--\s*\Z"), code="truncated"),
    Rule(AIOHTTP, "we_refuse", "row x: it looks for no outer delimiter within an inner multipart",
         outer_within, code="header_without_colon"),
    Rule(EMAIL, "we_refuse", "row a: the first counts, or the last", lambda found: len(
         re.findall(rb"boundary=", line_at(found))) > 1, code="repeated_boundary"),
    Rule(EMAIL, "we_refuse", "row c: it takes a boundary of any bytes and length",
         lambda found: not line_at(found).isascii()
         or re.search(rb'boundary="?[^";]{71}|[ \t]"|"\t', line_at(found)) is not None,
         code="invalid_boundary"),
    Rule((*PYTHON_MULTIPART, *DJANGO), "we_refuse", "row p: they take a body with no delimiter",
         unclosed, code="boundary_not_found"),
    Rule((*FORMS, *MIXED), "we_refuse", "row q3: a delimiter in a header block is a header line to "
         "them, or ends the block",
         lambda found: found.message.data.startswith(tuple(delimiter_lines(found)), found.at),
         code="delimiter_in_headers"),
)  # fmt: skip

#: All of them; of several that explain a difference the first counts.
RULES: Final[tuple[Rule, ...]] = (*VALUES, *SHAPES, *THEIR_REFUSALS, *OUR_REFUSALS)
