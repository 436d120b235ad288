"""Text fields of a form, written together: as browsers send them, and as if one by one."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntEnum
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from support.injection import CONTROLS, LONE, as_read, leaves, percent_decoded, whole

Modules = Callable[[str], ModuleType]

BOUNDARY = "boundary"


class Colour(str, Enum):
    """A str that formats as another one."""

    RED = "red"
    DARK = 'dark"red'


class Level(IntEnum):
    """An int that may be shown as a word."""

    LOW = 1


class Sly(str):
    """A str that shows itself as another one, which was never looked at."""

    def __str__(self) -> str:
        return f'x"\r\n\r\n\r\n--{BOUNDARY}--\r\n'

    def __format__(self, spec: str) -> str:
        return str(self)


def written(ps: ModuleType, fields: Any, boundary: str | None = BOUNDARY) -> bytes:
    """Give a form of these fields."""
    writer = ps.MultipartWriter("form-data", boundary)
    writer.append_fields(fields)
    return whole(writer)


def expected(*fields: tuple[str, str]) -> bytes:
    """Give the same as it should be, of names and texts as they are written."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields
    ]
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode("utf-8", "surrogateescape")


# What is written


def test_fields_are_written_as_browsers_send_them(ps: ModuleType) -> None:
    """With a name, and no Content-Type (RFC 7578 section 4.4)."""
    found = written(ps, [("a", "1"), ("\u00fc", "\U0001f600"), ("", ""), ("a", "\r\n")])
    assert found == expected(("a", "1"), ("\u00fc", "\U0001f600"), ("", ""), ("a", "\r\n"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-1, "-1"),
        (10**30, "1" + "0" * 30),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        ("", ""),
        ("a\r\nb\0", "a\r\nb\0"),
    ],
)
def test_what_is_text_by_nature_is_written_as_text(ps: ModuleType, value: Any, text: str) -> None:
    assert written(ps, {"n": value}) == expected(("n", text))


def test_an_item_of_a_list_is_a_field(ps: ModuleType) -> None:
    found = written(ps, {"a": ["1", 2, True], "b": (), "c": ("3",)})
    assert found == expected(("a", "1"), ("a", "2"), ("a", "true"), ("c", "3"))


@pytest.mark.parametrize("kind", [dict, MultiDict, lambda pairs: MappingProxyType(dict(pairs)),
                                  list, tuple, iter])  # fmt: skip
def test_fields_come_as_a_mapping_or_as_pairs(ps: ModuleType, kind: Callable[..., Any]) -> None:
    assert written(ps, kind([("a", "1"), ("b", "2")])) == expected(("a", "1"), ("b", "2"))


def test_of_a_multidict_all_values_are_written(ps: ModuleType) -> None:
    assert written(ps, MultiDict([("a", "1"), ("b", "2"), ("a", "3")])) == expected(
        ("a", "1"), ("b", "2"), ("a", "3")
    )


def test_no_fields_are_no_parts(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("form-data", BOUNDARY)
    writer.append_fields({})
    writer.append_fields([])
    writer.append_fields({"a": []})
    assert len(writer) == 0
    assert whole(writer) == expected()


def test_what_is_no_text_stands_in_its_place_among_the_others(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("form-data")
    writer.append_fields([("a", "1"), ("b", b"2"), ("c", 3), ("d", [b"4", "5"])])
    assert len(writer) == 5
    body = whole(writer)
    found = [(part["name"], part["type"]) for part in _described(ps, writer, body)]
    octets = "application/octet-stream"
    assert found == [("a", None), ("b", octets), ("c", None), ("d", octets), ("d", None)]


def _described(ps: ModuleType, writer: Any, body: bytes) -> list[dict[str, str | None]]:
    parser = ps.MultipartParser(writer.boundary)
    begins = [event for event in parser.feed(body) if isinstance(event, ps.PartBegin)]
    return [{"name": begin.name, "type": begin.content_type} for begin in begins]


def test_what_cannot_be_a_part_is_refused(ps: ModuleType) -> None:
    for value in (None, object(), {"a": 1}, [None]):
        with pytest.raises(TypeError):
            written(ps, {"n": value})


def test_fields_are_for_forms(ps: ModuleType) -> None:
    with pytest.raises(ValueError, match="form-data"):
        ps.MultipartWriter("mixed").append_fields({"a": "1"})


# Names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ('"', "%22"),
        ("\r\n", "%0D%0A"),
        ("%22", "%22"),
        ("a\\b", "a\\b"),
        ("a\\", "a\\\\"),
        ("\t\u2028", "\t\u2028"),
        ("\udcff", "\udcff"),
        ('"; filename="x', "%22; filename=%22x"),
        ('a"\r\n\r\n1\r\n--' + BOUNDARY[1:], "a%22%0D%0A%0D%0A1%0D%0A--" + BOUNDARY[1:]),
    ],
)
def test_an_odd_name_is_escaped_wherever_it_stands(ps: ModuleType, name: str, text: str) -> None:
    """All names are looked at together first: one of them must not hide behind the others."""
    for before, after in ((0, 0), (3, 0), (0, 3), (50, 50)):
        fields = [("a", "1")] * before + [(name, "2")] + [("b", "3")] * after
        plain = [("a", "1")] * before + [(text, "2")] + [("b", "3")] * after
        assert written(ps, fields) == expected(*plain)


@pytest.mark.parametrize("control", sorted(set(CONTROLS) - set("\r\n")), ids=repr)
def test_a_control_in_a_name_is_refused(ps: ModuleType, control: str) -> None:
    writer = ps.MultipartWriter("form-data", BOUNDARY)
    for fields in ([("a", "1"), (f"b{control}", "2")], [(control, 1)], {f"a{control}\u00fc": "1"}):
        with pytest.raises(ValueError, match=r"name=.*header injection") as caught:
            writer.append_fields(fields)
        assert repr(control) in str(caught.value)
    assert len(writer) == 0
    assert whole(writer) == expected()


@pytest.mark.parametrize("wrong", [None, 5, b"bytes", ("a",)])
def test_a_name_is_a_str(ps: ModuleType, wrong: Any) -> None:
    writer = ps.MultipartWriter("form-data", BOUNDARY)
    for fields in ([("a", "1"), (wrong, "2")], [(wrong, 5)]):
        with pytest.raises(TypeError, match="the name of a field must be a str"):
            writer.append_fields(fields)
    assert len(writer) == 0


@pytest.mark.parametrize("lone", LONE, ids=repr)
def test_a_lone_surrogate_is_refused(ps: ModuleType, lone: str) -> None:
    for fields in ([(lone, "1")], [("a", "1"), ("b", f"x{lone}y")]):
        with pytest.raises(ValueError, match="lone surrogate"):
            written(ps, fields)


def test_bytes_that_are_no_utf_8_come_through(ps: ModuleType) -> None:
    assert written(ps, {"a\udcff": "\udcfe"}) == expected(("a\udcff", "\udcfe"))


def test_a_str_of_another_class_is_written_as_what_it_holds(ps: ModuleType) -> None:
    """What is looked at is what is written: a member of an enum would format as another text."""
    found = written(ps, [("a", Colour.RED), (Colour.RED, "b"), (Colour.DARK, Colour.DARK)])
    assert found == expected(("a", "red"), ("red", "b"), ("dark%22red", 'dark"red'))
    assert written(ps, [(Sly("a"), Sly("b"))]) == expected(("a", "b"))
    assert written(ps, [(Sly("a"), "b"), ('"', "c")]) == expected(("a", "b"), ("%22", "c"))
    assert written(ps, {"a": Level.LOW}) == expected(("a", str(Level.LOW)))


# One by one


def test_to_look_at_the_fields_changes_nothing(ps: ModuleType) -> None:
    fields = [("a", "1"), ('b"\\', "\u00fc\udcff"), ("c", ""), ("d", Sly("e"))]
    writer = ps.MultipartWriter("form-data", BOUNDARY)
    writer.append_fields(fields)
    before = whole(writer)
    assert len(writer) == len(fields)
    parts = list(writer)
    assert len(parts) == len(writer) == len(fields)
    assert whole(writer) == before
    assert [part.decode("utf-8", "surrogateescape") for part in parts[::2]] == ["1", ""]
    assert [type(part) for part in parts] == [ps.StringPayload] * len(fields)
    assert all(list(part.headers) == ["Content-Disposition"] for part in parts)


def test_a_field_can_be_changed(ps: ModuleType) -> None:
    writer = ps.MultipartWriter("form-data", BOUNDARY)
    writer.append_fields({"a": "1", "b": "2"})
    next(iter(writer)).headers["X-A"] = "yes"
    parts = leaves(ps, ps.sync, writer, whole(writer))
    assert [dict(part.headers).get("X-A") for part in parts] == ["yes", None]
    next(iter(writer)).headers["X-A"] = "no\r\nX-Injected: 1"
    with pytest.raises(ValueError, match="header injection"):
        writer.body()


# A boundary that was chosen


@pytest.mark.parametrize(
    "value",
    [f"--{BOUNDARY}", f"--{BOUNDARY}--", f"a\r\n--{BOUNDARY}\r\nb", f"a\n--{BOUNDARY}",
     f"a\r--{BOUNDARY}-x", f"a--{BOUNDARY}", f"--{BOUNDARY}x", Sly(f"--{BOUNDARY}")],
)  # fmt: skip
def test_a_name_or_value_that_holds_the_delimiter_is_refused(ps: ModuleType, value: str) -> None:
    for fields in ([("b", value)], [("a", "1")] * 3 + [("b", value)], [(value, "1")]):
        with pytest.raises(ValueError, match=BOUNDARY):
            written(ps, fields)


@pytest.mark.parametrize("value", [f"--{BOUNDARY[:-1]}", f"-{BOUNDARY}", f"--\r\n{BOUNDARY}"])
def test_a_value_that_is_only_near_is_not(ps: ModuleType, value: str) -> None:
    assert written(ps, [("a", value)]) == expected(("a", value))


def test_a_delimiter_is_not_made_of_two_values(ps: ModuleType) -> None:
    fields = [("a", f"\r\n--{BOUNDARY[:3]}"), ("b", BOUNDARY[3:])]
    assert written(ps, fields) == expected(*fields)


# Read again

_ODD = (*'"\\;= \t\r\n-\0', "a", BOUNDARY, "--", "%22", "%0A", "\u00e9", "\U0001f600", "\udcff")
_NAMES = st.text(max_size=8) | st.lists(st.sampled_from(_ODD), max_size=8).map("".join)
_VALUES = _NAMES | st.integers() | st.floats() | st.booleans()


@given(st.lists(st.tuples(_NAMES, _VALUES), max_size=6), st.booleans())
def test_fields_are_refused_or_read_as_they_are(
    twins: dict[str, ModuleType], fields: list[tuple[str, Any]], one_by_one: bool
) -> None:
    for ps in twins.values():
        writer = ps.MultipartWriter("form-data")
        try:
            writer.append_fields(fields)
        except ValueError:
            assert len(writer) == 0
            continue
        if one_by_one:
            list(writer)
        # STRICT, but for what it refuses: the name _charset_ is one as any other.
        policy = "DEFAULT" if any(map(_is_odd, fields)) else "STRICT"
        parts = leaves(ps, ps.sync, writer, whole(writer), policy)
        assert [(part.name, part.filename, part.data) for part in parts] == [
            (as_read(percent_decoded(name)), None, _bytes(value)) for name, value in fields
        ]
        assert all(len(part.headers) == 1 for part in parts)


def _is_odd(field: tuple[str, Any]) -> bool:
    """Tell whether STRICT refuses it: no UTF-8, a backslash, the boundary in name or content."""
    name, value = field
    if any("\udc80" <= letter <= "\udcff" or letter == "\\" for letter in name):
        return True
    return f"--{BOUNDARY}" in name or f"--{BOUNDARY}" in str(value)


def _bytes(value: Any) -> bytes:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.encode("utf-8", "surrogateescape")
