"""The rows of the behaviour table that only ``parse_form`` shows; see ``behaviours.py``.

In the notation of a cell, a field stands as ``a=1``, and a file as ``a(x.txt)=1``; ``~`` is a form
that was cut short.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from support.behaviours import Cells, escaped, same


class FormRow(NamedTuple):
    """An odd form, and what ``parse_form`` makes of it."""

    row: str
    what: str
    data: str
    cells: Cells


def described(
    fields: Iterable[tuple[str, str]],
    files: Iterable[tuple[str, str, bytes]],
    complete: bool,
) -> str:
    """Write a form in the notation of a cell: fields, then files (name, filename, content)."""
    words = [f"{escaped(name)}={escaped(value)}" for name, value in fields]
    words += [
        f"{escaped(name)}({escaped(filename)})={escaped(content.decode('latin-1'))}"
        for name, filename, content in files
    ]
    return " ".join(words + ["~"] * (not complete)) or "-"


_END: Final = "\r\n--B--"
_A: Final = 'Content-Disposition: form-data; name="a"'
_B: Final = 'Content-Disposition: form-data; name="b"\r\n\r\n2'
_FILE: Final = f'{_A}; filename="x.txt"'
_CODED: Final = "\r\nContent-Transfer-Encoding: "
_E: Final = "\xc3\xa9"
_PLAIN: Final = "\r\nContent-Type: text/plain; charset="


def _form(*parts: str) -> str:
    return "--B\r\n" + "\r\n--B\r\n".join(parts) + _END


def _mixed(*children: str, name: str = "a", head: str = "") -> str:
    inner = "".join(f"--C\r\n{child}\r\n" for child in children) + "--C--"
    disposition = f'Content-Disposition: form-data; name="{name}"' if name else "X-None: 1"
    return f"{head}{disposition}\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n{inner}"


_ATTACHED: Final = 'Content-Disposition: attachment; filename="1.txt"\r\n\r\none'
_SECOND: Final = 'Content-Disposition: attachment; filename="2.txt"\r\n\r\ntwo'

FORMS: Final = (
    FormRow("j", "no Content-Disposition", _form("^Content-Type: text/plain\r\n\r\n1", _B),
            Cells("!nameless_part", "!nameless_part", "b=2")),
    FormRow("j", "no name", _form("^Content-Disposition: form-data\r\n\r\n1", _B),
            Cells("!nameless_part", "!nameless_part", "b=2")),
    FormRow("j", "no name, and a filename",
            _form('^Content-Disposition: form-data; filename="x"\r\n\r\n1', _B),
            Cells("!nameless_part", "!nameless_part", "b=2")),
    FormRow("j", "an empty name", _form('Content-Disposition: form-data; name=""\r\n\r\n1', _B),
            same("=1 b=2")),
    FormRow("j", "a multipart without name, and its parts",
            _form(_mixed(_ATTACHED, f"{_A}\r\n\r\n1", name="", head="^"), _B),
            Cells("!nameless_part", "!nameless_part", "b=2")),
    FormRow("p", "cut in a field", f"--B\r\n{_A}\r\n\r\n1^",
            Cells("!truncated", "!truncated", "a=1 ~")),
    FormRow("p", "cut in a file", f"--B\r\n{_FILE}\r\n\r\n1^",
            Cells("!truncated", "!truncated", "a(x.txt)=1 ~")),
    FormRow("p", "cut behind a field", f"--B\r\n{_A}\r\n\r\n1\r\n--B\r\n^",
            Cells("!truncated", "!truncated", "a=1 ~")),
    FormRow("p", "cut behind a part of a multipart",
            _form(_mixed(_ATTACHED)).removesuffix(_END) + "^",
            Cells("!multipart_in_form@5", "!truncated", "a(1.txt)=one ~")),
    FormRow("p", "cut in a part of a multipart",
            _form(_mixed(_ATTACHED)).removesuffix(f"e\r\n--C--{_END}") + "^",
            Cells("!multipart_in_form@5", "!truncated", "a(1.txt)=on ~")),
    FormRow("u", "base64, a field", _form(f"{_A}{_CODED}^base64\r\n\r\nw6k="),
            Cells("!transfer_encoding", "a=\\xe9", "a=\\xe9")),
    FormRow("u", "base64, a file", _form(f"{_FILE}{_CODED}^base64\r\n\r\nw6k="),
            Cells("!transfer_encoding", "a(x.txt)=\\xc3\\xa9", "a(x.txt)=\\xc3\\xa9")),
    FormRow("u", "quoted-printable, a file", _form(f"{_FILE}{_CODED}^quoted-printable\r\n\r\n=C3="),
            Cells("!transfer_encoding", "a(x.txt)=\\xc3", "a(x.txt)=\\xc3")),
    FormRow("u", "an encoding that is unknown", _form(f"{_FILE}{_CODED}^x-own\r\n\r\n1"),
            Cells("!transfer_encoding", *["!unsupported_encoding@None"] * 2)),
    FormRow("u", "base64 that is none", _form(f"{_FILE}{_CODED}^base64\r\n\r\nw6k"),
            Cells("!transfer_encoding", *["!invalid_encoding@None"] * 2)),
    FormRow("u", "Content-Encoding means nothing",
            _form(f"{_FILE}\r\nContent-Encoding: gzip\r\n\r\n1"), same("a(x.txt)=1")),
    FormRow("v", "charset=iso-8859-1", _form(f"{_A}{_PLAIN}iso-8859-1\r\n\r\n{_E}"),
            same("a=\\xc3\\xa9")),
    FormRow("v", "charset=utf-7", _form(f"{_A}{_PLAIN}utf-7\r\n\r\n^{_E}"),
            Cells("!unsafe_charset@61", "!unsafe_charset", "a=\\xe9")),
    FormRow("v", "charset=utf-7 of a file", _form(f"{_FILE}{_PLAIN}utf-7\r\n\r\n^1"),
            Cells("!unsafe_charset@79", "a(x.txt)=1", "a(x.txt)=1")),
    FormRow("v", "text that is not UTF-8", _form(f"{_A}\r\n\r\n^\xe9"), same("!invalid_encoding")),
    FormRow("v2", "a leading field `_charset_`",
            _form(_A.replace('"a"', '"_charset_"') + "\r\n\r\niso-8859-1", f"{_A}\r\n\r\n{_E}"),
            Cells("_charset_=iso-8859-1 a=\\xe9", "a=\\xc3\\xa9", "a=\\xc3\\xa9")),
    FormRow("v2", "a leading `_charset_` of UTF-8",
            _form(_A.replace('"a"', '"_charset_"') + "\r\n\r\nutf-8", f"{_A}\r\n\r\n{_E}"),
            Cells("_charset_=utf-8 a=\\xe9", "a=\\xe9", "a=\\xe9")),
    FormRow("v2", "a leading `_charset_` that is unsafe",
            _form(_A.replace('"a"', '"_charset_"') + "\r\n\r\nutf-7", f"{_A}\r\n\r\n^{_E}"),
            Cells("_charset_=utf-7 a=\\xe9", "!unsafe_charset", "a=\\xe9")),
    FormRow("v2", "a leading `_charset_` of 32 characters",
            _form(_A.replace('"a"', '"_charset_"') + "\r\n\r\n^" + "x" * 32),
            Cells("_charset_=" + "x" * 32, "!unsafe_charset", "!unsafe_charset")),
    FormRow("v2", "a field `_charset_` that is not the first",
            _form(_B, _A.replace('"a"', '"_charset_"') + "\r\n\r\niso-8859-1", f"{_A}\r\n\r\n{_E}"),
            same("b=2 _charset_=iso-8859-1 a=\\xe9")),
    FormRow("v2", "a file `_charset_`",
            _form(_FILE.replace('"a"', '"_charset_"') + "\r\n\r\nutf-7", f"{_A}\r\n\r\n{_E}"),
            same("a=\\xe9 _charset_(x.txt)=utf-7")),
    FormRow("w", "two files", _form(_mixed(_ATTACHED, _SECOND, head="^"), _B),
            Cells("!multipart_in_form", "b=2 a(1.txt)=one a(2.txt)=two",
                  "b=2 a(1.txt)=one a(2.txt)=two")),
    FormRow("w", "a part without filename",
            _form(_mixed("Content-Type: text/plain\r\n\r\none", _SECOND, head="^")),
            Cells("!multipart_in_form", "a=one a(2.txt)=two", "a=one a(2.txt)=two")),
    FormRow("w", "parts with names of their own",
            _form(_mixed(_B, f"{_FILE.replace('a', 'c', 1)}\r\n\r\n1", head="^")),
            Cells("!multipart_in_form", "a=2 a(x.txt)=1", "a=2 a(x.txt)=1")),
    FormRow("w", "`_charset_` first in it",
            _form(_mixed(_B.replace('"b"\r\n\r\n2', '"_charset_"\r\n\r\nutf-7'), head="^"), _B),
            Cells("!multipart_in_form", "a=utf-7 b=2", "a=utf-7 b=2")),
    FormRow("w", "a multipart in a multipart",
            _form(_mixed(
                "Content-Type: multipart/mixed; boundary=D\r\n\r\n--D\r\n"
                f"{_ATTACHED}\r\n--D--", _SECOND, head="^"), _B),
            Cells("!multipart_in_form", "b=2 a(1.txt)=one a(2.txt)=two",
                  "b=2 a(1.txt)=one a(2.txt)=two")),
    FormRow("x", "a multipart that is never closed, and a field",
            _form(_mixed(_ATTACHED).removesuffix("\r\n--C--"), _B),
            Cells("!multipart_in_form@5", "b=2 a(1.txt)=one", "b=2 a(1.txt)=one")),
    FormRow("w", "a multipart that is a file",
            _form(f"{_FILE}\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\n1"),
            same("a(x.txt)=--C\\r\\n\\r\\n1")),
)  # fmt: skip
