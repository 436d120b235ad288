"""Open files of text as parts: as they are, or in another charset."""

from __future__ import annotations

import codecs
import gzip
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from support.ways import WAYS, Sink, on_asyncio, only_part, open_under, part

each_way = pytest.mark.parametrize("way", WAYS)

#: More than is read at a time, with line ends of all kinds.
TEXT = "Größe\r\n" + "zeile €\n" * 140_000 + "ende\rende"
TRANSLATED = TEXT.replace("\r\n", "\n").replace("\r", "\n")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8", newline="")
    yield path
    assert open_under(tmp_path) == []


def plain(charset: str) -> str:
    return f"text/plain; charset={charset}"


@each_way
def test_a_file_of_the_charset_that_is_wanted_is_written_as_it_is(
    ps: ModuleType, path: Path, way: str
) -> None:
    """Line ends are what they are, and so are bytes that the charset does not have."""
    path.write_bytes(path.read_bytes() + b"\xff")
    with path.open(encoding="UTF8") as file:
        writer = ps.MultipartWriter()
        payload = writer.append(file)
        for _ in range(2):
            headers, body = only_part(WAYS[way](writer))
            assert body == path.read_bytes()
            assert headers["Content-Type"] == plain("utf-8")
            assert headers["Content-Length"] == str(len(body))
        assert not file.closed
        assert not payload.consumed


@each_way
@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "cp1252", "utf-7", "utf-8-sig"])
def test_a_file_of_another_charset_is_encoded_anew(
    ps: ModuleType, path: Path, charset: str, way: str
) -> None:
    """Then its text is what reading it gives: of line ends, Python makes one kind."""
    with path.open(encoding="utf-8") as file:
        writer = ps.MultipartWriter()
        writer.append(file, content_type=plain(charset))
        for _ in range(2):
            headers, body = only_part(WAYS[way](writer))
            assert body.decode(charset) == TRANSLATED
            assert "Content-Length" not in headers
        assert not file.closed


def test_only_one_mark_is_written(ps: ModuleType, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        _, body = part(ps, file, content_type=plain("utf-16"))
    assert body == TEXT.encode("utf-16")


@pytest.mark.parametrize("newline", ["", "\n", "\r\n", None])
def test_line_ends_are_those_of_the_file_object(
    ps: ModuleType, path: Path, newline: str | None
) -> None:
    with path.open(encoding="utf-8", newline=newline) as file:
        _, body = part(ps, file, content_type=plain("cp1252"))
    assert body.decode("cp1252") == (TRANSLATED if newline is None else TEXT)


@each_way
@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_a_file_that_was_read_from_is_written_from_there(
    ps: ModuleType, path: Path, charset: str, way: str
) -> None:
    with path.open(encoding="utf-8") as file:
        assert file.read(3) == "Grö"
        writer = ps.MultipartWriter()
        payload = writer.append(file, content_type=plain(charset))
        assert payload.size is None
        for _ in range(2):
            assert only_part(WAYS[way](writer))[1].decode(charset) == TRANSLATED[3:]


def test_two_names_of_a_charset_are_one(ps: ModuleType, path: Path) -> None:
    path.write_bytes("Größe €".encode("cp1252"))
    with path.open(encoding="windows-1252") as file:
        payload = ps.get_payload(file, content_type=plain("cp1252"))
        assert payload.size == 7


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("euc_jis_2004", "か"),  # which a following mark may change
        ("euc_jis_2004", "か゚か"),
        ("iso2022_jp", "日本"),  # which ends with a sequence of its own
        ("hz", "你好"),
    ],
)
def test_charsets_with_a_memory_are_written_whole(
    ps: ModuleType, path: Path, charset: str, text: str
) -> None:
    path.write_text(text, encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        assert part(ps, file, content_type=plain(charset))[1] == text.encode(charset)


@pytest.mark.parametrize("door", ["content_type", "headers", "encoding"])
def test_the_charset_may_come_from_anywhere(ps: ModuleType, path: Path, door: str) -> None:
    options: dict[str, Any] = {
        "content_type": {"content_type": plain("utf-16-be")},
        "headers": {"headers": [("content-type", plain("utf-16-be"))]},
        "encoding": {"encoding": "utf-16-be"},
    }[door]
    with path.open(encoding="utf-8", newline="") as file:
        headers, body = part(ps, ps.TextIOPayload(file, **options))
    assert headers["Content-Type"] == plain("utf-16-be")
    assert body == TEXT.encode("utf-16-be")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.unheard-of", "text/plain; charset=utf-8"),
    ],
)
def test_the_name_of_a_text_file_tells_its_type(
    ps: ModuleType, tmp_path: Path, name: str, expected: str
) -> None:
    (tmp_path / name).touch()
    with (tmp_path / name).open() as file:
        headers, _ = part(ps, file)
    assert headers["Content-Type"] == expected
    assert headers["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("charset", ["klingon", "base64", "rot13"])
def test_a_charset_that_is_none_is_an_error(ps: ModuleType, path: Path, charset: str) -> None:
    message = f"unknown charset '{charset}'"
    with path.open(encoding="utf-8") as file, pytest.raises(ValueError, match=message):
        ps.MultipartWriter().append(file, content_type=plain(charset))


@each_way
def test_text_that_the_charset_cannot_hold_is_an_error(
    ps: ModuleType, path: Path, way: str
) -> None:
    with path.open(encoding="utf-8") as file, pytest.raises(UnicodeEncodeError):
        part(ps, file, way, content_type=plain("ascii"))


@each_way
def test_bytes_that_are_no_text_are_an_error_where_they_are_decoded(
    ps: ModuleType, path: Path, way: str
) -> None:
    with path.open(encoding="ascii") as file, pytest.raises(UnicodeDecodeError):
        part(ps, file, way)


def test_a_declared_size_of_text_is_checked(ps: ModuleType, path: Path) -> None:
    path.write_text("abc")
    for size in (3, 2, 4):
        with path.open(encoding="ascii") as file:
            writer = ps.MultipartWriter()
            writer.append(file, size=size)
            sink = Sink()
            if size == 3:
                on_asyncio(lambda writer=writer, sink=sink: writer.write(sink))
                assert only_part(sink.data)[1] == b"abc"
                continue
            with pytest.raises(ValueError, match=f"{size} bytes announced"):
                on_asyncio(lambda writer=writer, sink=sink: writer.write(sink))


def test_temporary_and_packed_files_of_text_are_known(ps: ModuleType, tmp_path: Path) -> None:
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8", newline="") as file:
        file.write(TEXT)
        file.seek(0)
        headers, body = part(ps, file)
        assert (headers["Content-Length"], body) == (str(len(body)), TEXT.encode())
    with gzip.open(tmp_path / "a.gz", "wt", encoding="utf-8", newline="") as packed:
        packed.write(TEXT)
    with gzip.open(tmp_path / "a.gz", "rt", encoding="utf-8") as packed:
        payload = ps.get_payload(packed)
        assert payload.size is None
        assert on_asyncio(payload.as_bytes) == TEXT.encode()


def test_a_text_file_gives_its_text(ps: ModuleType, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        payload = ps.get_payload(file, content_type=plain("utf-16"))
        assert payload.decode() == TEXT
        assert on_asyncio(payload.as_bytes) == TEXT.encode("utf-16")
        on_asyncio(payload.close)
        assert file.closed


def test_a_text_file_over_something_that_cannot_be_rewound_is_written_once(
    ps: ModuleType,
) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with io.TextIOWrapper(Pipe(b"abc"), encoding="utf-8") as file:
        writer = ps.MultipartWriter()
        payload = writer.append(file)
        assert payload.size is None
        assert only_part(writer.body().read())[1] == b"abc"
        with pytest.raises(ValueError, match="cannot be written again"):
            writer.body().read()


def test_other_objects_that_give_text_are_refused_with_a_word_on_what_to_do(
    ps: ModuleType, path: Path
) -> None:
    with path.open("rb") as file, pytest.raises(TypeError, match="open it with 'rb'"):
        part(ps, codecs.getreader("utf-8")(file))
    with tempfile.SpooledTemporaryFile(1 << 30, "w+", encoding="utf-8") as spooled:
        spooled.write("text")
        spooled.seek(0)
        with pytest.raises(TypeError, match="open it with 'rb'"):
            part(ps, spooled)


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "utf-8"])
def test_passes_over_one_text_do_not_disturb_each_other(
    ps: ModuleType, tmp_path: Path, charset: str
) -> None:
    """Also where its bytes are not written as they are, and it is read in many blocks."""
    path = tmp_path / "text"
    text = "é1\n" * 700_000
    path.write_text(text, encoding=charset, newline="")
    with path.open(encoding=charset, newline="") as file:
        writer = ps.MultipartWriter("mixed", "B")
        writer.append(file, content_type="text/plain; charset=utf-16-le")
        one, two = iter(writer.body()), iter(writer.body())
        found: list[list[bytes]] = [[], []]
        while not found[0] or found[0][-1] or found[1][-1]:
            found[0].append(next(one, b""))
            found[1].append(next(two, b""))
    assert b"".join(found[0]) == b"".join(found[1])
    assert text.encode("utf-16-le") in b"".join(found[0])
    assert len(found[0]) > 4
