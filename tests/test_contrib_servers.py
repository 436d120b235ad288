"""Every integration of forms in its real servers, over sockets, with real clients.

The cases are in ``support/form_cases.py``, the applications in ``support/form_apps.py``.  Each
server is a process of its own, whose temporary files and handles are looked at behind each case.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.asgi_forms import CONTENT_TYPE
from support.form_apps import digest
from support.form_cases import (
    FORMS,
    HALF,
    INTEGRATIONS,
    MIB,
    OVER,
    REFUSED,
    UNCHOSEN,
    URLENCODED,
    Integration,
)  # fmt: skip
from support.form_clients import (
    CLIENTS,
    LEAVING,
    File,
    begun,
    by_curl,
    by_hand,
    status_of,
)  # fmt: skip
from support.form_clients import URLENCODED as URLENCODED_CLIENTS
from support.form_servers import Served, serving

#: An integration, a server, a twin.
Way = tuple[str, str, str]
WAYS = [
    (name, server, twin)
    for name, integration in INTEGRATIONS.items()
    for at, server in enumerate(integration.servers)
    for twin in (("c", "py") if at == 0 else ("c",))
]
LARGE = [(name, integration.servers[0], "c") for name, integration in INTEGRATIONS.items()]


@pytest.fixture(scope="module", params=WAYS, ids="-".join)
def way(request: pytest.FixtureRequest) -> Way:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def integration(way: Way) -> Integration:
    return INTEGRATIONS[way[0]]


@pytest.fixture(scope="module")
def server(way: Way, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    assert shutil.which("curl"), "run: ci/system"
    name, kind, twin = way
    with serving(name, kind, twin, tmp_path_factory.mktemp("served")) as served:
        assert served.state() == {"forms": 0, "backend": twin}
        status, _ = by_hand(served, REFUSED["many fields"].body, CONTENT_TYPE)
        assert status in (400, 413), served.log.read_text()
        yield served


@pytest.fixture
def served(server: Served) -> Iterator[Served]:
    """The server, of which nothing may be left open behind a test."""
    server.state()
    before = server.handles()
    yield server
    server.settle(before)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[File, Any]]:
    """A file of 256 MB, of which no two blocks are the same, and what is told of it."""
    path = tmp_path_factory.mktemp("large") / "large"
    blocks = [number.to_bytes(4, "big") * (MIB // 4) for number in range(256)]
    with path.open("wb") as file:
        file.writelines(blocks)
    yield File("large", path), {"fields": [], "files": [["f", "large", *digest(blocks)]]}
    path.unlink()


def expected(form: list[tuple[str, str | tuple[str, bytes]]]) -> Any:
    """Give what is told of a form."""
    files = [
        [name, value[0], *digest([value[1]])] for name, value in form if isinstance(value, tuple)
    ]
    fields = [[name, value] for name, value in form if isinstance(value, str)]
    return {"fields": fields, "files": files}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_told(
    served: Served, integration: Integration, client: str, form: str, tmp_path: Path
) -> None:
    if client == "curl, chunked" and not integration.chunked:
        pytest.skip("the framework wants a Content-Length")
    items: list[tuple[str, str | File]] = []
    for number, (name, value) in enumerate(FORMS[form]):
        if isinstance(value, tuple):
            path = tmp_path / str(number)
            path.write_bytes(value[1])
            items.append((name, File(value[0], path)))
        else:
            items.append((name, value))
    assert CLIENTS[client](served.url(), items) == (200, expected(FORMS[form]))


@pytest.mark.parametrize("client", URLENCODED_CLIENTS)
def test_so_is_an_urlencoded_one(served: Served, client: str) -> None:
    found = URLENCODED_CLIENTS[client](served.url(), URLENCODED)
    assert found == (200, {"fields": [list(item) for item in URLENCODED], "files": []})


def test_a_file_input_without_a_file(served: Served, integration: Integration) -> None:
    status, found = by_hand(served, UNCHOSEN, CONTENT_TYPE)
    assert status == 200
    if integration.unchosen:
        assert found == expected([("f", ("", b"")), ("t", "z")])
    else:
        assert found == expected([("f", ""), ("t", "z")])


def test_a_file_of_256_mb(served: Served, way: Way, large: tuple[File, Any]) -> None:
    if way not in LARGE:
        pytest.skip("takes too long for more than one server and twin of each integration")
    file, told = large
    assert by_curl(served.url("/large"), [("f", file)]) == (200, told)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(served: Served, integration: Integration, case: str) -> None:
    body, status, content_type = REFUSED[case]
    told = served.state()["forms"]
    wanted = integration.statuses.get(case, status)
    assert by_hand(served, body, content_type)[0] == wanted
    assert served.state()["forms"] - told == (wanted == 200)


def test_a_body_that_is_too_large(served: Served, integration: Integration, way: Way) -> None:
    if integration.body is None:
        pytest.skip("the framework has no such limit")
    told = served.state()["forms"]
    if integration.body == "counted" or way[1] == "waitress":  # which takes it all first
        assert by_hand(served, OVER, CONTENT_TYPE)[0] == 413
    else:
        length = f"Content-Length: {len(OVER)}"
        with begun(served, f"/ HTTP/1.1\r\nContent-Type: {CONTENT_TYPE}\r\n{length}") as client:
            assert status_of(client) == 413
    assert served.state()["forms"] == told


@pytest.mark.parametrize("leave", LEAVING)
def test_a_client_that_leaves(served: Served, leave: str) -> None:
    told, before = served.state()["forms"], served.handles()
    head = f"/large HTTP/1.1\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {3 * len(HALF)}"
    with begun(served, head, HALF) as client:
        served.until(served.writes)
        LEAVING[leave](client)
    served.settle(before)
    assert served.state()["forms"] == told
