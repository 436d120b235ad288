"""Clients that send forms: curl, httpx, requests as their users do; a socket that may leave."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import requests

from .form_servers import Served
from .serving import PATIENCE


class File(NamedTuple):
    """A file to be sent."""

    filename: str
    path: Path


#: Names, and texts or files.
Items = list[tuple[str, "str | File"]]
Answer = tuple[int, Any]


def _answer(status: int, body: bytes) -> Answer:
    return status, json.loads(body) if status == 200 else body


def by_curl(url: str, items: Items, *options: str, patience: float = PATIENCE) -> Answer:
    command = ["curl", "-q", "-sS", "--noproxy", "*", "-w", "%{http_code}", *options]
    for name, value in items:
        if isinstance(value, File):
            command += ["-F", f"{name}=@{value.path};filename={value.filename}"]
        else:
            command += ["--form-string", f"{name}={value}"]
    found = subprocess.run([*command, url], capture_output=True, check=True, timeout=patience)
    return _answer(int(found.stdout[-3:]), found.stdout[:-3])


def by_curl_in_chunks(url: str, items: Items) -> Answer:
    return by_curl(url, items, "-H", "Transfer-Encoding: chunked")


@contextmanager
def _opened(items: Items) -> Iterator[list[tuple[str, Any]]]:
    """Give items as httpx and requests want them; a text is a file without a filename."""
    files = [item.path.open("rb") for _, item in items if isinstance(item, File)]
    left = iter(files)
    try:
        yield [
            (name, (item.filename, next(left)) if isinstance(item, File) else (None, item))
            for name, item in items
        ]
    finally:
        for file in files:
            file.close()


def by_httpx(url: str, items: Items) -> Answer:
    with (
        _opened(items) as files,
        httpx.Client(trust_env=False, verify=False, timeout=PATIENCE) as client,
    ):
        response = client.post(url, files=files)
        return _answer(response.status_code, response.content)


def by_requests(url: str, items: Items) -> Answer:
    with _opened(items) as files, requests.Session() as session:
        session.trust_env = False
        response = session.post(url, files=files, timeout=PATIENCE)
        return _answer(response.status_code, response.content)


CLIENTS: dict[str, Callable[[str, Items], Answer]] = {
    "curl": by_curl,
    "curl, chunked": by_curl_in_chunks,
    "httpx": by_httpx,
    "requests": by_requests,
}


def by_curl_urlencoded(url: str, items: list[tuple[str, str]]) -> Answer:
    words = [word for name, value in items for word in ("--data-urlencode", f"{name}={value}")]
    return by_curl(url, [], *words)


def by_httpx_urlencoded(url: str, items: list[tuple[str, str]]) -> Answer:
    data: dict[str, list[str]] = {}
    for name, value in items:
        data.setdefault(name, []).append(value)
    with httpx.Client(trust_env=False, verify=False, timeout=PATIENCE) as client:
        response = client.post(url, data=data)
        return _answer(response.status_code, response.content)


def by_requests_urlencoded(url: str, items: list[tuple[str, str]]) -> Answer:
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(url, data=items, timeout=PATIENCE)
        return _answer(response.status_code, response.content)


URLENCODED: dict[str, Callable[[str, list[tuple[str, str]]], Answer]] = {
    "curl": by_curl_urlencoded,
    "httpx": by_httpx_urlencoded,
    "requests": by_requests_urlencoded,
}


def by_hand(served: Served, body: bytes, content_type: str, path: str = "/") -> Answer:
    """Post a body as it is."""
    headers = {"Content-Type": content_type, "Connection": "close"}
    with closing(HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE)) as connection:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return _answer(answer.status, answer.read())


@contextmanager
def begun(served: Served, head: str, body: bytes = b"") -> Iterator[socket.socket]:
    """Begin a request, and give the connection: more may be sent, or read, or it may be left."""
    with socket.create_connection(("127.0.0.1", served.port), PATIENCE) as client:
        client.sendall(f"POST {head}\r\nHost: x\r\nConnection: close\r\n\r\n".encode() + body)
        yield client


def status_of(client: socket.socket) -> int | None:
    """Read what is answered to the end, and give the status; None for no answer."""
    with client.makefile("rb") as answer:
        try:
            lines = answer.read().split(b"\r\n")
        except ConnectionResetError:
            return None
    finals = [line for line in lines if line.startswith(b"HTTP/1.1 ") and b" 100 " not in line[:13]]
    return int(finals[0].split()[1]) if finals else None


def close(client: socket.socket) -> None:
    client.close()


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def half_close(client: socket.socket) -> None:
    client.shutdown(socket.SHUT_WR)
    if status_of(client) not in (None, 400):
        pytest.fail("half of a form was answered")


LEAVING = {"close": close, "reset": reset, "half-close": half_close}
