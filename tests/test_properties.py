"""What holds for every stream: it reads as it was built, alike with both twins, however cut."""

from __future__ import annotations

import random
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import chunking, generate
from support.building import Multipart, Part, build, field_part, file_part, nested_part
from support.effort import rounds
from support.events import Outcome, Settings, assert_same, parse
from support.twins import examined

Twins = dict[str, ModuleType]

_TOLERANCES = ["bare_lf", "boundary_in_content", "dashed_boundary", "delimiter_in_headers",
               "delimiter_padding", "delimiter_suffix", "epilogue", "first_line_suffix",
               "folded_header", "header_without_colon", "invalid_header_name",
               "invalid_length", "length_mismatch", "loose_parameter", "malformed_parameter",
               "missing_line_break", "nameless_part", "no_headers", "preamble", "quoted_pair",
               "repeated_header", "repeated_parameter", "transfer_encoding", "truncated",
               "unclosed_child", "undecodable_header"]  # fmt: skip


# Built streams

#: Boundaries that are starts of each other, or nothing but dashes and colons.
_BOUNDARIES = ("B", "BC", "BCD", ":", "-:", "foo", "foobar", "a b", "'()+_,-./:=?", "x" * 70)

_PIECES = st.sampled_from(
    [b"\r\n", b"\r", b"\n", b"-", b"--", b"\r\n-", b"\r\n--", b"B", b"f", b"fo", b"foo", b":", b"x",
     b"\0", b"\xff", b"\r\n\r\n", b"x" * 190, b"-" * 80]
)  # fmt: skip
_CONTENT = st.lists(_PIECES, max_size=12).map(b"".join)
_NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters='"\\%'),
    max_size=8,
)
_VALUES = st.text(st.sampled_from('aZ9 ;:="\\%\xe9\u20ac\t'), max_size=12).map(str.strip)
_HEADERS = st.lists(st.tuples(st.sampled_from(["X-A", "x-b", "Content-ID"]), _VALUES), max_size=3)


def _without(content: bytes, boundaries: tuple[str, ...]) -> bytes:
    """Make sure that nothing in a body is a delimiter, by breaking up what could be."""
    for boundary in sorted(boundaries, key=len, reverse=True):
        content = content.replace(b"--" + boundary.encode(), b"--.")
    return content


@st.composite
def forms(draw: st.DrawFn) -> Multipart:
    """Forms with fields and files."""
    boundary = draw(st.sampled_from(_BOUNDARIES))
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        content = _without(draw(_CONTENT), (boundary,))
        name, headers = draw(_NAMES), draw(_HEADERS)
        if draw(st.booleans()):
            parts.append(field_part(name, content, *headers))
        else:
            parts.append(file_part(name, draw(_NAMES), content, *headers))
    return Multipart(boundary, parts)


@st.composite
def mixed(draw: st.DrawFn, outer: tuple[str, ...] = ()) -> Multipart:
    """Multiparts of other kinds, within each other, some never closed."""
    boundary = draw(st.sampled_from([item for item in _BOUNDARIES if item not in outer]))
    around = (*outer, boundary)
    parts = []
    for _ in range(draw(st.integers(0 if not outer else 1, 3))):
        if len(around) < 4 and draw(st.booleans()):
            parts.append(nested_part(draw(mixed(around))))
        else:
            headers = draw(_HEADERS)
            content = _without(draw(_CONTENT), around)
            if draw(st.booleans()):
                headers.append(("Content-Length", str(len(content))))
            parts.append(Part(tuple(headers), content))
    text = st.lists(st.sampled_from([b"text", b"\r\n", b"-", b"--"]), max_size=5).map(b"".join)
    preamble = _without(draw(text), around)
    closed = not outer or draw(st.booleans())
    epilogue = _without(draw(text), around) if closed else b""
    return Multipart(boundary, parts, preamble, epilogue, closed)


def _cuts(data: bytes) -> list[list[bytes]]:
    rng = random.Random(len(data))
    cuts = list(chunking.coarse(data).values())
    return cuts + [chunking.random_cuts(data, rng) for _ in range(4)]


@given(multipart=forms())
def test_a_form_reads_as_it_was_built(ps: ModuleType, multipart: Multipart) -> None:
    built = build(multipart)
    expected = Outcome(tuple(built.events), None)
    for chunks in _cuts(bytes(built.data)):
        assert_same(parse(ps, Settings(multipart.boundary), chunks), expected)


@given(multipart=mixed())
def test_nested_multiparts_read_as_they_were_built(ps: ModuleType, multipart: Multipart) -> None:
    built = build(multipart)
    expected = Outcome(tuple(built.events), None)
    settings = Settings(multipart.boundary, "mixed", nested=True)
    for chunks in _cuts(bytes(built.data)):
        assert_same(parse(ps, settings, chunks), expected)


# Any streams


def _check_alike(twins: Twins, settings: Settings, data: bytes, rng: random.Random) -> Outcome:
    """Parse with both twins and in several ways; give what all of them gave."""
    expected = parse(twins["c"], settings, [data])
    ways = [
        ("py", [data]),
        ("c", chunking.bytewise(data)),
        ("py", chunking.bytewise(data)),
        ("c", chunking.random_cuts(data, rng)),
        ("py", chunking.random_cuts(data, rng)),
        ("examined", [data]),
    ]
    packages = twins | {"examined": examined().package}
    for name, chunks in ways:
        found = parse(packages[name], settings, chunks)
        cuts = [len(chunk) for chunk in chunks][:10]
        assert_same(found, expected, f"with {name} cut as {cuts}\n  {settings}\n  {data!r}")
    return expected


def test_twins_agree_on_nasty_streams(twins: Twins, rng: random.Random) -> None:
    codes = set()
    for _ in rounds(3000):
        settings, data = generate.settings(rng, _TOLERANCES), generate.stream(rng)
        if rng.random() < 0.3:
            settings, data = generate.lengthened(settings, data)
        outcome = _check_alike(twins, settings, data, rng)
        codes.add(outcome.fault and outcome.fault.code)
    fewest = 25 if len(rounds(3000)) >= 3000 else 10
    assert len(codes) > fewest, f"these streams get no further than {codes}"


def test_twins_agree_on_nasty_streams_at_every_cut(twins: Twins, rng: random.Random) -> None:
    for _ in rounds(150):
        settings, data = generate.settings(rng, _TOLERANCES), generate.stream(rng)
        if rng.random() < 0.3:
            settings, data = generate.lengthened(settings, data)
        expected = parse(twins["c"], settings, [data])
        for package in twins.values():
            for chunks in chunking.two_way(data):
                note = f"cut at {len(chunks[0])}\n  {settings}\n  {data!r}"
                assert_same(parse(package, settings, chunks), expected, note)


@pytest.mark.parametrize("nested", [False, True])
def test_twins_agree_on_mutated_streams(twins: Twins, rng: random.Random, nested: bool) -> None:
    inner = Multipart("BC", [field_part("a", b"\r\n--Bx")], b"preamble", b"epilogue")
    parts = [
        field_part("a", b"1", ("X-A", "b")),
        file_part("f", "x.txt", b"\r\n-", ("Content-Type", "text/plain; charset=utf-8")),
        nested_part(inner, "mixed", ("Content-Disposition", "form-data; name=n")),
        field_part("b", b"x" * 20, ("Content-Length", "20")),
    ]
    data = bytes(build(Multipart("B", parts, epilogue=b"\r\n")).data)
    for _ in rounds(700):
        subtype = rng.choice(("form-data", "mixed"))
        policy = rng.choice(("STRICT", "DEFAULT", "LEGACY"))
        settings = Settings(subtype=subtype, nested=nested, policy=policy)
        found = generate.mutated(rng, data)
        if rng.random() < 0.3:
            settings, found = generate.lengthened(settings, found)
        _check_alike(twins, settings, found, rng)


@given(data=st.binary(max_size=200), policy=st.sampled_from(["STRICT", "DEFAULT", "LEGACY"]))
def test_twins_agree_on_random_bytes(twins: Twins, data: bytes, policy: str) -> None:
    for start in (b"", b"--B\r\n", b"--B\r\nX: y\r\n\r\n", b"--B--"):
        settings = Settings(subtype="mixed", nested=True, policy=policy)
        _check_alike(twins, settings, start + data, random.Random(0))


@given(block=st.lists(st.sampled_from(generate.TOKENS), max_size=8).map(b"".join))
def test_twins_agree_on_header_blocks(twins: Twins, block: bytes) -> None:
    data = b"--B\r\n" + block + b"\r\n\r\n1\r\n--B--"
    for subtype in ("form-data", "mixed"):
        for policy in ("STRICT", "DEFAULT", "LEGACY"):
            settings = Settings(subtype=subtype, nested=True, policy=policy)
            _check_alike(twins, settings, data, random.Random(0))


_PARAMETERS = st.lists(
    st.sampled_from(
        ["name", "filename", "filename*", "name*", "filename*0", "filename*1*", "=", ";", "; ", '"',
         "\\", "a", "b.txt", "utf-8''", "%22", "%0D", "%e4", "'", " ", "\t", "\xe9", "\xff", "*",
         'name="a"', "filename=x"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(value=_PARAMETERS, kind=st.sampled_from(["form-data; ", "attachment; ", "form-data;", ""]))
def test_twins_agree_on_dispositions(twins: Twins, kind: str, value: str) -> None:
    """The fast paths of both twins take no header that the slow one would read differently."""
    line = b"Content-Disposition: " + (kind + value).encode("latin-1") + b"\r\n"
    data = b"--B\r\n" + line + b"\r\n1\r\n--B--"
    for subtype in ("form-data", "mixed"):
        for policy in ("STRICT", "DEFAULT", "LEGACY"):
            _check_alike(twins, Settings(subtype=subtype, policy=policy), data, random.Random(0))


_BOUNDARY = st.text(st.sampled_from("-:B \xe9\r\0'\"\\;"), max_size=6)


@given(boundary=_BOUNDARY)
def test_twins_agree_on_boundaries(twins: Twins, boundary: str) -> None:
    found: list[object] = []
    for package in twins.values():
        try:
            package.MultipartParser(boundary)
        except package.MultipartError as error:
            found.append((type(error).__name__, error.code, error.offset, str(error)))
        else:
            found.append(None)
    assert found[0] == found[1]


@given(boundary=_BOUNDARY.filter(lambda text: text.isprintable() and text.isascii()), data=_CONTENT)
def test_any_boundary_delimits(ps: ModuleType, boundary: str, data: bytes) -> None:
    boundary = boundary.strip() or "-"
    content = _without(data, (boundary, boundary.removeprefix("--") or "-"))
    built = build(Multipart(boundary, [field_part("a", content), field_part("b", b"2")]))
    if f"--{boundary}".encode() in content or content.startswith(b"--"):
        return
    for chunks in _cuts(bytes(built.data)):
        outcome = parse(ps, Settings(boundary), chunks)
        assert_same(outcome, Outcome(tuple(built.events), None))
