"""Both twins, the stream cut in several ways, say the same, and raise nothing but MultipartError.

That is the target ``twins``; the others are in ``tests/fuzzing``.  The normal form of
``support.events`` tells a reader more, and costs more: here lists of plain tuples are compared, so
that an input takes a fraction of a millisecond.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, Final, NamedTuple

from support import fuzz_inputs
from support.chunking import bytewise
from support.events import Settings
from support.fuzz_inputs import Input

#: Streams up to this size are also fed a byte at a time.
SHORT: Final = 80

#: How many inputs a shrinking may try.
_PATIENCE: Final = 3000

#: The twins under test by name; the first is the one that the others are compared with.
Packages = Mapping[str, ModuleType]


class Outcome(NamedTuple):
    """What came of a stream.

    Attributes:
        events: as tuples, adjacent data joined.
        fault: type, code, offset and text of the error that ended it.
        done: what the parser says of itself at the end.
        stray: an exception that no input may cause, or another breach of what is promised.
    """

    events: list[tuple[Any, ...]]
    fault: tuple[Any, ...] | None
    done: tuple[bool, int] | None
    stray: str | None


class Finding(NamedTuple):
    """An input on which the twins differ, or one raises what it should not.

    Attributes:
        input: what a target makes; an :class:`Input` where it can be shrunk.
        way: which twin, and how its chunks were cut.
        expected: what the first twin gave for the stream in one chunk.
    """

    input: Any
    way: str
    found: Outcome
    expected: Outcome

    @property
    def stray(self) -> bool:
        """Whether it is (also) an exception outside of the family."""
        return self.found.stray is not None

    def report(self) -> str:
        """Tell all that is needed to try it again."""
        told = repr(self.input)
        if isinstance(self.input, Input):
            settings, data, places = self.input
            told = f"cut at {places}\n  data     {data!r}\n  settings {settings!r}"
        return f"{self.way}, {told}\n  found    {self.found}\n  expected {self.expected}"


#: Checks an input; gives the outcome that counts, and what was found.
Check = Callable[[Packages, Any], tuple[Outcome, Finding | None]]


class Target(NamedTuple):
    """Something that has to hold for every input.

    Attributes:
        size: of a batch, in inputs.
        inputs: gives those of a batch, from the seed, its number, and what
            :func:`~support.fuzz_inputs.tolerances` gave.
        dump: gives an input as JSON can hold it; ``load`` makes it again.
    """

    name: str
    size: int
    inputs: Callable[[int, int, list[str]], Iterator[Any]]
    check: Check
    dump: Callable[[Any], dict[str, Any]]
    load: Callable[[dict[str, Any]], Any]


def outcome(package: ModuleType, settings: Settings, chunks: Sequence[Any]) -> Outcome:
    """Feed all chunks to a new parser, and close it."""
    events: list[Any] = []
    fault = done = stray = None
    flat: list[tuple[Any, ...]] = []
    try:
        parser = settings.parser(package)
        try:
            for chunk in chunks:
                events.extend(parser.feed(chunk))
            events.extend(parser.close())
        except package.MultipartError as error:
            fault = (type(error).__name__, error.code, error.offset, str(error))
            if len(chunks) == 1:  # once an input: it takes time
                stray = _unkept(package, parser, error)
        done = (parser.done, parser.end_offset)
        flat = _flat(package, events)
    except Exception as error:
        stray = f"{type(error).__name__}: {error}"
    return Outcome(flat, fault, done, stray)


def _unkept(package: ModuleType, parser: Any, fault: Exception) -> str | None:
    """Say what is wrong with a parser that does not raise its fault for every later call."""
    for again in (parser.close, lambda: parser.feed(b"\r\n--B")):
        try:
            again()
        except package.MultipartError as error:
            if str(error) == str(fault):
                continue
            return f"after the fault another one: {error}"
        return "after the fault none"
    return None


def _flat(package: ModuleType, events: list[Any]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    data: list[bytes] = []
    for event in events:
        kind = type(event)
        if kind is bytes:
            if not event:
                raise TypeError("an event is empty")
            data.append(event)
            continue
        if data:
            found.append((b"".join(data),))
            data = []
        if kind is package.PartEnd:
            found.append((event.depth, event.complete))
        elif kind is package.PartBegin:
            found.append(
                (event.name, event.filename, event.content_type, tuple(event.headers.items()),
                 event.depth, event.offset, event.body_offset, event.multipart)
            )  # fmt: skip
        else:
            raise TypeError(f"an event is a {kind.__name__}")
    if data:
        found.append((b"".join(data),))
    return found


def check(packages: Packages, given: Input) -> tuple[Outcome, Finding | None]:
    """Parse an input in all ways.

    Returns:
        What the first twin gave for the stream in one chunk, and the first way that differs.
    """
    settings, data, places = given
    expected: Outcome | None = None
    for cut, chunks in cuts(data, places):
        for name, package in packages.items():
            found = outcome(package, settings, chunks)
            if expected is None:
                expected = found
            if found.stray is not None or found != expected:
                return expected, Finding(given, f"{name}, {cut}", found, expected)
    if expected is None:
        raise ValueError("there is nothing to compare: give at least one package")
    return expected, None


def cuts(data: bytes, places: tuple[int, ...]) -> list[tuple[str, list[Any]]]:
    """Give the ways to cut a stream, by name."""
    ways: list[tuple[str, list[Any]]] = [("whole", [data])]
    if places:
        pieces = [data[a:b] for a, b in zip((0, *places), (*places, len(data)), strict=True)]
        # Buffers of other kinds are allowed too, and go another way.
        kind = _KINDS[len(data) % len(_KINDS)]
        ways.append(("in pieces", [kind(piece) for piece in pieces] if kind else pieces))
    if len(data) <= SHORT:
        ways.append(("bytewise", bytewise(data)))
    return ways


_KINDS: Final[tuple[Callable[[bytes], Any] | None, ...]] = (
    None, None, None, None, None, bytearray, memoryview,
)  # fmt: skip


TWINS: Final = Target(
    "twins", fuzz_inputs.BATCH, fuzz_inputs.batch, check, fuzz_inputs.dumped, fuzz_inputs.loaded
)


class Tally:
    """What a number of inputs gave.

    Args:
        target: what they were checked for.

    Attributes:
        codes: of the faults, by how often they came.
        findings: shrunk.
    """

    def __init__(self, target: Target = TWINS) -> None:
        self._check = target.check
        self.inputs = 0
        self.codes: Counter[str] = Counter()
        self.findings: list[Finding] = []

    def add(self, packages: Packages, given: Any) -> None:
        """Check an input."""
        found, finding = self._check(packages, given)
        self.inputs += 1
        if found.fault:
            self.codes[found.fault[1]] += 1
        if finding is not None:
            if isinstance(given, Input):
                finding = shrunk(packages, finding, self._check)
            self.findings.append(finding)


def shrunk(packages: Packages, finding: Finding, check: Check) -> Finding:
    """Take bytes and cuts away for as long as something is still found, of the same kind."""
    left = _PATIENCE
    settings, data, places = finding.input
    size = len(data)
    while size:
        at, smaller = 0, False
        while at < len(data) and left:
            left -= 1
            moved = tuple(max(at, place - size) if place > at else place for place in places)
            less = data[:at] + data[at + size :]
            found = check(packages, Input(settings, less, moved))[1]
            if found is not None and found.stray == finding.stray:
                finding, data, places, smaller = found, less, moved, True
            else:
                at += size
        if not smaller:
            size //= 2
        size = min(size, len(data))
    for place in places:
        fewer = tuple(item for item in finding.input.places if item != place)
        found = check(packages, Input(settings, data, fewer))[1]
        if found is not None and found.stray == finding.stray:
            finding = found
    return finding
