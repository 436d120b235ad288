"""Content-Disposition as aiohttp reads it, and lenient Content-Types: by table, and at random."""

from __future__ import annotations

import codecs
import random
import sys
import types
import urllib.parse
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import aiohttp.multipart
import pytest
from multidict import CIMultiDict, MultiDict

from support import effort

Module = Callable[[str], ModuleType]

#: The classes of warnings, as the tables write them.
H, P = "BadContentDispositionHeader", "BadContentDispositionParam"

NOTHING: tuple[None, dict[str, str]] = (None, {})


@pytest.fixture
def disposition(ps_module: Module) -> ModuleType:
    return ps_module("disposition")


def told(function: Callable[..., Any], *args: Any) -> tuple[Any, list[str]]:
    """Give a result, and the names of the classes of all warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*args)
    return result, [warning.category.__name__ for warning in caught]


# Content-Disposition: what is well-formed


@pytest.mark.parametrize(
    ("header", "kind", "params"),
    [
        ("form-data", "form-data", {}),
        ("  Attachment\t", "attachment", {}),
        ("x-own.kind!", "x-own.kind!", {}),
        ("form-data; name=a", "form-data", {"name": "a"}),
        ('form-data;NAME="A b"', "form-data", {"name": "A b"}),
        ('form-data ; name = "a" ; filename= b', "form-data", {"name": "a", "filename": "b"}),
        ('form-data; name=""; x=""', "form-data", {"name": "", "x": ""}),
        ('form-data; name="\u00e9\u4e2d"', "form-data", {"name": "\u00e9\u4e2d"}),
        ('form-data; name="\udcff"', "form-data", {"name": "\udcff"}),
        ('form-data; name="a=b"; c="=="', "form-data", {"name": "a=b", "c": "=="}),
        # Percent signs of plain values are data.
        ('form-data; name="%22"', "form-data", {"name": "%22"}),
        # Python's idea of white space and of lower case, not that of the RFC.
        ("form-data\u00a0;\u2003name\u3000=a", "form-data", {"name": "a"}),
        ("inline; \u212aey=a", "inline", {"key": "a"}),
        # A tab is a token character.
        ("in\tline; a\tb=c\td", "in\tline", {"a\tb": "c\td"}),
    ],
)
def test_well_formed(
    disposition: ModuleType, header: str, kind: str, params: dict[str, str]
) -> None:
    assert told(disposition.parse_content_disposition, header) == ((kind, params), [])


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_is_no_fault(disposition: ModuleType, header: str | None) -> None:
    assert told(disposition.parse_content_disposition, header) == (NOTHING, [])


# Quotes and backslashes


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (r'"a\"b"', 'a"b'),
        (r'"a\\b"', "a\\b"),
        (r'"a\\\"b"', 'a\\"b'),
        (r'"a\\\\b"', "a\\\\b"),
        (r'"\a\b\c"', "abc"),
        ('"a\\\nb\\\0c"', "a\nb\0c"),
        ('"a\\\u00e9"', "a\\\u00e9"),
        ('"a\\\\\\\u00e9"', "a\\\\\u00e9"),
        ('"a\\"', "a\\"),
        (r'"a\\"', "a\\"),
        # The quote at the very end closes, and a quote within is data, escaped or not.
        ('"a"b"', 'a"b'),
        ('"""', '"'),
        # Slashes and backslashes in front go, and only there.
        ('"/etc/passwd"', "etc/passwd"),
        (r'"\\server\share"', "servershare"),
        (r'"/\/\\/a\\/"', "a\\/"),
        (r'"\"a"', '"a'),
        ('"///"', ""),
        (r'"C:\\a.txt"', "C:\\a.txt"),
        # One semicolon is taken as text; and the space behind the quote is not missed.
        ('"a;b"', "a;b"),
        ('";"', ";"),
        ('"/;/"', ";/"),
        ('"a"  \t', "a"),
    ],
)
def test_quoted_values(disposition: ModuleType, value: str, expected: str) -> None:
    found = told(disposition.parse_content_disposition, f"x; a={value}")
    assert found == (("x", {"a": expected}), [])


@pytest.mark.parametrize("tail", ["; z=1", ';z="1" ', "; z=1; y*=utf-8''%41"])
def test_a_quoted_semicolon_takes_no_more_than_its_value(
    disposition: ModuleType, tail: str
) -> None:
    (kind, params), _ = told(disposition.parse_content_disposition, 'x; a="b;c"' + tail)
    assert kind == "x"
    assert params["a"] == "b;c"
    assert params["z"] == "1"


# What spoils the whole header


@pytest.mark.parametrize(
    "header",
    [
        " ",
        ";",
        ";a=b",
        '"form-data"; name=a',
        "form data; name=a",
        "f\u00f6rm-data; name=a",
        "form-data=x; name=a",
        "x; ",
        "x; a",
        "x; a=b; ;c=d",
        "x; a=",
        "x; a=b c",
        "x; a=b ",
        "x; a=b ; c=d",
        'x; a="b',
        'x; a=b"',
        'x; a="b"c',
        'x; a="b"c; d=e',
        'x; a="b;c;d"',
        'x; a="b;c" ; d=e',
        "x; a=\u00e9",
        "x; a='b c'",
        'x; a="',
        "x; a=b; a=c",
        "x; a=b; A=c",
        "x; a*=utf-8''b; a*=utf-8''b",
    ],
)
def test_malformed_headers(disposition: ModuleType, header: str) -> None:
    assert told(disposition.parse_content_disposition, header) == (NOTHING, [H])


@pytest.mark.parametrize(
    ("header", "params", "warned"),
    [
        ("x;", {}, [H]),
        ("x;;;a=b;", {"a": "b"}, [H, H, H]),
        # Left out is no duplicate: only what was kept can stand twice.
        ("x; a*=b; a*=utf-8''c", {"a*": "c"}, [P]),
    ],
)
def test_warnings_that_spoil_nothing(
    disposition: ModuleType, header: str, params: dict[str, str], warned: list[str]
) -> None:
    assert told(disposition.parse_content_disposition, header) == (("x", params), warned)


def test_warnings_add_up(disposition: ModuleType) -> None:
    found = told(disposition.parse_content_disposition, "x;; a b=c; d*=e; f=g; f=h; ;;")
    assert found == (NOTHING, [H, P, P, H])


# Extended parameters, and continuations


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("utf-8''a", "a"),
        ("utf-8'en'%e2%82%AC", "\u20ac"),
        ("UTF_8''%41%42c", "ABc"),
        ("''%c3%A9", "\u00e9"),
        ("iso-8859-1''%e9%20", "\u00e9 "),
        ("us-ascii''%41", "A"),
        ("Shift_JIS''%83%65", "\u30c6"),
        ("utf-8''%", "%"),
        ("utf-8''%4", "%4"),
        ("utf-8''%zz%41", "%zzA"),
        ("utf-8''%2541", "%41"),
        ("utf-8''%00", "\0"),
        ("utf-16''%FF%FEA%00", "A"),
        # Where nothing is encoded, nobody asks for the charset.
        ("utf-7''a", "a"),
        ("nonsense''a", "a"),
    ],
)
def test_extended_values(disposition: ModuleType, value: str, expected: str) -> None:
    found = told(disposition.parse_content_disposition, f"x; a*={value}; b=c")
    assert found == (("x", {"a*": expected, "b": "c"}), [])


@pytest.mark.parametrize(
    "parameter",
    [
        "a*=b",
        "a*=utf-8'b",
        "a*=utf-8'''b",
        "a*=",
        "a*=utf-8''b ",
        "a*=utf-8''b c",
        "a*=utf-8''\u00e9",
        "a*=\"utf-8''b\"",
        "a*=utf-8''%ff",
        "a*=us-ascii''%e9",
        "a*=utf-16''%41",
        "a*=nonsense''%41",
        "**=b",
        "*=b",
        # Names.
        "a b=c",
        "=c",
        '"a"=b',
        "\u00e9=b",
        "a b*=utf-8''c",
        "a,b*0=c",
        # Continuations.
        "a*0=b c",
        "a*0=",
        'a*0="b',
        'a*0="b" ',
        "a*1*=\u00e9",
    ],
)
def test_parameters_that_are_left_out(disposition: ModuleType, parameter: str) -> None:
    found = told(disposition.parse_content_disposition, f"x; b=c;{parameter};d=e")
    assert found == (("x", {"b": "c", "d": "e"}), [P])


@pytest.mark.parametrize(
    ("header", "params"),
    [
        ("x; a*0=b; a*1=c", {"a*0": "b", "a*1": "c"}),
        ("x; a*0*=utf-8''%41; a*1*=%42", {"a*0*": "utf-8''%41", "a*1*": "%42"}),
        (r'x; a*0="/\"b\\"', {"a*0": '/"b\\'}),
        ("x; a*007=b; *0=c", {"a*007": "b", "*0": "c"}),
        # Neither extended nor continued, whatever the star says.
        ('x; a*b="c d"', {"a*b": "c d"}),
        ('x; a*1x="c d"', {"a*1x": "c d"}),
    ],
)
def test_continuations_are_kept_as_they_are(
    disposition: ModuleType, header: str, params: dict[str, str]
) -> None:
    assert told(disposition.parse_content_disposition, header) == (("x", params), [])


# Which filename


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, None),
        ({"name": "a"}, None),
        ({"filename": "a"}, "a"),
        ({"filename": ""}, ""),
        ({"filename": "a", "filename*": "b", "filename*0": "c"}, "b"),
        ({"filename": "a", "filename*0": "c"}, "a"),
        ({"filename*0": "a", "filename*1": "b"}, "ab"),
        ({"filename*1": "b", "filename*0": "a"}, "ab"),
        ({"filename*0": "", "filename*1": ""}, ""),
        ({"filename*0": "a", "filename*2": "c"}, "a"),
        ({"filename*1": "b"}, None),
        ({"filename*00": "a"}, None),
        ({"filename*x": "a"}, None),
        ({"filename*0": "a", "filename*0*": "b", "filename*1": "c"}, "a"),
        ({"filenames*0": "a"}, None),
        # As text, 10 stands before 2.
        ({f"filename*{number}": str(number) for number in range(10)}, "0123456789"),
        ({f"filename*{number}": str(number) for number in range(11)}, "01"),
        ({f"filename*{number}": "x" for number in range(300)}, "xx"),
        # Encoded, whether the first one has its star or not.
        ({"filename*0*": "utf-8''%41", "filename*1*": "%42", "filename*2": "c"}, "ABc"),
        ({"filename*0": "''%41"}, "A"),
        ({"filename*0*": "utf-8''%e2", "filename*1*": "%82%ac"}, "\u20ac"),
        ({"filename*0": "a'b'c'd"}, "c'd"),
        ({"filename*0": "utf-8''\u00e9%41"}, "\u00e9A"),
        ({"filename*0": "utf-8''%c3\u00e9%a9"}, None),
        ({"filename*0*": "utf-8''%ff"}, None),
        ({"filename*0*": "nonsense''%41"}, None),
        ({"filename*0*": "nonsense''a"}, "a"),
        ({"filename*0*": "%41"}, "%41"),
    ],
)
def test_filenames(disposition: ModuleType, params: dict[str, str], expected: str | None) -> None:
    for mapping in (params, types.MappingProxyType(params), MultiDict(params)):
        assert disposition.content_disposition_filename(mapping) == expected
    assert aiohttp.multipart.content_disposition_filename(params) == expected


def test_other_names_than_filename(disposition: ModuleType) -> None:
    params = {"name*0": "a", "name*1": "b", "filename": "c", "x*": "d"}
    for name, expected in {"name": "ab", "x": "d", "y": None, "": None}.items():
        assert disposition.content_disposition_filename(params, name) == expected
    params = {"a**0": "b", "*0": "c"}
    assert disposition.content_disposition_filename(params, "a*") is None
    assert disposition.content_disposition_filename(params, "") == "c"


# On purpose not as in aiohttp: the list in the module's docstring


@pytest.mark.parametrize(
    "label", ["utf-7", "cp037", "utf-32", "unicode_escape", "idna", "punycode", "hz", "rot13"]
)
def test_codecs_that_are_no_charsets_are_unknown(disposition: ModuleType, label: str) -> None:
    found = told(disposition.parse_content_disposition, f"x; a*={label}''%41")
    assert found == (("x", {}), [P])
    assert disposition.content_disposition_filename({"filename*0*": f"{label}''%41"}) is None


@pytest.mark.parametrize(
    ("label", "octets", "expected"),
    [("x-sjis", "%83%65", "\u30c6"), ("ks_c-5601-1987", "%81%41", "\uac02")],
)
def test_labels_are_those_of_whatwg(
    disposition: ModuleType, label: str, octets: str, expected: str
) -> None:
    found = told(disposition.parse_content_disposition, f"x; a*={label}''{octets}")
    assert found == (("x", {"a*": expected}), [])


@pytest.mark.parametrize("value", ["it's", "'", "a'%41", "%41'"])
def test_a_single_quote_is_text(disposition: ModuleType, value: str) -> None:
    assert disposition.content_disposition_filename({"filename*0": value}) == value


@pytest.mark.parametrize("label", ["utf-8\0", "\udcff", "\0", "x" * 10_000, "a b/../c"])
def test_labels_that_are_no_names(disposition: ModuleType, label: str) -> None:
    assert disposition.content_disposition_filename({"filename*0": f"{label}''%41"}) is None


def test_no_label_reaches_the_codec_registry(disposition: ModuleType) -> None:
    asked: list[str] = []

    def search(label: str) -> None:
        asked.append(label)

    codecs.register(search)
    try:
        told(disposition.parse_content_disposition, "x; a*=x-unheard-of-1''%41")
        disposition.content_disposition_filename({"filename*0": "x-unheard-of-2''%41"})
        disposition.parse_content_type("a/b; c*=x-unheard-of-3''%41; charset=x-unheard-of-4")
    finally:
        codecs.unregister(search)
    assert asked == []


def test_a_peer_cannot_fill_the_memory_of_warnings(disposition: ModuleType) -> None:
    """Python keeps each text that it has warned of, and prints each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for number in range(50):
            for header in ("{0} {0}", "x; a{0}", "x; a{0}=b c", "x; a{0} b=c", "x; a{0}*=b", "x;"):
                disposition.parse_content_disposition(header.format(number))
        texts = {str(warning.message) for warning in caught}
    assert len(caught) == 300
    assert len(texts) <= 6


def test_warnings_can_be_errors(disposition: ModuleType) -> None:
    """The filter of this suite makes them so; whoever sets it gets the first one."""
    for category, header in ((H, "x;; a b=c"), (P, "x; a b=c;;"), (H, "x; a"), (H, "a b")):
        with pytest.raises(getattr(disposition, category)):
            disposition.parse_content_disposition(header)
    for category in (H, P):
        assert issubclass(getattr(disposition, category), RuntimeWarning)


@pytest.mark.parametrize("function", ["parse_content_disposition", "parse_content_type"])
@pytest.mark.parametrize("header", [b"a/b", 1, ["a/b"]])
def test_anything_but_text_is_misuse(disposition: ModuleType, function: str, header: Any) -> None:
    with pytest.raises(TypeError, match=r"a header value is str here, not .*decode"):
        getattr(disposition, function)(header)


# At random, beside aiohttp

_NAMES = ("name", "filename", "FileName", "a", "*", "=", "\u212a", "a b", "\u00e9", '"', "", "a,b")
_STARS = (
    "",
    "",
    "",
    "",
    "*",
    "*",
    "*0",
    "*1",
    "*0*",
    "*1*",
    "*10",
    "*2",
    "**",
    "*x",
    "*00",
    "*0*1",
)
_LABELS = (
    "utf-8", "UTF8", "", "iso-8859-1", "us-ascii", "utf-16", "koi8-r", "sjis", "gb18030",
    "utf-7", "x-sjis", "ks_c-5601-1987", "nonsense", "rot13", "idna", "cp037", "utf-32", "hz",
    "unicode_escape", "csisolatin1", "windows-874", "latin-1 ", "utf-8\0", "\udcff",
)  # fmt: skip
_OCTETS = ("%41", "%c3%a9", "%83%65", "%e9", "%b0%a1", "%ff%fe", "%00", "%1b$B%24%22", "a", "%4")
_WORDS = (
    "a", "b c", "\\", "\\\\", '\\"', '"', ";", "=", "'", "''", "%", "%41", "%4", "%c3%a9", "%e9",
    "%ff", "\u00e9", "\udcff", "\ud800", "\U0001f4a9", "\\\u00e9", "/", "\t", "\r\n", "\0", " ",
    "*", "\u00a0",
)  # fmt: skip
_KINDS = ("form-data", "attachment", "Inline", "x", " x\t", "", '"x"', "a b", "\u00e9", "x=y", "\t")
_JOINTS = (";", "; ", "; ", " ; ", ";;", "", " ", ";\t")
_ENDS = ("", "", "", "", ";", " ", "; ", ";;", '"', "\\")


def _words(rng: random.Random, most: int) -> str:
    return "".join(rng.choices(_WORDS, k=rng.randint(0, most)))


def _value(rng: random.Random) -> str:
    way = rng.randrange(5)
    if way == 0:
        return rng.choice(("", "a", "token", "a'b", "%41", "\u00e9", "a\tb"))
    if way == 1:
        return f'"{_words(rng, 5)}"'
    if way == 2:
        return _words(rng, 3)
    charset = rng.choice(_LABELS) + "'" + rng.choice(("", "en", "'")) + "'"
    octets = "".join(rng.choices(_OCTETS, k=rng.randint(1, 3)))
    return charset + octets if way == 3 else f'"{charset}{octets}{_words(rng, 2)}"'


def _header(rng: random.Random) -> str:
    """Make a header of mostly sound pieces, so that the faults of a later one still count."""
    kind = rng.choice(_KINDS) if rng.random() < 0.2 else "form-data"
    pieces = [kind]
    for _ in range(rng.choice((0, 1, 1, 2, 3, 4))):
        name = rng.choice(_NAMES if rng.random() < 0.3 else ("name", "filename", "a", "b", "c"))
        pieces.append(rng.choice(_JOINTS) if rng.random() < 0.2 else "; ")
        pieces.append(f"{name}{rng.choice(_STARS)}={_value(rng)}")
    text = "".join(pieces) + rng.choice(_ENDS)
    if rng.random() < 0.1:
        place = rng.randint(0, len(text))
        text = text[:place] + rng.choice(_WORDS) + text[place + rng.randint(0, 2) :]
    return text


def _params(rng: random.Random) -> Mapping[str, str]:
    """Make parameters of one name, most of them continuations."""
    pieces = {}
    for number in rng.sample(range(12), k=rng.randint(0, 12)) if rng.random() < 0.3 else range(3):
        text = _value(rng) if number == 0 or rng.random() < 0.2 else _words(rng, 2)
        pieces[f"filename*{number}{rng.choice(('', '', '*'))}"] = text
    if rng.random() < 0.1:
        pieces[rng.choice(("filename", "filename*", "filename*x", "FILENAME", "other"))] = "z"
    return CIMultiDict(pieces) if rng.random() < 0.1 else pieces


@pytest.fixture
def cautious(ps_module: Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let aiohttp look labels up in our list: the one difference in what is decoded."""
    codec_for = ps_module("charsets").codec_for

    def unquote(text: str, encoding: str, errors: str) -> str:
        codec = codec_for(encoding)
        if codec is None and "%" in text:
            raise LookupError(encoding)
        return urllib.parse.unquote(text, codec or "ascii", errors)

    monkeypatch.setattr(aiohttp.multipart, "unquote", unquote)


def _their_filename(params: Mapping[str, str]) -> str | ValueError | None:
    try:
        return aiohttp.multipart.content_disposition_filename(params)
    except ValueError as error:
        return error


def _assert_same_filename(disposition: ModuleType, params: Mapping[str, str]) -> str | None:
    """Compare with aiohttp, which raises where it finds a single quote; ours takes it as text."""
    theirs = _their_filename(params)
    ours: str | None = disposition.content_disposition_filename(params)
    if isinstance(theirs, ValueError):
        assert "not enough values to unpack" in str(theirs), ascii(params)
        assert ours is not None
        assert ours.count("'") == 1, ascii(params)
    else:
        assert ours == theirs, ascii(params)
    return ours


@pytest.mark.usefixtures("cautious")
def test_same_as_aiohttp(disposition: ModuleType, rng: random.Random) -> None:
    """Same results, same order, same warnings in the same order; all kinds of them are seen."""
    seen = set()
    for _ in effort.rounds(8_000):
        header = _header(rng)
        expected = told(aiohttp.multipart.parse_content_disposition, header)
        found = told(disposition.parse_content_disposition, header)
        assert found == expected, ascii(header)
        (kind, params), warned = found
        assert list(params) == list(expected[0][1]), ascii(header)
        seen.update(warned, ["spoiled" if kind is None else "read"])
        seen.update("decoded" for key in params if key.endswith("*"))
        for mapping in (params, _params(rng)):
            name = _assert_same_filename(disposition, mapping)
            seen.add("named" if name else "nameless")
    assert seen == {H, P, "spoiled", "read", "decoded", "named", "nameless"}


def test_same_as_aiohttp_in_every_common_charset(
    disposition: ModuleType, ps_module: Module, rng: random.Random
) -> None:
    """Here nothing of aiohttp is replaced: a label that both take for the same codec."""
    ours = ps_module("charsets")._CODECS
    common = [label for label, codec in ours.items() if _looked_up(label) == _looked_up(codec)]
    assert len(common) > 60
    for label in common:
        for _ in effort.rounds(20):
            octets = "".join(rng.choices(_OCTETS, k=rng.randint(1, 4)))
            header = f"x; a*={label.upper()}'en'{octets}"
            expected = told(aiohttp.multipart.parse_content_disposition, header)
            assert told(disposition.parse_content_disposition, header) == expected, header
            params = {"filename*0*": f"{label}''{octets}", "filename*1": rng.choice(_OCTETS)}
            _assert_same_filename(disposition, params)


def _looked_up(label: str) -> str | None:
    try:
        return codecs.lookup(label).name
    except LookupError:
        return None


# Content-Type


@pytest.mark.parametrize(
    ("header", "essence", "params"),
    [
        ("text/plain", "text/plain", {}),
        (" Text/HTML\t; Charset=UTF-8", "text/html", {"charset": "UTF-8"}),
        ('multipart/mixed; boundary="a b;c"', "multipart/mixed", {"boundary": "a b;c"}),
        (r'a/b; c="\d\\\""', "a/b", {"c": 'd\\"'}),
        ("a/b; boundary=--:", "a/b", {"boundary": "--:"}),
        ("a/b;; c=d;", "a/b", {"c": "d"}),
        ("a/b; c = d", "a/b", {"c": "d"}),
        # The first of repeated ones.
        ("a/b; c=d; C=e", "a/b", {"c": "d"}),
        ("a/b; boundary=d; boundary=e", "a/b", {"boundary": "d"}),
        # Extended ones, and continuations.
        ("a/b; c*=utf-8''%e2%82%ac", "a/b", {"c": "\u20ac"}),
        ("a/b; c*0=d; c*1=e", "a/b", {"c": "de"}),
        ("a/b; c*1*=%41; c*0*=utf-8''x", "a/b", {"c": "xA"}),
        ("a/b; c*=utf-8''x; c=d", "a/b", {"c": "d"}),
        ("a/b; boundary*=utf-8''x", "a/b", {}),
        ("a/b; c*=utf-7''%41; d=e", "a/b", {"d": "e"}),
        ("a/b; c*=nonsense''%41; d=e", "a/b", {"d": "e"}),
        # Text that is not ASCII, and bytes that are no text.
        ('a/b; c=\u00e9; d="\u4e2d"', "a/b", {"c": "\u00e9", "d": "\u4e2d"}),
        ("a/b; c=\udce9", "a/b", {"c": "\udce9"}),
        ("a/b; c=x\ud800; d=e", "a/b", {"c": "x?", "d": "e"}),
        # No type that could be used: the parameters still count.
        ("", "", {}),
        (";", "", {}),
        ("text", "", {}),
        ("/", "", {}),
        ("text/", "", {}),
        ("text/plain/x", "", {}),
        ("text/pl ain; c=d", "", {"c": "d"}),
        ("t\u00e9xt/plain; c=d", "", {"c": "d"}),
        ("; c=d", "", {"c": "d"}),
        # What cannot be read is left out.
        ("a/b; c", "a/b", {}),
        ("a/b; c=; d=e", "a/b", {"d": "e"}),
        ("a/b; =c; d=e", "a/b", {"d": "e"}),
        ("a/b; c d=e; f=g", "a/b", {"f": "g"}),
        ("a/b; c=d e; f=g", "a/b", {"f": "g"}),
        ('a/b; c="d"e; f=g', "a/b", {"f": "g"}),
        ('a/b; c=d; e="f; g=h', "a/b", {"c": "d"}),
    ],
)
def test_content_types(
    disposition: ModuleType, header: str, essence: str, params: dict[str, str]
) -> None:
    assert told(disposition.parse_content_type, header) == ((essence, params), [])


def test_each_call_gives_a_dict_of_its_own(disposition: ModuleType) -> None:
    first = disposition.parse_content_type("a/b; c=d")
    first[1]["c"] = "x"
    assert disposition.parse_content_type("a/b; c=d") == ("a/b", {"c": "d"})


def test_no_text_is_too_odd(disposition: ModuleType, rng: random.Random) -> None:
    """Whatever it is, what comes back is text; and what is given is what was looked for."""
    for _ in effort.rounds(3_000):
        header = _header(rng)
        if rng.random() < 0.5:
            header = header.replace("form-data", "a/b", 1)
        if rng.random() < 0.1:
            header = "".join(map(chr, rng.choices(range(0x11_0000), k=30))) + header
        essence, params = disposition.parse_content_type(header)
        assert essence == "" or essence.count("/") == 1
        assert all(name == name.lower() and "*" not in name for name in params)
        kind, _ = told(disposition.parse_content_disposition, header)[0]
        assert kind is None or kind


# Linear time

_PATTERNS = {
    "empty": ("x", ";", ""),
    "parameters": ("x", "; p{0}=x", ""),
    "quoted semicolons": ("x", '; p{0}="a;b"', ""),
    "left out": ("x", "; p {0}=x", ""),
    "continuations": ("x", "; filename*{0}=x", ""),
    "zeros": ("x; filename*0", "0", "=x"),
    "backslashes": ('x; a="', "\\", '"'),
    "single backslashes": ('x; a="b', "\\c", '"'),
    "backslashes, not ASCII": ('x; a="b', "\\\u00e9", '"'),
    "slashes": ('x; a="', "/", '"'),
    "quotes": ('x; a="', '"', ""),
    "spaces": ("x; a=", " ", "b"),
    "percent": ("x; a*=utf-8''", "%41", ""),
    "percent, not ASCII": ("x; filename*0=\"utf-8''", "%41\u00e9", '"'),
    "single quotes": ("x; filename*0=a", "'", ""),
    "equals": ("x; a", "=", ""),
    "stars": ("x; a", "*", "=b"),
}
each_pattern = pytest.mark.parametrize("pattern", _PATTERNS.values(), ids=list(_PATTERNS))


def _repeated(pattern: tuple[str, str, str], times: int) -> str:
    start, middle, end = pattern
    return start + "".join(middle.format(number) for number in range(times)) + end


def _read_all(disposition: ModuleType, header: str) -> None:
    _, params = disposition.parse_content_disposition(header)
    disposition.content_disposition_filename(params)
    disposition.parse_content_type(header)
    disposition.parse_content_type("a/b" + header[1:])


@pytest.fixture
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _steps(function: Callable[[], None]) -> int:
    """Count the lines, calls and returns that Python executes."""
    count = 0

    def trace(*_: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.usefixtures("quiet")
@each_pattern
def test_twice_the_length_takes_twice_the_steps(
    disposition: ModuleType, pattern: tuple[str, str, str]
) -> None:
    once, twice = (_repeated(pattern, times) for times in (400, 800))
    steps = _steps(lambda: _read_all(disposition, once))
    assert _steps(lambda: _read_all(disposition, twice)) <= 2.2 * steps + 100


@pytest.mark.usefixtures("quiet")
@each_pattern
def test_long_headers_end_quickly(disposition: ModuleType, pattern: tuple[str, str, str]) -> None:
    """What the steps do not show, such as copying the rest for each piece, would take minutes."""
    _read_all(disposition, _repeated(pattern, 100_000))
