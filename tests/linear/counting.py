"""Counts a family at n, 2n and 4n bytes, and says what is too much."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from linear.doors import Job
from linear.families import Family

__all__ = ["MOST", "TWINS", "Growth", "grown", "tasks"]

#: How many times as many instructions twice the bytes may take.
MOST = 2.2
TWINS = ("c", "py")

#: How often what seems to grow too fast is doubled again. What comes once, such as a header block
#: that the end of a chunk cuts, is a step in one doubling; what is not linear is so in all.
_PATIENCE = 3

Count = Callable[[Job], int]


class Task(NamedTuple):
    """A family in one kind of chunks, and a twin."""

    family: Family
    chunk: int
    twin: str

    @property
    def name(self) -> str:
        return f"{self.family.name}, in chunks of {self.chunk}, {self.twin}"


class Growth(NamedTuple):
    """What a family took at n, 2n and 4n.

    Attributes:
        sizes: bytes of the three inputs.
        counts: instructions of each.
    """

    task: Task
    sizes: tuple[int, int, int]
    counts: tuple[int, int, int]

    @property
    def ratio(self) -> float:
        """The larger of both doublings."""
        return max(self.ratios)

    @property
    def ratios(self) -> list[float]:
        """How many times as many instructions twice as much takes."""
        pairs = [self.counts[at + 1] / self.counts[at] for at in (0, 1)]
        if not self.task.family.by_bytes:
            return pairs
        grown = [self.sizes[at + 1] / self.sizes[at] for at in (0, 1)]
        return [2 * count / size for count, size in zip(pairs, grown, strict=True)]

    @property
    def a_byte(self) -> float:
        """Instructions for each byte of the largest input."""
        return self.counts[2] / self.sizes[2]

    @property
    def fails(self) -> bool:
        """Whether it grows faster than its bytes, or, where levels are doubled, than both."""
        return self.ratio > MOST * (2 if self.task.family.by_bytes else 1)


def grown(task: Task, count: Count, enough: int) -> Growth:
    """Double an input until its count is high enough to tell, and give the last three.

    What is set up once is in each count; where it is much of the smallest, ratios are low.  So
    small inputs do not do.  A family that is refused early costs the same at any size.
    """
    family = task.family
    sizes: list[int] = []
    counts: list[int] = []
    first = family.first // 3 if task.chunk < 100 and family.first == 512 else family.first
    times = -(-first // family.make.unit)
    patience = _PATIENCE
    while True:
        data = family.make.times(times)
        job = Job(task.twin, family.door, data, task.chunk, family.given)
        if not counts:
            count(job)  # what the first one does for all: modules, specialised code
        sizes.append(len(data))
        counts.append(count(job))
        times *= 2
        over = counts[-1] >= enough or times * family.make.unit > family.most
        flat = len(counts) > 3 and counts[-1] < counts[-4] * 1.05
        if len(counts) >= 3 and (over or flat):
            growth = Growth(
                task, (sizes[-3], sizes[-2], sizes[-1]), (counts[-3], counts[-2], counts[-1])
            )
            patience -= 1
            if not growth.fails or not patience or times * family.make.unit > family.most:
                return growth


def tasks(families: Iterable[Family], quick: bool = False) -> list[Task]:
    """Give what there is to count of these families: of a selection, not all sizes of chunks."""
    return [
        Task(family, chunk, twin)
        for family in families
        for chunk in ({family.chunks[0], family.chunks[-1]} if quick else family.chunks)
        for twin in TWINS
    ]
