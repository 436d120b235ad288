"""``partstream.contrib.django``, beside Django's own parser."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import django
import pytest

from support.asgi_forms import (
    BOUNDARY,
    CONTENT_TYPE,
    part,
    temporary_files,
    whole,
)  # fmt: skip
from support.django_app import MEMORY, OURS, TEMPORARY, listed, project

from django.core.exceptions import (  # isort: skip
    ImproperlyConfigured, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent,
)  # fmt: skip
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload  # isort: skip
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest  # isort: skip
from django.http import UnreadablePostError  # isort: skip
from django.http.multipartparser import MultiPartParserError  # isort: skip

MIB = 1 << 20
FILE = part("f", bytes(3 * MIB), "large")


@pytest.fixture(autouse=True)
def quiet(directory: Path) -> Iterator[None]:
    logging.getLogger("django").setLevel(logging.CRITICAL + 1)
    yield
    logging.getLogger("django").setLevel(logging.NOTSET)


@pytest.fixture
def contrib(ps_module: Callable[[str], ModuleType]) -> ModuleType:
    return ps_module("contrib.django")


def request_of(body: bytes, **more: Any) -> WSGIRequest:
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(body), "CONTENT_TYPE": CONTENT_TYPE,
        "CONTENT_LENGTH": str(len(body)), **more,
    }  # fmt: skip
    return WSGIRequest(environ)


def read(body: bytes, handlers: list[str] | None = None, **more: Any) -> Any:
    with project(handlers, **more):
        request = request_of(body)
        found = listed(request)
        request.close()
        return found


def named(filename: str) -> bytes:
    return whole(part("f", b"x", filename))


FORMS = {
    "text": whole(part("a", b"1"), part(" b ", "é".encode()), part("a", b"\xe9")),
    "100 fields": whole(*[part(f"field{n}", b"value %d" % n) for n in range(100)]),
    "files": whole(part("f", b"x" * 9000, "a.txt"), part("f", b"y", "b"), part("t", b"z")),
    "no file chosen": whole(part("f", b"", ""), part("f", b"\xe9x", "")),
    "on disk": whole(FILE, part("t", b"z")),
    "path": named("../../etc/passwd"),
    "windows path": named("C:\\\\dir\\\\a.txt"),
    "entities": named("a&#x2F;b&amp;c"),
    "only dots": named(".."),
    "charset": whole(part("f", b"x", "n").replace(b"x-odd", b"plain; charset=latin-1")),
    "charsets that there are not": whole(
        *[part("f", b"x", "n").replace(b"text/x-odd", b"text/plain; " + odd)
          for odd in (b"charset*=foo''bar", b"a*=unicode_escape''%5cud800", b"x*0*=y''z")]
    ),
    "nameless": whole(b"--" + BOUNDARY.encode() + b"\r\nX-Y: z\r\n\r\nlost\r\n", part("a", b"")),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_gives_what_django_gives(contrib: ModuleType, name: str) -> None:
    assert read(FORMS[name]) == read(FORMS[name], [MEMORY, TEMPORARY])
    assert not temporary_files()


if django.VERSION >= (6, 1):  # before that, there is no multipart_parser_class to be tested

    @pytest.mark.parametrize("name", FORMS)
    def test_so_does_the_parser_class(contrib: ModuleType, name: str) -> None:
        with project([MEMORY, TEMPORARY]):
            request = request_of(FORMS[name])
            request.multipart_parser_class = contrib.FormParser
            found = listed(request)
            request.close()
        assert found == read(FORMS[name], [MEMORY, TEMPORARY])


def test_files_are_not_lost_where_no_other_handler_takes_them(contrib: ModuleType) -> None:
    assert read(whole(part("a", b"1")), [OURS]) == read(whole(part("a", b"1")), [MEMORY])
    with pytest.raises(ImproperlyConfigured, match="behind it in FILE_UPLOAD_HANDLERS"):
        read(FORMS["files"], [OURS])


def test_other_encodings_are_left_to_django(contrib: ModuleType) -> None:
    with project():
        request = request_of(FORMS["text"])
        request.encoding = "latin-1"
        assert request.POST.getlist("a") == ["1", "é"]


@pytest.mark.parametrize("charset", ["rot13", "base64", "idna"])
def test_charsets_that_are_of_no_text_are_refused(contrib: ModuleType, charset: str) -> None:
    with project(), pytest.raises(MultiPartParserError):
        _ = request_of(FORMS["text"], CONTENT_TYPE=f"{CONTENT_TYPE}; charset={charset}").POST


MALFORMED = {
    "no end": FILE,
    "no end of a finished file": FILE + part("a", b""),
    "bad header": FILE + f"--{BOUNDARY}\r\nno colon\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
    "long header": whole(FILE, part("x" * 2000, b"")),
    "no delimiter": b"hello",
    "name in latin-1": whole(FILE, part("?", b"")).replace(b'"?"', b'"\xe9"'),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_forms_are_djangos_error(contrib: ModuleType, name: str) -> None:
    with pytest.raises(MultiPartParserError):
        read(MALFORMED[name])
    assert not temporary_files()


def test_base64_that_cannot_be_undone(contrib: ModuleType) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n'
    body = f"{head}Content-Transfer-Encoding: base64\r\n\r\nabc\r\n--{BOUNDARY}--\r\n".encode()
    with pytest.raises(MultiPartParserError, match=r"^Could not decode base64 data\.$") as caught:
        read(body)
    assert caught.value.__cause__.code == "invalid_encoding"
    assert not temporary_files()


def test_so_are_boundaries_that_django_takes_and_nobody_may_send(contrib: ModuleType) -> None:
    with project():
        kind = f"multipart/form-data; boundary={'x' * 200}"
        with pytest.raises(MultiPartParserError):
            _ = request_of(FORMS["text"], CONTENT_TYPE=kind).POST


@pytest.mark.parametrize(
    ("error", "limits", "body"),
    [
        (TooManyFieldsSent, {"NUMBER_FIELDS": 1}, whole(FILE, part("a", b""), part("b", b""))),
        (TooManyFieldsSent, {"NUMBER_FIELDS": 1}, whole(FILE, *[part("a", b"", "")] * 2)),
        (TooManyFilesSent, {"NUMBER_FILES": 1}, whole(FILE, part("g", b"", "g"))),
        (RequestDataTooBig, {"MEMORY_SIZE": 10}, whole(FILE, part("a", b"12345678"))),
        (RequestDataTooBig, {"MEMORY_SIZE": 10}, whole(FILE, *[part("a", b"123")] * 2)),
        (RequestDataTooBig, {"MEMORY_SIZE": 10}, whole(FILE, part("a", b"12345678901", ""))),
        (RequestDataTooBig, {"MEMORY_SIZE": 10}, whole(*[part("a", b"123")] * 2, FILE)),
    ],
)
def test_limits_are_djangos(
    contrib: ModuleType, error: type[Exception], limits: dict[str, int], body: bytes
) -> None:
    settings = {f"DATA_UPLOAD_MAX_{name}": value for name, value in limits.items()}
    with pytest.raises(error):
        read(body, [MEMORY, TEMPORARY], **settings)
    with pytest.raises(error):
        read(body, **settings)


@pytest.mark.parametrize("limit", [{"NUMBER_FIELDS": 2}, {"MEMORY_SIZE": 12}, {"NUMBER_FILES": 1}])
def test_up_to_the_limits_all_is_read(contrib: ModuleType, limit: dict[str, int]) -> None:
    settings = {f"DATA_UPLOAD_MAX_{name}": value for name, value in limit.items()}
    body = whole(part("a", b"123"), part("b", b"\xff\xfe3"), part("f", b"1", "f"))
    found = read(body, **settings)
    assert found == read(body, [MEMORY, TEMPORARY], **settings)
    assert len(found["fields"]) == 2


class Recording(FileUploadHandler):
    """Writes down what it is called with; what it raises, the name of the file says."""

    calls: list[Any]

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.calls = []

    def new_file(self, *facts: Any) -> None:  # type: ignore[override]
        super().new_file(*facts)
        self.calls.append(facts)
        self._raise("new")

    def _raise(self, when: str) -> None:
        if self.file_name == f"skip-{when}":
            raise SkipFile
        if self.file_name == f"stop-{when}":
            raise StopUpload
        if self.file_name == f"reset-{when}":
            raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.calls.append((len(raw_data), start))
        self._raise("data")
        return raw_data

    def file_complete(self, file_size: int) -> None:
        self.calls.append(("complete", file_size))

    def upload_complete(self) -> None:
        self.calls.append("upload complete")


RECORDING = f"{__name__}.Recording"


def recorded(body: bytes, handlers: list[str]) -> Any:
    with project(handlers):
        request = request_of(body)
        found = listed(request)
        [recording] = [h for h in request.upload_handlers if isinstance(h, Recording)]
        left = len(request.environ["wsgi.input"].read())
        request.close()
        return found, recording.calls, left


@pytest.mark.parametrize(
    "name", ["plain", "skip-new", "skip-data", "stop-new", "stop-data", "reset-new", "reset-data"]
)
@pytest.mark.parametrize("place", [0, 1])
def test_handlers_are_called_as_by_django(contrib: ModuleType, name: str, place: int) -> None:
    # Where new_file() stops, Django closes what the other handlers have of the file before.
    first = part("f", b"first", "first") if not name.endswith("new") else b""
    body = whole(
        part("a", b"1"), first, part("g", b"data", name), part("b", b"2"),
        part("h", b"last", "last"),
    )  # fmt: skip
    handlers = [RECORDING, TEMPORARY]
    theirs = recorded(body, handlers)
    handlers.insert(place, OURS)
    assert recorded(body, handlers) == theirs
    assert theirs[0]["fields"]
    assert not temporary_files()


def test_without_a_request_it_stands_aside(contrib: ModuleType) -> None:
    handler = contrib.FormUploadHandler()
    assert handler.handle_raw_input(io.BytesIO(), {}, 1, b"x") is None
    assert handler.receive_data_chunk(b"x", 0) == b"x"
    assert handler.file_complete(1) is None


def test_a_handler_that_fails_leaves_nothing(contrib: ModuleType) -> None:
    with project([OURS, TEMPORARY]):
        request = request_of(whole(FILE, FILE))
        last = request.upload_handlers[-1]
        given = last.receive_data_chunk
        last.receive_data_chunk = lambda data, start: given(data, start) or _fail(start)
        with pytest.raises(ZeroDivisionError):
            _ = request.POST
    assert not temporary_files()


def _fail(start: int) -> None:
    if start > MIB:
        raise ZeroDivisionError


def test_a_field_over_the_limit_is_not_read_to_its_end(contrib: ModuleType) -> None:
    with project(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        request = request_of(whole(part("a", bytes(3 * MIB))))
        with pytest.raises(RequestDataTooBig):
            _ = request.POST
        assert len(request.environ["wsgi.input"].read()) > 2 * MIB


class Keeping(FileUploadHandler):
    """Keeps a file open, and knows nothing of interruptions."""

    def new_file(self, *facts: Any) -> None:  # type: ignore[override]
        self.file = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> None:
        pass


def test_what_other_handlers_have_open_is_closed(contrib: ModuleType) -> None:
    with project([OURS, f"{__name__}.Keeping"]):
        request = request_of(FILE)
        with pytest.raises(MultiPartParserError):
            _ = request.POST
        assert request.upload_handlers[1].file.closed


class Failing(FileUploadHandler):
    """Takes files, stops at one called stop, and fails at the end."""

    made: ClassVar[list[io.BytesIO]] = []

    def new_file(self, *facts: Any) -> None:  # type: ignore[override]
        super().new_file(*facts)
        if self.file_name == "stop":
            raise StopUpload
        self.made.append(io.BytesIO())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        pass

    def file_complete(self, file_size: int) -> Any:
        return self.made[-1]

    def upload_complete(self) -> None:
        raise OSError("full")


class _Leaving(io.BytesIO):
    """A client that goes away behind what it has sent."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise UnreadablePostError("gone")
        return data


@pytest.mark.parametrize("stopped", [False, True])
def test_what_fails_behind_the_files_leaves_none_open(contrib: ModuleType, stopped: bool) -> None:
    Failing.made.clear()
    files = [part("f", b"1", "a"), part("f", b"2", "stop" if stopped else "b")]
    with project([OURS, f"{__name__}.Failing"]):
        request = request_of(whole(*files))
        if stopped:
            body = whole(*files)
            request = request_of(body, **{"wsgi.input": _Leaving(body),
                                          "CONTENT_LENGTH": str(len(body) + 9)})  # fmt: skip
        with pytest.raises(OSError, match="gone" if stopped else "full"):
            _ = request.POST
    assert [file.closed for file in Failing.made] == [True] * (1 if stopped else 2)


@pytest.mark.parametrize(("token", "status"), [("a" * 32, "200 OK"), ("b" * 32, "403 Forbidden")])
def test_csrf_protection_reads_the_form(contrib: ModuleType, token: str, status: str) -> None:
    body = whole(part("csrfmiddlewaretoken", token.encode()), part("a", b"1"))
    seen: list[str] = []
    with project():
        request = request_of(body, PATH_INFO="/guarded", HTTP_COOKIE=f"csrftoken={'a' * 32}")
        answer = WSGIHandler()(request.environ, lambda status, headers: seen.append(status))
        answer.close()
    assert seen == [status]
