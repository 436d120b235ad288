"""The grammar of Content-Type and Content-Disposition, apart from any stream."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

Module = Callable[[str], ModuleType]


class Grammar:
    """Short names for what one twin's ``parameters`` does with a header."""

    def __init__(self, ps: ModuleType, parameters: ModuleType) -> None:
        self.ps = ps
        self.parameters = parameters

    def header(self, text: str, policy: str, form: bool, base: int | None = 0) -> Any:
        chosen = getattr(self.ps.Policy, policy)
        mask = chosen.form_mask if form else chosen.other_mask
        return self.parameters.Header(text, base, mask, form)

    def disposition(self, text: str, policy: str = "DEFAULT", form: bool = True) -> Any:
        """Give name and filename, or the code and the offset of the error."""
        return self._tried(self.parameters.disposition, self.header(text, policy, form))

    def type(self, text: str, policy: str = "DEFAULT", form: bool = False) -> Any:
        """Give essence and parameters, or the code and the offset of the error."""
        return self._tried(self.parameters.content_type, self.header(text, policy, form))

    def _tried(self, function: Callable[[Any], Any], header: Any) -> Any:
        try:
            return tuple(function(header))
        except self.ps.ParseError as error:
            return f"{error.code}@{error.offset}"


@pytest.fixture
def grammar(ps: ModuleType, ps_module: Module) -> Grammar:
    """The grammar of one twin's copy of the package."""
    return Grammar(ps, ps_module("parameters"))


# Parameters in general


@pytest.mark.parametrize(
    "text",
    [
        "a/b;c=d;e=f",
        "a/b; c=d; e=f",
        "a/b ;c=d ;e=f ",
        "A/B;\tC=d\t;\tE=f\t",
        "a/b;;c=d;; ;e=f;",
        'a/b;c="d";e="f"',
        'a/b; c="d" ; e="f" ; ',
        r'a/b;c="\d";e="\f"',
    ],
)
def test_spaces_quotes_and_empty_parameters_mean_nothing(grammar: Grammar, text: str) -> None:
    for policy in ("STRICT", "DEFAULT", "LEGACY"):
        expected = _unless_strict(policy, text, ("a/b", {"c": "d", "e": "f"}))
        assert grammar.type(text, policy) == expected


def _unless_strict(policy: str, text: str, value: object) -> object:
    """Give the value, or what STRICT has to say of a backslash in the text."""
    at = text.find("\\")
    return value if policy != "STRICT" or at < 0 else f"quoted_pair@{at}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"b;c"', "b;c"),
        ('"b=c"', "b=c"),
        ('""', ""),
        ('" b "', " b "),
        (r'"\""', '"'),
        (r'"\\"', "\\"),
        (r'"\\\""', '\\"'),
        (r'"b\\"', "b\\"),
        ("!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~"),
        ('"caf\xc3\xa9"', "caf\xe9"),
        ('"caf\xe9"', "caf\udce9"),
    ],
)
def test_values(grammar: Grammar, text: str, value: str) -> None:
    for policy in ("STRICT", "DEFAULT", "LEGACY"):
        expected = _unless_strict(policy, f"a/b;c={text}", ("a/b", {"c": value}))
        assert grammar.type(f"a/b;c={text}", policy) == expected


@pytest.mark.parametrize("value", ["b:c", "b/c", "(b)", "b,c", "b@c", "[b]", "b?c", "caf\xc3\xa9"])
def test_values_that_should_be_quoted(grammar: Grammar, value: str) -> None:
    text = value.encode("latin-1").decode()
    for policy, expected in (("STRICT", "loose_parameter@6"), ("DEFAULT", ("a/b", {"c": text}))):
        assert grammar.type(f"a/b;c={value}", policy) == expected


@pytest.mark.parametrize("text", ["a/b;c =d", "a/b;c= d", "a/b;c\t=\td", 'a/b;c = "d"'])
def test_space_around_the_equals_sign(grammar: Grammar, text: str) -> None:
    assert grammar.type(text) == ("a/b", {"c": "d"})
    assert grammar.type(text, "STRICT") == "loose_parameter@4"


@pytest.mark.parametrize(
    ("text", "at", "dropped"),
    [
        ("a/b;c", 4, {}),
        ("a/b;c;e=f", 4, {"e": "f"}),
        ("a/b;=d;e=f", 4, {"e": "f"}),
        ("a/b;c d=x;e=f", 4, {"e": "f"}),
        ("a/b;c=;e=f", 6, {"e": "f"}),
        ("a/b;c=d e=f", 6, {}),
        ('a/b;c=d"e";e=f', 6, {"e": "f"}),
        ('a/b;c="d', 6, {}),
        ('a/b;c="d\\"', 6, {}),
        ('a/b;c="', 6, {}),
        ('a/b;c="d\\', 6, {}),
        ('a/b;c="d"x;e=f', 9, {"e": "f"}),
        ('a/b;c="d" x;e=f', 10, {"e": "f"}),
        ('a/b;c="d""e";e=f', 9, {"e": "f"}),
        ('a/b;"c"=d;e=f', 4, {"e": "f"}),
        ("a/b;caf\xc3\xa9=d;e=f", 4, {"e": "f"}),
    ],
)
def test_what_cannot_be_read(grammar: Grammar, text: str, at: int, dropped: dict[str, str]) -> None:
    assert grammar.type(text) == f"malformed_parameter@{at}"
    assert grammar.type(text, "LEGACY") == ("a/b", dropped)


@pytest.mark.parametrize("text", ["a/b;c=d;c=d", "a/b;c=d;C=e", 'a/b;c=d;e=f;c="x"'])
def test_a_parameter_twice(grammar: Grammar, text: str) -> None:
    assert str(grammar.type(text)).startswith("repeated_parameter@")
    assert grammar.type(text, "LEGACY")[1]["c"] == "d"


def test_a_dropped_parameter_does_not_count_as_the_first(grammar: Grammar) -> None:
    assert grammar.type('a/b;c="d"x;c=e', "LEGACY") == ("a/b", {"c": "e"})


def test_the_order_of_parameters_is_kept(grammar: Grammar) -> None:
    _, found = grammar.type("a/b;" + ";".join(f"p{index}={index}" for index in range(50, 0, -1)))
    assert list(found) == [f"p{index}" for index in range(50, 0, -1)]


@pytest.mark.parametrize(
    ("text", "essence"), [("", ""), (" ", ""), ("A/B", "a/b"), (" a/b ", "a/b"), (";", "")]
)
def test_without_parameters(grammar: Grammar, text: str, essence: str) -> None:
    assert grammar.type(text) == (essence, {})


def test_offsets_count_from_the_start_of_the_stream(grammar: Grammar) -> None:
    header = grammar.header('a/b;c="d', "DEFAULT", False, base=1000)
    with pytest.raises(grammar.ps.ParseError) as caught:
        grammar.parameters.content_type(header)
    assert caught.value.offset == 1006
    with pytest.raises(grammar.ps.ParseError) as caught:
        grammar.parameters.content_type(header._replace(base=None))
    assert caught.value.offset is None


# Extended parameters


@pytest.mark.parametrize(
    ("text", "filename"),
    [
        ("filename*=utf-8''caf%C3%A9", "caf\xe9"),
        ("filename*=UTF-8'fr'caf%c3%a9", "caf\xe9"),
        ("filename*=iso-8859-1''caf%E9", "caf\xe9"),
        ("filename*=utf-8''a'b", "a'b"),
        ("filename*=utf-8''", ""),
        ("filename*0=a; filename*1=b", "ab"),
        ("filename*1=b; filename*0=a", "ab"),
        ("filename*0*=utf-8''caf; filename*1*=%C3%A9; filename*2=.txt", "caf\xe9.txt"),
        ("filename*0*=utf-8''%C3; filename*1*=%A9", "\xe9"),
        ('filename*0="a;"; filename*1="b\\""', 'a;b"'),
        ("filename*=utf-8''whole; filename*0=pieces", "whole"),
        ("FileName*=utf-8''x", "x"),
        ("; ".join(f"filename*{index}={index % 10}" for index in range(12)), "012345678901"),
    ],
)
def test_extended_values(grammar: Grammar, text: str, filename: str) -> None:
    for form in (True, False):
        assert grammar.disposition(f"x; {text}", form=form) == (None, filename)


@pytest.mark.parametrize(
    "text",
    [
        "filename*=x",
        "filename*=utf-8'x",
        "filename*=\"utf-8''x\"",
        "filename*=utf-7''x",
        "filename*=unknown''x",
        "filename*=''x",
        "filename*=utf-8''%",
        "filename*=utf-8''%4",
        "filename*=utf-8''%4x",
        "filename*=utf-8''%+1",
        "filename*=utf-8''%\xb24",
        "filename*=utf-8''%E9",
        "filename*0*=utf-8''%C3",
        "filename*1=a",
        "filename*0=a; filename*2=b",
        "filename*00=a",
        "filename*x=a",
        "filename**=utf-8''x",
        "filename*0*=utf-7''x",
    ],
)
def test_extended_values_that_cannot_be_read(grammar: Grammar, text: str) -> None:
    for form in (True, False):
        found = grammar.disposition(f"x; {text}", form=form)
        assert str(found).startswith(("malformed_parameter@", "loose_parameter@")), found
        name, filename = grammar.disposition(f"x; {text}", "LEGACY", form)
        assert name is None
        assert filename in (None, "a")
        plain = grammar.disposition(f"x; filename=plain; {text}", "LEGACY", form)
        assert plain in ((None, "plain"), (None, "a"))


def test_a_boundary_is_never_extended(grammar: Grammar) -> None:
    assert grammar.type("multipart/mixed; boundary*=utf-8''B") == ("multipart/mixed", {})
    assert grammar.type("text/plain; charset*=us-ascii''utf-8")[1] == {"charset": "utf-8"}
    both = "text/plain; charset*=us-ascii''utf-8; charset=latin1"
    assert grammar.type(both)[1] == {"charset": "latin1"}


# Content-Disposition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('form-data; name="a"; filename="b"', ("a", "b")),
        ('form-data; filename="b"; name="a"', ("a", "b")),
        ("attachment; filename=b", (None, "b")),
        ("inline", (None, None)),
        ("FORM-DATA; NAME=a", ("a", None)),
        ('form-data; name=""; filename=""', ("", "")),
        ("form-data; name=a; size=3", ("a", None)),
        ('form-data; name="caf\xc3\xa9"', ("caf\xe9", None)),
    ],
)
def test_disposition(grammar: Grammar, text: str, expected: tuple[str | None, str | None]) -> None:
    for policy in ("STRICT", "DEFAULT", "LEGACY"):
        for form in (True, False):
            assert grammar.disposition(text, policy, form) == expected


@pytest.mark.parametrize("text", ["", "; name=a", 'name="a"', '"form-data"; name=a', "form data"])
def test_a_disposition_starts_with_its_type(grammar: Grammar, text: str) -> None:
    assert grammar.disposition(text) == "malformed_parameter@0"


@pytest.mark.parametrize(
    ("raw", "form", "other"),
    [
        ("%22", '"', "%22"),
        ("%0D%0A", "\r\n", "%0D%0A"),
        ("%0d%0a", "%0d%0a", "%0d%0a"),
        ("%2522", "%2522", "%2522"),
        ("%41%25", "%41%25", "%41%25"),
        ("%%22", '%"', "%%22"),
        ("a\\b", "a\\b", "ab"),
        ("a\\\\b", "a\\b", "a\\b"),
        ("\\\\\\\\", "\\\\", "\\\\"),
        ('a\\"b', 'a"b', 'a"b'),
        ("\\%22", '\\"', "%22"),
    ],
)
def test_escapes_in_names(grammar: Grammar, raw: str, form: str, other: str) -> None:
    for parameter, index in (("name", 0), ("filename", 1)):
        text = f'form-data; {parameter}="{raw}"'
        assert grammar.disposition(text)[index] == form
        assert grammar.disposition(text, form=False)[index] == other


@pytest.mark.parametrize(
    ("raw", "last"),
    [
        ("C:\\\\dir\\\\b.txt", "b.txt"),
        ("C:\\dir\\b.txt", "b.txt"),
        ("c:\\b", "b"),
        ("\\\\\\\\host\\share\\b", "b"),
        ("dir\\b", "dir\\b"),
        ("/etc/passwd", "/etc/passwd"),
        ("..\\..\\b", "..\\..\\b"),
        ("C:b", "C:b"),
    ],
)
def test_windows_paths(grammar: Grammar, raw: str, last: str) -> None:
    text = f'form-data; name="a"; filename="{raw}"'
    assert grammar.disposition(text, "LEGACY") == ("a", last)


def test_names_are_no_paths(grammar: Grammar) -> None:
    assert grammar.disposition(r'form-data; name="C:\dir\b"', "LEGACY") == (r"C:\dir\b", None)


@pytest.mark.parametrize(
    ("text", "fallback", "prefer"),
    [
        ("name=a; name*=utf-8''b", ("a", None), ("b", None)),
        ("name*=utf-8''b; name=a", ("a", None), ("b", None)),
        ("name*=utf-8''b", ("b", None), ("b", None)),
        ("name=a; filename=b; filename*=utf-8''c", ("a", "b"), ("a", "c")),
        ("name=a; filename=b; filename*0=c", ("a", "b"), ("a", "c")),
    ],
)
def test_which_of_plain_and_extended_counts(
    grammar: Grammar,
    text: str,
    fallback: tuple[str, str | None],
    prefer: tuple[str, str | None],
) -> None:
    text = f"form-data; {text}"
    assert str(grammar.disposition(text, "STRICT")).startswith("extended_parameter@")
    assert grammar.disposition(text, "DEFAULT") == fallback
    assert grammar.disposition(text, "LEGACY") == prefer
    assert grammar.disposition(text, "STRICT", form=False) == prefer
    assert grammar.disposition(text, "DEFAULT", form=False) == prefer


def test_percent_escapes_of_forms_are_not_those_of_extended_values(grammar: Grammar) -> None:
    assert grammar.disposition("form-data; name*=utf-8''%2522") == ("%22", None)


# The boundary


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("text/plain; boundary=B", "not_multipart"),
        ("multipart; boundary=B", "not_multipart"),
        ("multipart/; boundary=B", "not_multipart"),
        ("multipart/a b; boundary=B", "not_multipart"),
        ("multipart/mixed/x; boundary=B", "not_multipart"),
        ("", "not_multipart"),
        ("multipart/mixed", "missing_boundary"),
        ("multipart/mixed; boundary", "malformed_parameter"),
        ("multipart/mixed; boundary=", "malformed_parameter"),
        ('multipart/mixed; boundary="B "', "invalid_boundary"),
        ('multipart/mixed; boundary="caf\xe9"', "invalid_boundary"),
        ('multipart/mixed; boundary="caf\xc3\xa9"', "invalid_boundary"),
    ],
)
def test_types_that_give_no_boundary(grammar: Grammar, text: str, code: str) -> None:
    with pytest.raises(grammar.ps.ParseError) as caught:
        grammar.parameters.boundary_of(grammar.header(text, "DEFAULT", False, None))
    assert caught.value.code == code


@pytest.mark.parametrize("kind", [str.encode, lambda text: bytearray(text.encode()), str])
def test_a_boundary_comes_out_as_bytes(grammar: Grammar, kind: Callable[[str], Any]) -> None:
    assert grammar.parameters.checked_boundary(kind("B")) == b"B"


# Tokens


@pytest.mark.parametrize("text", ["a", "!#$%&'*+-.^_`|~", "Content-Type", b"a"])
def test_tokens(grammar: Grammar, text: str | bytes) -> None:
    assert grammar.parameters.is_token(text) is True


@pytest.mark.parametrize("text", ["", b"", " ", "a b", "a:", "(a)", "a/b", "\x7f", "\xe9", b"\xe9"])
def test_no_tokens(grammar: Grammar, text: str | bytes) -> None:
    assert grammar.parameters.is_token(text) is False


# Work: no input costs more than its length


@pytest.mark.parametrize(
    "text",
    [
        'form-data; name="' + "\\" * 50_001,
        'form-data; name="' + '\\"' * 25_000,
        'form-data; name="' + "\\\\" * 25_000 + '"',
        "form-data; name=" + ";" * 50_000,
        'form-data; name="' + ";" * 50_000 + '"',
        "form-data" + '; a="' * 10_000,
        "form-data; name*=utf-8''" + "%" * 50_000,
        "form-data; name*=utf-8''" + "%41" * 15_000,
        "form-data" + "".join(f"; name*{index}=x" for index in range(4_000)),
        "form-data" + "".join(f"; p{index}=x" for index in range(4_000)),
        "form-data" + "; name=x" * 5_000,
        "form-data; " + "'" * 50_000,
        "form-data; a=" + " " * 50_000,
        "form-data;" + " " * 50_000 + "x",
    ],
    ids=lambda text: text[:20] + ".." + text[-6:],
)
def test_long_headers_end_quickly(grammar: Grammar, text: str) -> None:
    """Far longer than a limit would let pass; anything worse than linear would take minutes."""
    for policy in ("STRICT", "DEFAULT", "LEGACY"):
        for form in (True, False):
            grammar.disposition(text, policy, form)
            grammar.type(text, policy, form)
