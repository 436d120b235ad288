"""Which deviations are tolerated: one documented field for each odd input that has a choice.

The scanners never look at these fields.  A policy is boiled down once to two bit masks of
:class:`~partstream.deviations.Deviation`: one for the parts of ``multipart/form-data``, and one
for the parts of every other subtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from ._options import options
from .deviations import Deviation
from .limits import Limits

if TYPE_CHECKING:
    from dataclasses import dataclass, field
else:
    from ._options import dataclass, field

__all__ = ["Policy", "Tolerance", "check_settings"]

#: Where a deviation is tolerated: nowhere, in the parts of multipart/form-data only, in the parts
#: of other subtypes only, or in both.
Tolerance = Literal["never", "form", "other", "always"]

#: What an extended parameter (``filename*=``) of a form part does: it is an error, it counts only
#: where the plain one is absent, or it wins over the plain one.
ExtendedParameters = Literal["error", "fallback", "prefer"]

#: What an unknown or unsafe charset is: an error at once, an error when text is asked for, or
#: UTF-8.
UnsafeCharset = Literal["error", "on_text", "utf-8"]

#: What ``parse_form`` does with a part that has no name: it is an error, or it is skipped.
NamelessInForm = Literal["error", "skip"]

# Bits of the choices that are no deviations stand above those of the deviations.
EXTENDED_PREFER = 1 << len(Deviation)
WINDOWS_PATH = 1 << (len(Deviation) + 1)


def _choice(doc: str, row: str, default: Any, strict: Any, legacy: Any) -> Any:
    """A field with its line of documentation, its row in the behaviour table, and its presets."""
    metadata = {"doc": doc, "row": row, "strict": strict, "legacy": legacy}
    return field(default=default, metadata=metadata)


def _tolerance(doc: str, row: str, default: Tolerance, strict: Tolerance = "never") -> Any:
    return _choice(doc, row, default, strict, "always")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is tolerated of a peer.

    Presets: ``Policy.STRICT`` for endpoints that only browsers and well-made clients talk to, which
    refuses what parsers are known to read differently; ``Policy.DEFAULT``, which takes what the
    RFCs allow; and ``Policy.LEGACY`` for old cameras, mail-like senders and broken servers.
    Derive others with ``dataclasses.replace(Policy.DEFAULT, bare_lf="always")``.

    Each field says where its deviation is tolerated: ``"never"``, in the parts of a ``"form"``
    (multipart/form-data), in those of any ``"other"`` subtype, or ``"always"``.

    Raises:
        ValueError: for a value that a field does not know.
    """

    STRICT: ClassVar[Policy]
    DEFAULT: ClassVar[Policy]
    LEGACY: ClassVar[Policy]

    repeated_boundary: Tolerance = _tolerance(
        "`boundary=` twice in the Content-Type; tolerated, the first counts.", "a", "never"
    )
    loose_parameter: Tolerance = _tolerance(
        "A value that is neither token nor quoted (`boundary=--:`), or space around `=`.",
        "c2",
        "always",
    )
    dashed_boundary: Tolerance = _tolerance(
        "`boundary=--x` announced, and lines that are `--x`, not `----x`.", "c3", "other"
    )
    repeated_parameter: Tolerance = _tolerance(
        "A parameter twice in one header; tolerated, the first counts.", "d", "never"
    )
    repeated_header: Tolerance = _tolerance(
        "Content-Disposition or Content-Type twice in a part; tolerated, the first counts.",
        "e",
        "never",
    )
    extended_in_form: ExtendedParameters = _choice(
        "`name*`, `filename*` and continuations in a form part: `error`, `fallback` where the "
        "plain one is absent, or `prefer`. Elsewhere they always win (RFC 6266).",
        "f",
        "fallback",
        "error",
        "prefer",
    )
    quoted_pair: Tolerance = _tolerance(
        'A backslash in a quoted parameter value; tolerated, a form undoes `\\"` and `\\\\` and '
        "no other, as browsers mean it, and anything else all of them (RFC 9110).",
        "h",
        "always",
    )
    windows_path: bool = _choice(
        "Give only the last component of a form's filename that is a full Windows path.",
        "h",
        False,
        False,
        True,
    )
    malformed_parameter: Tolerance = _tolerance(
        "Unterminated quote, missing `;`, text after a quoted value; tolerated, the parameter "
        "is dropped.",
        "i",
        "never",
    )
    nameless_part: Tolerance = _tolerance(
        "A form part with no Content-Disposition or no name; tolerated, its name is None.",
        "j",
        "always",
    )
    nameless_in_form: NamelessInForm = _choice(
        "What `parse_form` does with a part that has no name: an `error`, or `skip`.",
        "j",
        "error",
        "error",
        "skip",
    )
    bare_lf: Tolerance = _tolerance(
        "Lines that end in LF; latched at the first delimiter.", "k", "never"
    )
    delimiter_padding: Tolerance = _tolerance(
        "Up to 64 spaces or tabs after a delimiter.", "l", "always"
    )
    delimiter_suffix: Tolerance = _tolerance(
        "A body line `--Bxx` where the boundary is `B`; tolerated, it is data.", "m", "always"
    )
    boundary_in_content: Tolerance = _tolerance(
        "`--B` in a body, a header or a nested epilogue, where no delimiter line is: amid a line, "
        "or behind a lone LF or CR; tolerated, it is data. Also the boundary of a nested multipart "
        "that holds that of an outer one. What the outermost multipart is decides for all in it.",
        "k2",
        "always",
    )
    first_line_suffix: Tolerance = _tolerance(
        "A first line `--Bxx`; tolerated, it is preamble.", "m2", "always"
    )
    preamble: Tolerance = _tolerance(
        "Bytes before the first delimiter; tolerated, they are discarded.", "n", "always"
    )
    epilogue: Tolerance = _tolerance(
        "Bytes after the closing delimiter; tolerated, they are discarded.", "o", "always"
    )
    truncated: Tolerance = _tolerance(
        "End of input before the closing delimiter; tolerated, the part ends, marked incomplete.",
        "p",
        "never",
    )
    missing_line_break: Tolerance = _tolerance(
        "A header block and at once `--B`; tolerated, the part is empty.", "q", "always"
    )
    no_headers: Tolerance = _tolerance("A part without headers.", "q2", "always", strict="other")
    header_without_colon: Tolerance = _tolerance(
        "A header line without colon; tolerated, it is skipped.", "r", "never"
    )
    folded_header: Tolerance = _tolerance(
        "A header folded over several lines; tolerated, it is unfolded to one space.", "s", "other"
    )
    invalid_header_name: Tolerance = _tolerance(
        "`Name : value`, or a name that is no token; tolerated, the space is stripped, or the "
        "line skipped.",
        "s2",
        "never",
    )
    undecodable_header: Tolerance = _tolerance(
        "Header bytes that are not UTF-8; tolerated, they become lone surrogates "
        "(surrogateescape).",
        "s4",
        "always",
    )
    length_mismatch: Tolerance = _tolerance(
        "A Content-Length that the part does not keep; tolerated, Content-Length is ignored.",
        "t, t2",
        "form",
    )
    invalid_length: Tolerance = _tolerance(
        "Content-Length `+5`, `-1`, `1_0`, or twice; tolerated, it is ignored.", "t3", "never"
    )
    transfer_encoding: Tolerance = _tolerance(
        "A Content-Transfer-Encoding that changes bytes; tolerated, it is undone where decoding "
        "is asked for.",
        "u",
        "always",
        strict="other",
    )
    unsafe_charset: UnsafeCharset = _choice(
        "A charset that is unknown or unsafe (utf-7): an `error`, an error `on_text`, when text "
        "is asked for, or read as `utf-8`.",
        "v",
        "on_text",
        "error",
        "utf-8",
    )
    charset_field: bool = _choice(
        "Take a form's leading field `_charset_` for the charset of the fields that name none, "
        "and do not hand it out.",
        "v2",
        True,
        False,
        True,
    )
    multipart_in_form: Tolerance = _tolerance(
        "A multipart inside a form, in `parse_form`; tolerated, its parts come under its name "
        "(RFC 2388).",
        "w",
        "always",
    )
    unclosed_child: Tolerance = _tolerance(
        "The parent's delimiter where the child is still open; tolerated, the child ends.",
        "x",
        "always",
    )
    delimiter_in_headers: Tolerance = _tolerance(
        "A delimiter line within a header block; tolerated, the part ends there, empty.",
        "q3",
        "never",
    )

    form_mask: int = field(init=False, repr=False, compare=False)
    other_mask: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            _check(name, getattr(self, name), allowed)
        object.__setattr__(self, "form_mask", self._mask("form"))
        object.__setattr__(self, "other_mask", self._mask("other"))

    def _mask(self, where: Literal["form", "other"]) -> int:
        """Give the bits of all that is tolerated in parts of this kind."""
        mask = 0
        for name, bit in _BITS.items():
            if getattr(self, name) in (where, "always"):
                mask |= bit
        extended = self.extended_in_form if where == "form" else "prefer"
        if extended != "error":
            mask |= Deviation.EXTENDED_PARAMETER.bit
        if extended == "prefer":
            mask |= EXTENDED_PREFER
        if where == "form" and self.windows_path:
            mask |= WINDOWS_PATH
        if self.unsafe_charset != "error":
            mask |= Deviation.UNSAFE_CHARSET.bit
        return mask


def check_settings(limits: object, policy: object) -> None:
    """Refuse arguments that are not what every parser and reader takes.

    Raises:
        TypeError: for limits that are no Limits, or a policy that is no Policy.
    """
    if not isinstance(limits, Limits):
        raise TypeError(f"limits takes a partstream.Limits, not {type(limits).__name__}")
    if not isinstance(policy, Policy):
        raise TypeError(f"policy takes a partstream.Policy, not {type(policy).__name__}")


def _check(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        known = ", ".join(repr(option) for option in allowed)
        raise ValueError(f"Policy({name}={value!r}): must be one of {known}")


def _preset(kind: str) -> Policy:
    return Policy(**{name: choice.metadata[kind] for name, choice in options(Policy).items()})


_TOLERANCES: Final = ("never", "form", "other", "always")
_OTHERS: Final[dict[str, tuple[object, ...]]] = {
    "windows_path": (False, True),
    "charset_field": (False, True),
    "extended_in_form": ("error", "fallback", "prefer"),
    "unsafe_charset": ("error", "on_text", "utf-8"),
    "nameless_in_form": ("error", "skip"),
}
_ALLOWED: Final = {name: _OTHERS.get(name, _TOLERANCES) for name in options(Policy)}
_BITS: Final = {
    deviation.code: deviation.bit
    for deviation in Deviation
    if _ALLOWED.get(deviation.code) is _TOLERANCES
}


Policy.DEFAULT = Policy()
Policy.STRICT = _preset("strict")
Policy.LEGACY = _preset("legacy")
