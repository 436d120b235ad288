"""The list of deviations: codes that are unique and stable, text for each, and each can be met."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from support.behaviours import HEADERS, STREAMS
from support.form_rows import FORMS

#: Codes that no cell of the behaviour table holds, each with a Content-Type that gives it.
_ELSEWHERE = {"not_multipart": "text/plain; boundary=B"}

#: Codes that the parser does not know: the readers meet them, and forms.
_BY_READERS = {
    "disconnected", "invalid_encoding", "invalid_http", "invalid_json", "invalid_range",
    "not_a_form", "unsupported_encoding",
}  # fmt: skip

#: Codes that only a form has: ``test_form.py``, ``test_behaviours_form.py``.
_BY_FORMS = {"multipart_in_form", "not_a_form"}

#: These codes are part of the interface: servers compare with them.  None may change or go.
_STABLE = {
    "bare_lf", "boundary_not_found", "dashed_boundary", "delimiter_in_headers",
    "delimiter_padding", "delimiter_suffix", "empty_body", "epilogue", "extended_parameter",
    "first_line_suffix", "folded_header", "header_control", "header_without_colon",
    "invalid_boundary", "invalid_header_name", "invalid_length", "length_mismatch",
    "loose_parameter", "malformed_parameter", "missing_boundary", "missing_line_break",
    "nameless_part", "no_headers", "not_multipart", "preamble", "repeated_boundary",
    "repeated_header", "repeated_parameter", "transfer_encoding", "truncated", "unclosed_child",
    "undecodable_header", "unsafe_charset",
}  # fmt: skip


def test_codes_are_stable(ps: ModuleType) -> None:
    codes = {deviation.code for deviation in ps.Deviation}
    assert codes >= _STABLE


def test_codes_and_bits_are_unique(ps: ModuleType) -> None:
    members = list(ps.Deviation.__members__.values())
    assert len({member.code for member in members}) == len(members)
    assert [member.bit for member in members] == [1 << index for index in range(len(members))]
    assert len(members) <= 60, "the masks of the compiled scanner have 64 bits"


def test_codes_are_the_names(ps: ModuleType) -> None:
    for name, member in ps.Deviation.__members__.items():
        assert member.code == name.lower()
        assert ps.Deviation(member.bit) is member


def test_each_says_what_was_met_and_what_helps(ps: ModuleType) -> None:
    texts = [member.text for member in ps.Deviation]
    assert len(set(texts)) == len(texts)
    for member in ps.Deviation:
        for sentence in (member.text, member.remedy):
            assert 10 < len(sentence) < 150
            assert sentence == sentence.strip().rstrip(".")


def _codes_in(cells: object) -> Iterator[str]:
    for cell in cells or ():  # type: ignore[attr-defined]
        if "!" in cell:
            yield cell.partition("!")[2].partition("@")[0]


def test_each_can_be_met(ps: ModuleType) -> None:
    """Each has a case in the behaviour table, which the tests of that table run."""
    met = set(_ELSEWHERE) | _BY_READERS | _BY_FORMS
    for row in STREAMS:
        met.update(_codes_in(row.form), _codes_in(row.other))
    for case in (*HEADERS, *FORMS):
        met.update(_codes_in(case.cells))
    assert {member.code for member in ps.Deviation} <= met


@pytest.mark.parametrize(("code", "text"), _ELSEWHERE.items())
def test_each_of_the_others_can_be_met(
    ps: ModuleType, ps_module: Callable[[str], ModuleType], code: str, text: str
) -> None:
    parameters = ps_module("parameters")
    with pytest.raises(ps.ParseError) as caught:
        parameters.boundary_of(parameters.Header(text, None, -1, True))
    assert caught.value.code == code


def test_an_error_says_all_of_it(ps: ModuleType) -> None:
    error = ps.Deviation.BARE_LF.at(5)
    assert type(error) is ps.ParseError
    assert (error.code, error.offset) == ("bare_lf", 5)
    assert error.message == f"{ps.Deviation.BARE_LF.text}; {ps.Deviation.BARE_LF.remedy}"
    detailed = ps.Deviation.BARE_LF.at(5, "more")
    assert detailed.message == f"{ps.Deviation.BARE_LF.text}: more; {ps.Deviation.BARE_LF.remedy}"


@pytest.mark.parametrize("name", ["EMPTY_BODY", "BOUNDARY_NOT_FOUND", "TRUNCATED"])
def test_what_comes_too_short_is_incomplete(ps: ModuleType, name: str) -> None:
    assert type(ps.Deviation[name].at(1)) is ps.IncompleteBody


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"--B\r\n", "in the headers of part 1"),
        (b"--B\r\nA: b", "in the headers of part 1"),
        (b"--B\r\nA: b\r\n\r\nx", "in part 1"),
        (b"--B\r\nA: b\r\n\r\nx\r\n--B\r\nA: b\r\n\r\n", "in part 2"),
        (b"--B\r\nContent-Length: 3\r\n\r\nx", "in part 1"),
        (b"--B\r\nContent-Length: 1\r\n\r\nx", "after part 1"),
    ],
)
def test_a_truncated_stream_says_where(ps: ModuleType, data: bytes, place: str) -> None:
    parser = ps.MultipartParser("B", subtype="mixed")
    parser.feed(data)
    with pytest.raises(ps.IncompleteBody, match=f"delimiter: {place};"):
        parser.close()
