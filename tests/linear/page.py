"""Writes what a run has counted as docs/linear-time.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from linear.counting import MOST, TWINS, Growth
from linear.families import CHUNKS, LEVELS, Family
from linear.found import CEILING, Found

__all__ = ["PAGE", "text", "write"]

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "linear-time.md"

_NAMES: Final = {"c": "compiled", "py": "pure"}

_START: Final = """\
# Linear time

Made by `ci/linear --all --write`; nothing here is written by hand.

Every family below is an input that can be made as long as one likes. It is read (or written) at n,
2n and 4n bytes, by both twins, and the instructions are counted by callgrind. Linear is 2 for each
doubling; more than {most} fails the run. Where levels are doubled, so may be what a byte takes. No
limit holds while it is counted but that of depth, as it would end most of these streams early.

**What is counted**: every instruction in user space of the process, from the first byte handed in
to the last event, error or byte out: the interpreter, the extensions, libc and the allocator, for
the pure twin as for the compiled one, so that what happens within one call of `bytes.find` is in
it. An instruction that moves a vector counts as one. n grows until 4n takes {enough:,}
instructions, so that what is set up once does not hide what grows.

Counted with {made_with}: {total:,} counts of three sizes each, of {families:,} of the
{all_families:,} families.

## Families

Each stream comes in chunks of {chunks} bytes where that can matter. The worst ratio
is the larger one of the two doublings; *a byte* is what a byte of the longest input takes, at the
worst, and nearly always where each byte comes in a chunk of its own: it is the cost of a chunk.

"""


def _ratio(growth: Growth) -> str:
    return f"{growth.ratio:.2f}"


def _groups(done: Sequence[Growth]) -> dict[str, list[Growth]]:
    groups: dict[str, list[Growth]] = {}
    for growth in sorted(done, key=lambda item: item.task.family.group):
        groups.setdefault(growth.task.family.group, []).append(growth)
    return groups


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |\n"


def _table(groups: dict[str, list[Growth]]) -> str:
    head = ["inputs", "families", *(f"{name}, worst ratio" for name in _NAMES.values()),
            *(f"{name}, a byte" for name in _NAMES.values())]  # fmt: skip
    lines = [_line(head), _line(["---"] * len(head))]
    for group, done in groups.items():
        by_twin = [[item for item in done if item.task.twin == twin] for twin in TWINS]
        lines.append(_line([
            group, len({item.task.family.name for item in done}),
            *(_ratio(max(items, key=lambda item: item.ratio)) for items in by_twin),
            *(f"{max(item.a_byte for item in items):,.0f}" for items in by_twin),
        ]))  # fmt: skip
    return "".join(lines)


def _worst(groups: dict[str, list[Growth]]) -> str:
    lines = [_line(["twin", "input", "chunks", "n", "ratios"]), _line(["---"] * 5)]
    every = [item for group, done in groups.items() if group != LEVELS for item in done]
    for twin in TWINS:
        of_twin = sorted((item for item in every if item.task.twin == twin),
                         key=lambda item: -item.ratio)  # fmt: skip
        for item in of_twin[:5]:
            ratios = [f"{ratio:.2f}" for ratio in item.ratios]
            lines.append(_line([_NAMES[twin], item.task.family.name, item.task.chunk,
                                f"{item.sizes[0]:,}", ", ".join(ratios)]))  # fmt: skip
    return "".join(lines)


def _levels(done: Sequence[Growth]) -> str:
    lines = [_line(["twin", "chunks", *("25", "50", "100 levels")]), _line(["---"] * 5)]
    for item in done:
        if not item.task.family.what.startswith("25"):
            continue
        costs = [f"{count / size:,.0f}" for count, size in
                 zip(item.counts, item.sizes, strict=True)]  # fmt: skip
        lines.append(_line([_NAMES[item.task.twin], item.task.chunk, *costs]))
    return "".join(lines)


def _found(found: Sequence[Found]) -> str:
    lines = [_line(["door", "chunks", "compiled", "pure"]), _line(["---"] * 4)]
    kinds: dict[tuple[str, str], dict[str, int]] = {}
    for item in found:
        door, chunk, twin = item.niche.split("/")
        kinds.setdefault((door, chunk), {})[twin] = item.a_byte
    for (door, chunk), counts in kinds.items():
        cells = (f"{counts[twin]:,}" if twin in counts else "" for twin in TWINS)
        lines.append(_line([door, chunk, *cells]))
    return "".join(lines)


def text(
    done: Sequence[Growth],
    every: Sequence[Family],
    found: Sequence[Found],
    made_with: str,
    enough: int,
) -> str:
    """Give the page.

    Args:
        done: what was counted.
        every: all families that there are.
        found: the worst inputs that are known.
        made_with: what the counts depend on.
        enough: instructions that the largest input took at least.
    """
    groups = _groups(done)
    levels = groups.pop(LEVELS, [])
    families = {item.task.family.name for item in done}
    sizes = f"{', '.join(f'{size:,}' for size in CHUNKS[:-1])} and {CHUNKS[-1]:,}"
    start = _START.format(
        most=MOST, enough=enough, made_with=made_with, total=len(done), families=len(families),
        all_families=len(every), chunks=sizes,
    )  # fmt: skip
    return (
        f"{start}{_table(groups)}\nThe five highest ratios of each twin:\n\n{_worst(groups)}\n"
        "## Levels\n\nAn open multipart more is one more boundary that what may be a delimiter is "
        "compared with, so that a byte takes more the deeper it\nstands. `max_depth` bounds that: "
        "8 by default, 100 at most. At any depth time is linear in bytes (see nesting, above). "
        "Instructions a byte of so\nmany multiparts within each other, none of them closed:\n\n"
        f"{_levels(levels)}\n## The worst that was found\n\nInputs evolve in `ci/fuzz worst` "
        "towards those of which a byte takes most, with the default limits. These are the highest "
        "instructions a byte,\nso far; `tests/linear/found.json` has the inputs. `ci/linear` fails "
        f"where one takes more than {CEILING:g} times as many.\n\n{_found(found)}"
    )


def write(*arguments: Any) -> None:
    """Write the page, for the arguments of :func:`text`."""
    PAGE.write_text(text(*arguments), "utf-8")
