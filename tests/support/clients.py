"""Clients that send one and the same writer, each as its users do: in one line.

All have one signature, ``send(url, writer) -> what the server answered``, whether they wait or
await; :data:`CLIENTS` has them by name.
"""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import requests
import urllib3

from .serving import PATIENCE, httpx_client, run

Send = Callable[..., Any]
_NO_PROXIES = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def by_aiohttp(url: str, writer: Any, method: str = "POST", **options: Any) -> Any:
    async def main() -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=writer, **options) as response,
        ):
            return await response.json()

    return run(main())


def by_httpx(url: str, writer: Any, method: str = "POST", **options: Any) -> Any:
    with httpx.Client(trust_env=False, timeout=PATIENCE, follow_redirects=True) as client:
        response = client.request(
            method, url, content=writer.chunks(), headers=writer.http_headers(), **options
        )
        return response.json()


def by_httpx_async(url: str, writer: Any, method: str = "POST", **options: Any) -> Any:
    async def main() -> Any:
        async with httpx_client() as client:
            response = await client.request(
                method,
                url,
                content=writer.abody(),
                headers=writer.http_headers(),
                follow_redirects=True,
                **options,
            )
            return response.json()

    return run(main())


def by_requests(
    url: str, writer: Any, method: str = "POST", retries: Any = 0, **options: Any
) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
        return session.request(
            method, url, data=writer.chunks(), headers=writer.headers, timeout=PATIENCE, **options
        ).json()


def by_urllib3(url: str, writer: Any, method: str = "POST", **options: Any) -> Any:
    with urllib3.PoolManager(timeout=PATIENCE, retries=options.pop("retries", None)) as pool:
        response = pool.request(
            method, url, body=writer.chunks(), headers=writer.http_headers(), **options
        )
        return response.json()


def by_http_client(url: str, writer: Any, method: str = "POST") -> Any:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    try:
        connection.request(method, parts.path, writer.chunks(), writer.http_headers())
        return json.load(connection.getresponse())
    finally:
        connection.close()


def by_urllib(url: str, writer: Any, method: str = "POST") -> Any:
    request = urllib.request.Request(url, writer.chunks(), writer.http_headers(), method=method)
    with _NO_PROXIES.open(request, timeout=PATIENCE) as response:
        return json.load(response)


CLIENTS: dict[str, Send] = {
    "aiohttp": by_aiohttp,
    "httpx": by_httpx,
    "httpx-async": by_httpx_async,
    "requests": by_requests,
    "urllib3": by_urllib3,
    "http.client": by_http_client,
    "urllib": by_urllib,
}

#: Those that send a body again where a server says so.
FOLLOWING = ("aiohttp", "httpx", "httpx-async", "requests", "urllib3")
