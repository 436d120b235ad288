"""From headers and a source to a form that is put together: what both drivers have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from multidict import MultiDict, MultiDictProxy

from ._form_files import FileBase
from ._form_urlencoded import UrlencodedAssembler
from ._forming import Assembler, Decode, FormAssembler, OpenSink
from ._settings import latin
from .deviations import Deviation
from .errors import MultipartError
from .limits import Limits
from .parameters import Header, boundary_of, content_type, usual_multipart
from .policy import Policy
from .sources import content_type_of

__all__ = ["FormBase", "FormDriver", "assembler_of"]

_MULTIPART: Final = "multipart/form-data"
_URLENCODED: Final = "application/x-www-form-urlencoded"


def assembler_of(
    headers: Any,
    open: OpenSink,  # noqa: A002
    *,
    limits: Limits = Limits.FORM,
    policy: Policy = Policy.DEFAULT,
    decode: Decode | None = None,
    charset: str | None = None,
    streamed: bool = False,
) -> Assembler:
    """Give what puts a form of this Content-Type together.

    Args:
        headers: where the Content-Type is: any mapping, an ASGI header list, a WSGI environ, or
            its value.
        open: gives the sink for a file; see :data:`partstream._forming.OpenSink`.
        limits: what the form may be at most.
        policy: which deviations are tolerated.
        decode: gives the value of a field that is no plain text in UTF-8.
        charset: of fields that name none, if it is not UTF-8.
        streamed: stop at each file that has a filename.

    Raises:
        UnsupportedMediaType: where it is no form.
        ParseError: where it has no usable boundary.
    """
    value = headers if type(headers) is str else _content_type(headers)
    usual = usual_multipart(value)
    if usual is not None and usual[0] == "form-data":
        return FormAssembler(
            usual[1], open, limits=limits, policy=policy, decode=decode, charset=charset,
            streamed=streamed,
        )  # fmt: skip
    essence = value.partition(";")[0].strip(" \t").lower()
    header = Header(latin(value), None, policy.form_mask, True)
    if essence == _MULTIPART:
        return FormAssembler(
            boundary_of(header), open, limits=limits, policy=policy, decode=decode, charset=charset,
            streamed=streamed,
        )  # fmt: skip
    if essence == _URLENCODED:
        charset = content_type(header).parameters.get("charset") or charset
        return UrlencodedAssembler(limits=limits, policy=policy, decode=decode, charset=charset)
    raise Deviation.NOT_A_FORM.at(None, f"it is {essence[:80]!r}")


def _content_type(headers: Any) -> str:
    """Give the Content-Type; a list as ASGI has it is gone through once."""
    if headers.__class__ is list:
        for pair in headers:
            if pair[0] == b"content-type":
                return pair[1].decode("latin-1")  # type: ignore[no-any-return]
    return content_type_of(headers)


_EMPTY: Final[MultiDictProxy[Any]] = MultiDictProxy(MultiDict())


class FormBase:
    """What both ``Form`` classes have in common; see there."""

    __slots__ = ("complete", "fields", "files")

    def __init__(self, assembler: Assembler) -> None:
        self.complete: bool = assembler.complete
        fields, files = assembler.split()
        self.fields: MultiDictProxy[str] = MultiDictProxy(MultiDict(fields))
        self.files: MultiDictProxy[Any] = MultiDictProxy(MultiDict(files)) if files else _EMPTY

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self.fields)} fields, {len(self.files)} files>"

    def _opened(self) -> list[Any]:
        """Give the files that are not closed."""
        files = self.files.values()
        return [file for file in files if isinstance(file, FileBase) and not file.closed]


class FormDriver:
    """What both drivers know of a file that is streamed.

    Attributes:
        pull: gives the next bytes of the source.
        error: what was met while the file was read; the hook that reads it cannot hide that.
        filling: whether somebody is waiting for bytes just now.
    """

    __slots__ = ("assembler", "error", "filling", "pull")

    def __init__(self, assembler: Any, pull: Callable[[], Any]) -> None:
        self.assembler = assembler
        self.pull = pull
        self.error: MultipartError | None = None
        self.filling = False

    def check(self) -> None:
        """Refuse to go on after a fault, or where another task or thread is reading.

        Raises:
            MultipartError: the fault, again.
            ValueError: where another one waits for bytes of the same form.
        """
        if self.error is not None:
            raise self.error
        if self.filling:
            raise ValueError("another task is reading this file: read it from one task only")
