"""HTTP messages that are written as parts: batches of requests, and their responses."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import json
import random
from collections.abc import Callable
from http.client import HTTPResponse
from types import ModuleType
from typing import Any

import pytest

from support import effort
from support.serving import run

Module = Callable[[str], ModuleType]

INJECTION = "x\r\nInjected: 1"


def fields(message: Any) -> tuple[Any, ...]:
    return (*message[:5], list(message.headers.items()), message.body)


def read_back(ps: ModuleType, ps_module: Module, writer: Any) -> list[Any]:
    """Read the messages that were written, once with each reader."""
    data = writer.body().read()
    assert len(data) == writer.size

    async def awaited() -> list[Any]:
        return [await part.http() async for part in ps.MultipartReader(writer.headers, data)]

    found = [part.http() for part in ps_module("sync").MultipartReader(writer.headers, data)]
    assert run(awaited()) == found
    return found


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda http: http.request("GET", "/"), b"GET / HTTP/1.1\r\n\r\n"),
        (
            lambda http: http.request("DELETE", "/a?b=%20", {"If-Match": '"1"'}),
            b'DELETE /a?b=%20 HTTP/1.1\r\nIf-Match: "1"\r\n\r\n',
        ),
        (
            lambda http: http.request("POST", "/", [("A", "1"), ("a", "\xe4")], b"\r\n\x00"),
            b"POST / HTTP/1.1\r\nA: 1\r\na: \xc3\xa4\r\nContent-Length: 3\r\n\r\n\r\n\x00",
        ),
        (
            lambda http: http.request("PUT", "/", None, "\xe4"),
            b"PUT / HTTP/1.1\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Content-Length: 2\r\n\r\n\xc3\xa4",
        ),
        (
            lambda http: http.request("PATCH", "/", {"Content-Type": "x/y+json"}, json={"a": 1}),
            b'PATCH / HTTP/1.1\r\nContent-Type: x/y+json\r\nContent-Length: 8\r\n\r\n{"a": 1}',
        ),
        (
            lambda http: http.request("POST", "/", json=[]),
            b"POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]",
        ),
        (
            lambda http: http.request("POST", "/", body=b""),
            b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            lambda http: http.request("POST", "/", {"Transfer-Encoding": "chunked"}, b"0\r\n\r\n"),
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            lambda http: http.request("GET", "http://x/", version="HTTP/2", body=bytearray(b"a")),
            b"GET http://x/ HTTP/2\r\nContent-Length: 1\r\n\r\na",
        ),
        (
            lambda http: http.response(200, {"A": "1"}, memoryview(b"ab")),
            b"HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 2\r\n\r\nab",
        ),
        (lambda http: http.response(204), b"HTTP/1.1 204 No Content\r\n\r\n"),
        (lambda http: http.response(204, body=b""), b"HTTP/1.1 204 No Content\r\n\r\n"),
        (
            lambda http: http.response(304, {"Content-Length": "5"}),
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        ),
        (lambda http: http.response(799), b"HTTP/1.1 799 \r\n\r\n"),
        (
            lambda http: http.response(404, reason="D\xe9faut", version="HTTP/1.0", body=b"x"),
            b"HTTP/1.0 404 D\xe9faut\r\nContent-Length: 1\r\n\r\nx",
        ),
    ],
)
def test_messages(
    ps: ModuleType, ps_module: Module, make: Callable[[Any], Any], expected: bytes
) -> None:
    message = make(ps.HttpMessage)
    assert bytes(message) == expected
    writer = ps.MultipartWriter("mixed")
    part = writer.append_http(message)
    kind = "request" if message.method else "response"
    assert dict(part.headers) == {
        "Content-Type": f"application/http; msgtype={kind}",
        "Content-Length": str(len(expected)),
    }
    (found,) = read_back(ps, ps_module, writer)
    assert found == message
    assert bytes(found) == expected


def test_a_body_of_another_type_is_refused(ps: ModuleType) -> None:
    with pytest.raises(TypeError, match="json="):
        ps.HttpMessage.request("POST", "/", body={"a": 1})
    with pytest.raises(ValueError, match="either body= or json="):
        ps.HttpMessage.response(200, body=b"", json={})
    with pytest.raises(TypeError, match="HttpMessage"):
        ps.MultipartWriter().append_http(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(TypeError, match="body of a message must be bytes"):
        bytes(ps.HttpMessage.request("GET", "/")._replace(body="text"))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda http: http.request(INJECTION, "/"), "method='x"),
        (lambda http: http.request("G T", "/"), "method='G T'"),
        (lambda http: http.request("", "/"), "method=''"),
        (lambda http: http.request("GET", ""), "target=''"),
        (lambda http: http.request("GET", "/a b"), "urllib.parse.quote"),
        (lambda http: http.request("GET", "/\xe4"), "urllib.parse.quote"),
        (lambda http: http.request("GET", "/\x00"), "urllib.parse.quote"),
        (lambda http: http.request("GET", INJECTION), "urllib.parse.quote"),
        (lambda http: http.request("GET", "/ HTTP/1.1\r\nA: 1\r\n\r\n"), "urllib.parse.quote"),
        (lambda http: http.request("GET", "/", version="1.1"), "version='1.1'"),
        (lambda http: http.request("GET", "/", version="HTTP/1."), "version='HTTP/1.'"),
        (lambda http: http.request("GET", "/", version="HTTP/1.1\r\nA: 1"), "version="),
        (lambda http: http.request("GET", "/", {"A": INJECTION}), "header 'A': 'x"),
        (lambda http: http.request("GET", "/", {INJECTION: "1"}), "Injected"),
        (lambda http: http.request("GET", "/", {"A ": "1"}), "'A ' is no name"),
        (lambda http: http.request("GET", "/", {"": "1"}), "'' is no name"),
        (lambda http: http.request("GET", "/", {"A": "\x00"}), "control character"),
        (lambda http: http.response(99), "status=99"),
        (lambda http: http.response(1000), "status=1000"),
        (lambda http: http.response("200"), "status='200'"),
        (lambda http: http.response(200, reason=INJECTION), "reason='x"),
        (lambda http: http.response(200, reason="\u0142"), "Latin-1"),
        (lambda http: http.response(204, body=b"x"), "status 204 has no body"),
        (lambda http: http.response(100, body=b"x"), "status 100 has no body"),
        (lambda http: http.response(304, json=1), "status 304 has no body"),
        (lambda http: http.request("GET", "/")._replace(status=200), "not both"),
        (lambda http: http.request("GET", "/")._replace(method=None), "status=None"),
    ],
)
def test_what_cannot_be_sent_is_refused_when_it_is_appended(
    ps: ModuleType, make: Callable[[Any], Any], match: str
) -> None:
    writer = ps.MultipartWriter("mixed")
    message = make(ps.HttpMessage)
    with pytest.raises(ValueError, match=match):
        writer.append_http(message)
    assert len(writer) == 0


@pytest.mark.parametrize("text", ["4", "6", "+5", "5, 5", "0x5", "", "\u0665", "9" * 5000])
def test_a_length_that_is_not_that_of_the_body_is_refused(ps: ModuleType, text: str) -> None:
    """Whoever goes by it would read the rest of the body as another message."""
    for message in (
        ps.HttpMessage.request("POST", "/", {"Content-Length": text}, b"12345"),
        ps.HttpMessage.response(200, {"Content-Length": text}, b"12345"),
    ):
        with pytest.raises(ValueError, match="leave it out"):
            bytes(message)


@pytest.mark.parametrize("text", ["+5", "5, 5", "0x5", "", "\u0665"])
def test_a_length_that_is_no_number_is_refused(ps: ModuleType, text: str) -> None:
    with pytest.raises(ValueError, match="leave it out"):
        bytes(ps.HttpMessage.response(200, {"Content-Length": text}))


def test_lengths_that_contradict_each_other_are_refused(ps: ModuleType) -> None:
    make = ps.HttpMessage.request
    with pytest.raises(ValueError, match="more than once"):
        bytes(make("POST", "/", [("Content-Length", "5"), ("content-length", "5")], b"12345"))
    both = {"Content-Length": "5", "Transfer-Encoding": "chunked"}
    with pytest.raises(ValueError, match="both Content-Length and Transfer-Encoding"):
        bytes(make("POST", "/", both, b"12345"))
    with pytest.raises(ValueError, match="a message with 0 bytes"):
        bytes(make("POST", "/", {"Content-Length": "5"}))
    stale = make("POST", "/", None, b"12345")._replace(body=b"")
    with pytest.raises(ValueError, match="a message with 0 bytes"):
        bytes(stale)
    assert bytes(make("POST", "/", {"Content-Length": "005"}, b"12345")).endswith(b"\r\n12345")


def test_the_length_of_a_body_that_is_not_there(ps: ModuleType, ps_module: Module) -> None:
    """As a response to HEAD has it."""
    writer = ps.MultipartWriter()
    message = ps.HttpMessage.response(200, {"Content-Length": "1234"})
    writer.append_http(message)
    assert read_back(ps, ps_module, writer) == [message]


def test_headers_that_are_a_plain_dict_are_taken(ps: ModuleType) -> None:
    message = ps.HttpMessage.request("GET", "/")._replace(headers={"A": "1"})
    assert bytes(message) == b"GET / HTTP/1.1\r\nA: 1\r\n\r\n"


def test_the_headers_of_the_part_are_checked_and_win(ps: ModuleType) -> None:
    writer = ps.MultipartWriter()
    message = ps.HttpMessage.request("GET", "/")
    given = {"Content-Type": "application/http", "Content-ID": "<1>"}
    part = writer.append_http(message, given)
    assert part.headers["Content-Type"] == "application/http"
    assert part.headers["Content-ID"] == "<1>"
    with pytest.raises(ValueError, match="Content-ID"):
        writer.append_http(message, {"Content-ID": INJECTION})


def test_what_was_read_can_be_written_again(ps: ModuleType, ps_module: Module) -> None:
    data = (
        b"--b\r\nContent-Type: application/http\r\n\r\n"
        b"POST /x HTTP/1.1\nHost: a\nB: \xff\n\nbody\n\r\n"
        b"--b\r\nContent-Type: application/http\r\n\r\n"
        b"HTTP/1.1 200\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n\r\n--b--"
    )
    reader = ps_module("sync").MultipartReader("multipart/mixed; boundary=b", data)
    messages = [part.http() for part in reader]
    writer = ps.MultipartWriter()
    for message in messages:
        writer.append_http(message)
    assert read_back(ps, ps_module, writer) == messages
    assert messages[0].body == b"body\n"
    assert messages[1].headers.getall("Set-Cookie") == ["a", "b"]


def test_any_message_is_read_back_unchanged(
    ps: ModuleType, ps_module: Module, rng: random.Random
) -> None:
    def text(alphabet: str, most: int, least: int = 0) -> str:
        return "".join(rng.choices(alphabet, k=rng.randrange(least, most)))

    def header() -> tuple[str, str]:
        value = text('az\t \xe9\u20ac\U0001f600:;"\\--b,=\udcff', 30).strip(" \t")
        return text("Aa-z_!", 9, 1), value

    for _ in effort.rounds(300):
        writer = ps.MultipartWriter("mixed")
        boundary = writer.boundary.encode()
        pieces = (b"\r\n", b"\n", b"--", boundary, b"HTTP/1.1 200 OK", b"\x00", b"A: 1", b"\xff")
        messages = []
        for _ in range(rng.randrange(1, 5)):
            headers = [header() for _ in range(rng.randrange(4))]
            body = b"".join(rng.choices(pieces, k=rng.randrange(9)))
            if b"--" + boundary in body:
                continue  # a boundary that was guessed
            if rng.random() < 0.5:
                target = text('/a%20?&=#:@[]{}|"\\', 20, 1)
                message = ps.HttpMessage.request("M-SEARCH", target, headers, body)
            else:
                status = rng.choice((200, 404, 599))
                message = ps.HttpMessage.response(
                    status, headers, body, reason=text("ab \xe9", 9).strip()
                )
            messages.append(message)
            writer.append_http(message)
        if messages:
            assert read_back(ps, ps_module, writer) == messages


# Batches as they are.


def test_a_batch_as_google_has_it(ps: ModuleType, ps_module: Module) -> None:
    """Requests with a Content-ID each; the response to it has ``response-`` before the same."""
    batch = ps.MultipartWriter("mixed", boundary="batch_foobarbaz")
    requests = {
        "<item1:12930812@barnyard.example.com>": ps.HttpMessage.request("GET", "/pony/sheltie"),
        "<item2:12930812@barnyard.example.com>": ps.HttpMessage.request(
            "PUT", "/pony/sheltie", {"If-Match": '"etag"'}, json={"age": 21}
        ),
    }
    for content_id, message in requests.items():
        batch.append_http(message, {"Content-ID": content_id})

    answer = ps.MultipartWriter("mixed")
    data = batch.body().read()
    for part in ps_module("sync").MultipartReader(batch.headers, data):
        content_id = part.headers["Content-ID"]
        request = part.http()
        assert request == requests[content_id]
        etag = {"ETag": '"new"', "Content-Type": "application/json; charset=UTF-8"}
        body = request.body or b'{"age": 20}'
        response = ps.HttpMessage.response(200, etag, body)
        answer.append_http(response, {"Content-ID": f"<response-{content_id[1:]}"})

    # Read as Google's client does it: with the parser of the standard library.
    head = f"content-type: {answer.content_type}\r\n\r\n".encode()
    parts: Any = email.message_from_bytes(head + answer.body().read()).get_payload()
    assert [part["Content-ID"] for part in parts] == [
        f"<response-{content_id[1:]}" for content_id in requests
    ]
    for part, age in zip(parts, (20, 21), strict=True):
        status_line, _, rest = part.get_payload().partition("\r\n")
        assert status_line == "HTTP/1.1 200 OK"
        message = email.message_from_string(rest, policy=email.policy.HTTP)
        assert message["etag"] == '"new"'
        assert json.loads(rest.partition("\r\n\r\n")[2]) == {"age": age}


class Socket:
    """What ``http.client`` reads a response from."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self.data)


def test_a_change_set_as_odata_has_it(ps: ModuleType, ps_module: Module) -> None:
    """A batch of a query and a change set, which is a multipart itself, and the responses."""
    binary = {"Content-Transfer-Encoding": "binary"}
    create = ps.HttpMessage.request("POST", "Customers", {"Host": "host"}, json={"ID": 1})
    update = ps.HttpMessage.request("PATCH", "$1/Name", json={"value": "a"})
    query = ps.HttpMessage.request("GET", "/service/Customers('ALFKI')", {"Host": "host"})
    with ps.MultipartWriter("mixed", boundary="batch_36522ad7") as batch:
        batch.append_http(query, binary)
        with ps.MultipartWriter("mixed", boundary="changeset_77162fcd") as changes:
            changes.append_http(create, {**binary, "Content-ID": "1"})
            changes.append_http(update, {**binary, "Content-ID": "2"})
        batch.append(changes)
        batch.append_http(query, binary)
    assert batch.body().read().count(b"Content-Transfer-Encoding: binary\r\n") == 4

    async def awaited() -> list[Any]:
        found: list[Any] = []
        async for part in ps.MultipartReader(batch.headers, batch.body().read()):
            if isinstance(part, ps.MultipartReader):
                found.append(
                    [(item.headers["Content-ID"], await item.http()) async for item in part]
                )
            else:
                found.append(await part.http())
        return found

    assert run(awaited()) == [query, [("1", create), ("2", update)], query]

    answer = ps.MultipartWriter("mixed")
    created = ps.HttpMessage.response(201, {"Location": "http://host/Customers(1)"}, json={"ID": 1})
    with ps.MultipartWriter("mixed") as changed:
        changed.append_http(created, {**binary, "Content-ID": "1"})
        changed.append_http(ps.HttpMessage.response(204), {**binary, "Content-ID": "2"})
    answer.append_http(ps.HttpMessage.response(200, json={"ID": "ALFKI"}), binary)
    answer.append(changed)
    # Read as clients of OData do it: email for the parts, http.client for what is in them.
    head = f"Content-Type: {answer.content_type}\r\n\r\n".encode()
    parts = email.message_from_bytes(head + asyncio.run(answer.as_bytes())).walk()
    found = []
    for part in parts:
        if not part.is_multipart():
            response = HTTPResponse(Socket(part.get_payload(decode=True)))  # type: ignore[arg-type]
            response.begin()
            found.append((response.status, response.reason, response.read()))
    assert found == [
        (200, "OK", b'{"ID": "ALFKI"}'),
        (201, "Created", b'{"ID": 1}'),
        (204, "No Content", b""),
    ]


def test_a_message_in_a_form_gets_a_name(ps: ModuleType, ps_module: Module) -> None:
    writer = ps.MultipartWriter("form-data")
    message = ps.HttpMessage.request("GET", "/")
    writer.append_http(message, {"Content-Disposition": 'form-data; name="request"'})
    reader = ps_module("sync").MultipartReader(writer.headers, writer.body().read())
    assert [(part.name, part.http()) for part in reader] == [("request", message)]
