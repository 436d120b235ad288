"""What each reader gives where it does not give what our writer wrote: the list.

:func:`expected` lets a part go through all entries that are about a reader, in their order: what
one has changed may be changed again by the next.  docs/readback.md shows the list, see
:func:`table`.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import PEERS, Item
from .entries import Difference, Refusal
from .form_names import NAMES
from .form_parts import CONTENTS, REFUSALS
from .mixed_names import ATTACHMENTS

__all__ = ["DIFFERENCES", "Difference", "Refusal", "expected", "table"]

DIFFERENCES = (*REFUSALS, *NAMES, *CONTENTS, *ATTACHMENTS)


def expected(
    peer: str, sent: Iterable[Item], form: bool, used: set[Difference] | None = None
) -> list[Item]:
    """Give what a reader is to make of the parts that were written.

    Args:
        peer: by the name of its adapter.
        sent: the parts in the order written.
        form: whether they are those of a form.
        used: where the entries are put that made a difference.

    Raises:
        Refusal: if it is to raise something.
    """
    entries = [entry for entry in DIFFERENCES if peer in entry.peers and entry.form == form]
    found: list[Item] = []
    for index, part in enumerate(sent):
        made = [part]
        for entry in entries:
            if not entry.first or index == 0:
                made = [item for before in made for item in _through(entry, before, used)]
        found += made
    return _arranged(peer, found) if PEERS[peer].grouped and form else found


def _through(entry: Difference, item: Item, used: set[Difference] | None) -> list[Item]:
    if not entry.applies(item):
        return [item]
    if used is not None:
        used.add(entry)
    given = entry.gives(item)
    assert given != [item], f"{entry.kind}: this is no difference: {item}"
    return given


def _arranged(peer: str, items: list[Item]) -> list[Item]:
    """Put fields before files, and in each those of one name together."""
    groups: dict[tuple[bool, str], list[Item]] = {}
    for item in items:
        groups.setdefault((item.filename is not None, item.name or ""), []).append(item)
    in_order = peer == "go_form"
    keys = sorted(groups, key=lambda key: (key[0], key[1].encode() if in_order else b""))
    return [item for key in keys for item in groups[key]]


def table(form: bool) -> list[list[str]]:
    """Give the entries as a table, head first; cells are Markdown."""
    lines = [["what is written", "what is read instead", "by", "why"]]
    for entry in DIFFERENCES:
        if entry.form == form:
            readers = ", ".join(PEERS[peer].title for peer in entry.peers)
            lines.append([entry.kind, entry.shows, readers, entry.why])
    return lines
