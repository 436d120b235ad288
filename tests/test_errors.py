"""The exceptions: one tree, one status each, and they survive a trip between processes."""

from __future__ import annotations

import copy
import pickle
from types import ModuleType

import pytest

KINDS = {"MultipartError": 400, "ParseError": 400, "IncompleteBody": 400, "LimitExceeded": 413}


def test_the_tree(ps: ModuleType) -> None:
    assert ps.MultipartError.__mro__[1] is ValueError
    for name in KINDS:
        kind = getattr(ps, name)
        assert issubclass(kind, ps.MultipartError)
        if name != "MultipartError":
            assert kind.__bases__ == (ps.MultipartError,)


@pytest.mark.parametrize(("name", "status"), KINDS.items())
def test_the_status(ps: ModuleType, name: str, status: int) -> None:
    assert getattr(ps, name).http_status == status
    assert getattr(ps, name)("m", code="c").http_status == status


@pytest.mark.parametrize("name", KINDS)
def test_what_an_error_tells(ps: ModuleType, name: str) -> None:
    error = getattr(ps, name)("what is wrong", code="bare_lf", offset=0)
    assert (error.message, error.code, error.offset) == ("what is wrong", "bare_lf", 0)
    assert error.args == ("what is wrong",)
    assert str(error) == "what is wrong [bare_lf at offset 0]"
    assert repr(error) == f"{name}('what is wrong', code='bare_lf', offset=0)"


def test_an_error_without_a_place(ps: ModuleType) -> None:
    error = ps.ParseError("what is wrong", code="missing_boundary")
    assert error.offset is None
    assert str(error) == "what is wrong [missing_boundary]"


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_can_be_pickled(ps: ModuleType, name: str, protocol: int) -> None:
    error = getattr(ps, name)("m", code="c", offset=3)
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert (again.args, str(again)) == (error.args, str(error))
    assert type(copy.copy(error)) is type(error)


def test_a_code_must_be_given_by_name(ps: ModuleType) -> None:
    with pytest.raises(TypeError):
        ps.ParseError("m", "c")
    with pytest.raises(TypeError):
        ps.ParseError("m")


def test_a_subclass_can_be_pickled(ps: ModuleType) -> None:
    again = pickle.loads(pickle.dumps(_made(ps)))
    assert (type(again).__name__, again.code) == ("LimitExceeded", "max_parts")


def _made(ps: ModuleType) -> Exception:
    error: Exception = ps.Limits(max_parts=1).exceeded("max_parts", 9)
    return error
