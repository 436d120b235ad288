"""The names of headers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from multidict import CIMultiDict, istr


def test_names_are_spelt_as_the_wire_has_them(ps: ModuleType) -> None:
    names = {key: value for key, value in vars(ps.hdrs).items() if isinstance(value, istr)}
    assert len(names) > 15
    for key, value in names.items():
        assert key == value.upper().replace("-", "_")
        assert value.isascii()


def test_known_names_are_all_of_them(ps: ModuleType) -> None:
    names = [value for value in vars(ps.hdrs).values() if isinstance(value, istr)]
    assert list(ps.hdrs.KNOWN) == names
    assert len({name.lower() for name in names}) == len(names)


def test_names_look_themselves_up(ps: ModuleType) -> None:
    headers = CIMultiDict({"content-type": "text/plain"})
    assert headers[ps.hdrs.CONTENT_TYPE] == "text/plain"


def test_known_names_are_handed_out_as_they_are(
    ps: ModuleType, ps_module: Callable[[str], ModuleType]
) -> None:
    tokenize = ps_module("_backend").tokenize
    for name in ps.hdrs.KNOWN:
        for spelling in (name, name.lower()):
            ((found, _),) = tokenize(f"{spelling}: x".encode())
            assert found is name
