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

from support import effort
from support.asgi_forms import CONTENT_TYPE
from support.form_apps import digest
from support.form_cases import (
    FORMS,
    HALF,
    INTEGRATIONS,
    MIB,
    ODD_TYPES,
    ODD_URLENCODED,
    OVER,
    REFUSED,
    SMALL,
    UNCHOSEN,
    URLENCODED,
    Integration,
    mutations,
)
from support.form_clients import (
    CLIENTS,
    LEAVING,
    File,
    begun,
    by_curl,
    by_hand,
    status_of,
)
from support.form_clients import URLENCODED as URLENCODED_CLIENTS
from support.form_servers import Served, serving
from support.serving import PATIENCE

#: An integration, a server, a twin.
Way = tuple[str, str, str]
WAYS = [
    (name, server, twin)
    for name, integration in INTEGRATIONS.items()
    for at, server in enumerate(integration.servers)
    for twin in (("c", "py") if at == 0 else ("c",))
]


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


@pytest.fixture(scope="session")
def larges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[File, Any]]]:
    """A large file by twin, of which no two blocks are the same, and what is told of it.

    The compiled twin gets 256 MB, the pure one 4.  They are made once: writing one takes as long
    as sending it.
    """
    directory = tmp_path_factory.mktemp("large")
    made = {}
    for twin, megabytes in (("c", 256), ("py", 4)):
        path = directory / twin
        blocks = [bytes([number]) * MIB for number in range(megabytes)]
        with path.open("wb") as file:
            file.writelines(blocks)
        told = {"fields": [], "files": [["f", "large", *digest(blocks)]]}
        made[twin] = File("large", path), told
    yield made
    for file, _ in made.values():
        file.path.unlink()


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
    served: Served, integration: Integration, way: Way, client: str, form: str, tmp_path: Path
) -> None:
    items: list[tuple[str, str | File]] = []
    for number, (name, value) in enumerate(FORMS[form]):
        if isinstance(value, tuple):
            path = tmp_path / str(number)
            path.write_bytes(value[1])
            items.append((name, File(value[0], path)))
        else:
            items.append((name, value))
    unseen = client == "curl, chunked" and not integration.chunked and way[1] != "waitress"
    told = expected([] if unseen else FORMS[form])
    assert CLIENTS[client](served.url(), items) == (200, told)


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


def test_a_large_file(served: Served, way: Way, larges: dict[str, tuple[File, Any]]) -> None:
    file, told = larges[way[2]]
    assert by_curl(served.url("/large"), [("f", file)], patience=4 * PATIENCE) == (200, told)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(served: Served, integration: Integration, case: str) -> None:
    body, status, content_type = REFUSED[case]
    told = served.state()["forms"]
    wanted = integration.statuses.get(case, status)
    assert by_hand(served, body, content_type)[0] == wanted
    assert served.state()["forms"] - told == (wanted == 200)


def test_whatever_is_sent_is_never_an_error_of_the_server(served: Served, way: Way) -> None:
    seed = effort.seed_for("-".join(way))
    bodies = [(body, CONTENT_TYPE) for body in mutations(seed)]
    bodies += [(SMALL, odd) for odd in ODD_TYPES]
    bodies += [(body, "application/x-www-form-urlencoded") for body in ODD_URLENCODED]
    for body, content_type in bodies:
        status, answer = by_hand(served, body, content_type)
        assert status in (200, 400, 413, 415), (seed, body, content_type, answer)


def test_a_body_that_is_too_large(served: Served, integration: Integration, way: Way) -> None:
    told = served.state()["forms"]
    if integration.body is None:
        assert by_hand(served, OVER, CONTENT_TYPE)[0] == 200
        told += 1
    elif integration.body == "counted" or way[1] == "waitress":  # which takes it all first
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
