"""Where a peer's reading of a message differs from ours.

Parts are compared in order.  Where the bodies agree and another field does not, that is a
difference of a *value*; where bodies or the number of parts disagree, it is one of *shape*, and
what comes behind it tells nothing.  Where one side refuses the message and the other reads it,
that is a difference too, and the parts that both gave must still agree.  Both refusing is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from . import Leaf, Message, Refusal
from .own import Own

Kind = Literal["value", "shape", "they_refuse", "we_refuse"]


class Difference(NamedTuple):
    """One difference.

    Attributes:
        code: of the error that is ours, "" for none.
        at: offset of that error.
        text: what the peer raised, "" for nothing.
        region: where in the message the cause must stand: from the body of the last part that
            agrees to behind the header block that follows the part that differs; the whole of it
            where no part can be named.
        field: which field of the part differs, "" for none.
        ours: its value, or the part that differs.
        theirs: the same of the peer.
        index: which part of ours differs.
    """

    peer: str
    kind: Kind
    message: Message
    own: Own
    code: str = ""
    at: int = 0
    text: str = ""
    region: bytes = b""
    field: str = ""
    ours: object = None
    theirs: object = None
    index: int = -1

    @property
    def disposition(self) -> str:
        """The Content-Disposition of the part, "" for none."""
        return self.own.headers[self.index].get("content-disposition", "")


def differences(
    peer: str, sent: Message, own: Own, theirs: list[Leaf] | Refusal
) -> Iterator[Difference]:
    """Compare; parts that the peer gives in an order of its own are not for this function."""
    if isinstance(theirs, Refusal):
        if own.fault is None:
            yield Difference(peer, "they_refuse", sent, own, text=theirs.text, region=sent.data)
        return
    count = len(own.leaves) if own.fault else max(len(own.leaves), len(theirs))
    for index in range(count):
        ours = own.leaves[index] if index < len(own.leaves) else None
        other = theirs[index] if index < len(theirs) else None
        if ours is None or other is None or other.body not in (None, ours.body):
            region = _region(sent, own, index)
            code = own.fault.code if own.fault else ""
            yield Difference(
                peer, "shape", sent, own, code, region=region, ours=ours, theirs=other, index=index
            )
            break
        yield from _values(peer, sent, own, index, other)
    yield from _our_refusal(peer, sent, own)


def unordered_differences(
    peer: str, sent: Message, own: Own, expected: list[Leaf], theirs: list[Leaf] | Refusal
) -> Iterator[Difference]:
    """Compare the parts as a bag.

    Args:
        peer: who gave them.
        sent: the message.
        own: our reading.
        expected: our parts, with what is known of the peer's values brought in.
        theirs: the peer's parts.
    """
    if isinstance(theirs, Refusal):
        if own.fault is None:
            yield Difference(peer, "they_refuse", sent, own, text=theirs.text, region=sent.data)
        return
    missing = Counter(expected) - Counter(theirs)
    added = Counter(theirs) - Counter(expected)
    if missing or (added and own.fault is None):
        code = own.fault.code if own.fault else ""
        yield Difference(
            peer,
            "shape",
            sent,
            own,
            code,
            region=sent.data,
            ours=list(missing.elements()),
            theirs=list(added.elements()),
        )
    yield from _our_refusal(peer, sent, own)


def _our_refusal(peer: str, sent: Message, own: Own) -> Iterator[Difference]:
    if own.fault is not None:
        at = own.fault.offset or 0
        yield Difference(peer, "we_refuse", sent, own, own.fault.code, at, region=sent.data)


def _values(peer: str, sent: Message, own: Own, index: int, theirs: Leaf) -> Iterator[Difference]:
    for field in ("name", "filename", "content_type"):
        mine, other = getattr(own.leaves[index], field), getattr(theirs, field)
        if mine != other:
            yield Difference(
                peer,
                "value",
                sent,
                own,
                region=_region(sent, own, index),
                field=field,
                ours=mine,
                theirs=other,
                index=index,
            )


def _region(sent: Message, own: Own, index: int) -> bytes:
    begins = own.begins
    start = begins[index - 1][1] if 0 < index <= len(begins) else 0
    stop = begins[index + 1][1] if index + 1 < len(begins) else len(sent.data)
    # The line break that a delimiter may share with the empty line stands before the body.
    return sent.data[max(0, start - 4) : stop + len(sent.line) + 4]
