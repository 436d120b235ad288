"""No input takes more than twice the instructions a byte of the worst that is known of its kind.

Inputs evolve: those that take most are changed, joined and repeated, and counted under callgrind,
all with the default limits.  What each input needs without any bytes is taken off.  The worst that
are known, and what they take, are in ``tests/linear/found.json``.

Usage: python tests/fuzzing/worst.py [--minutes M] [--inputs N] [--seed S] [--niche NICHE...]
                                     [--record]
       python tests/fuzzing/worst.py --replay FILE
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

from benchmarks.callgrind import Unavailable  # noqa: E402
from linear.doors import Job  # noqa: E402
from linear.families import families  # noqa: E402
from linear.found import CEILING, FOUND, LEAST, Found, load, niches, scored, store  # noqa: E402
from linear.meter import Meter  # noqa: E402
from support import fuzz_inputs, generate  # noqa: E402

#: Bytes of an input at most.
MOST: Final = 1200

#: Inputs that are kept in a niche.
_KEPT: Final = 24

_KEPT_FINDINGS: Final = ROOT / ".fuzz" / "found"

_TOKENS: Final = (
    *generate.TOKENS, b'"', b"\\", b";", b"; ", b"=", b"*", b"*0*=", b"%22", b"%", b"utf-8''",
    b"form-data", b"name=", b"filename=", b"A: b\r\n", b"A:\r\n", b"A:b\n", b" ", b"\t", b"\xff",
    b"\r", b"\n", b"\r\n--", b"\r\n--B", b"--B\r\n", b"--B--\r\n", b"&", b"a=", b"=\r\n", b"&=",
    b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
    b"Content-Type: multipart/mixed; boundary=C\r\n", b"\r\n--C\r\n", b"\r\n--C--\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Type: text/plain; charset=utf-16\r\n", b"Content-Length: 1\r\n",
)  # fmt: skip


class Scored(NamedTuple):
    """An input, and the instructions that each of its bytes takes."""

    score: float
    job: Job


class Niche:
    """The worst inputs for one door, twin and size of chunks.

    Args:
        name: of the niche, ``door/chunk/twin``.
        meter: what counts.
        rng: what chooses.
    """

    def __init__(self, name: str, meter: Meter, rng: random.Random) -> None:
        door, chunk, twin = name.split("/")
        self.name, self._door, self._chunk, self._twin = name, door, int(chunk), twin
        self._meter, self._rng = meter, rng
        self._bases: dict[Job, int] = {}
        self.kept: list[Scored] = []
        self.tried = 0
        self._seeds = self._seeded()

    @property
    def worst(self) -> Scored:
        return self.kept[0]

    def _seeded(self) -> Iterator[Job]:
        """Give what is known: the worst of before, and what the families repeat."""
        for found in load():
            if found.niche == self.name:
                yield found.job
        for family in families():
            if family.door == self._door and family.group != "behaviours":
                data = family.make.times(-(-MOST // (2 * family.make.unit)))[:MOST]
                given = family.given._replace(bounded=True)
                yield Job(self._twin, self._door, data, self._chunk, given)

    def step(self) -> Scored | None:
        """Try an input; give it if it is worse than all before."""
        rng = self._rng
        job = next(self._seeds, None)
        if job is None:
            job = self._child()
        if len(job.data) < LEAST:
            job = job._replace(data=(job.data * (LEAST // max(1, len(job.data)) + 1))[:MOST])
        self.tried += 1
        worse = Scored(scored(job, self._count), job)
        if any(abs(kept.score - worse.score) < 0.01 for kept in self.kept):
            return None
        before = self.kept[0].score if self.kept else 0.0
        self.kept.append(worse)
        self.kept.sort(key=lambda item: -item.score)
        if len(self.kept) > _KEPT:
            # One of the last goes, and not always the very last.
            del self.kept[-1 if rng.random() < 0.8 else rng.randrange(_KEPT // 2, _KEPT)]
        return worse if worse.score > before else None

    def _count(self, job: Job) -> int:
        """Count a job; one without any bytes once."""
        if job.data:
            return self._meter.count(job)
        if job not in self._bases:
            self._meter.count(job)
            self._bases[job] = self._meter.count(job)
        return self._bases[job]

    def _child(self) -> Job:
        """Change one of the worst inputs."""
        rng = self._rng
        parent = self.kept[int(rng.random() ** 2 * len(self.kept))].job
        other = self.kept[int(rng.random() * len(self.kept))].job
        data, kind = parent.data, rng.random()
        if kind < 0.35:
            data = _repeated(rng, data)
        elif kind < 0.5:
            at = rng.randrange(len(data))
            data = data[:at] + other.data[rng.randrange(len(other.data)) :]
        if kind > 0.3:
            data = fuzz_inputs.mutated(rng, data, _TOKENS, other.data)
        given = parent.given
        if rng.random() < 0.1:
            given = rng.choice((other.given, given._replace(
                policy=rng.choice(("STRICT", "DEFAULT", "LEGACY")),
                subtype=rng.choice(("form-data", "mixed")),
                nested=rng.random() < 0.5)))  # fmt: skip
        return parent._replace(data=(data or b"x")[:MOST], given=given)


def _repeated(rng: random.Random, data: bytes) -> bytes:
    """Have some bytes stand there again and again, in place of what follows."""
    at = rng.randrange(len(data))
    unit = data[at : at + 1 + int(rng.random() ** 3 * 200)]
    count = 1 + int(rng.random() ** 2 * MOST / len(unit))
    kept = data[at + len(unit) * (count if rng.random() < 0.7 else 1) :]
    return data[:at] + unit * count + kept


def found_of(niche: Niche) -> Found:
    """Give the worst of a niche as it is kept."""
    return Found(niche.name, niche.worst.job, round(niche.worst.score))


class _Search:
    """The search in all niches, in turns."""

    def __init__(self, options: argparse.Namespace, meter: Meter) -> None:
        rng = random.Random(options.seed)
        self._known = {found.niche: found.a_byte for found in load()}
        self._niches = [Niche(name, meter, rng) for name in options.niche or niches()]
        self._end = time.monotonic() + options.minutes * 60
        self._left = options.inputs
        self.findings = 0
        self._seed = options.seed

    def run(self) -> list[Niche]:
        """Search until the time, or the inputs, are used up."""
        told = time.monotonic()
        while self._niches:
            for niche in self._niches:
                if time.monotonic() > self._end or self._left <= 0:
                    return self._niches
                self._left -= 1
                worse = niche.step()
                known = self._known.get(niche.name)
                if worse is not None and known and worse.score > known * CEILING:
                    self._tell(niche)
            if time.monotonic() - told > 60:
                told = time.monotonic()
                scores = (f"{niche.name} {niche.worst.score:,.0f}" for niche in self._niches)
                tried = sum(niche.tried for niche in self._niches)
                print(f"{tried} inputs: {', '.join(scores)}", file=sys.stderr, flush=True)
        return self._niches

    def _tell(self, niche: Niche) -> None:
        self.findings += 1
        found = found_of(niche)
        _KEPT_FINDINGS.mkdir(parents=True, exist_ok=True)
        name = niche.name.replace(", ", "-").replace("/", "-")
        path = _KEPT_FINDINGS / f"worst-{self._seed}-{name}.json"
        store([found], path)
        print(
            f"FOUND: {found.a_byte:,} instructions a byte in {niche.name}, "
            f"{self._known[niche.name]:,} is the worst that is known; it is in {path}"
        )


def _replay(path: Path) -> int:
    """Count kept inputs again; give the exit status."""
    known = {found.niche: found.a_byte for found in load()}
    status = 0
    with Meter() as meter:
        for found in load(path):
            score = scored(found.job, meter.count)
            over = score > known.get(found.niche, 0) * CEILING
            status |= over
            print(f"{found.niche}: {score:,.0f} instructions a byte{', too much' * over}")
    return status


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Look for what takes most.")
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M")
    parser.add_argument("--inputs", type=int, default=10**9, metavar="N")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--niche", nargs="+", choices=niches(), metavar="NICHE")
    parser.add_argument("--record", action="store_true", help="keep the worst as what is known")
    parser.add_argument("--replay", type=Path, metavar="FILE")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Search; give the exit status: 1 at a finding, 2 where nothing can be counted."""
    options = _options(arguments)
    try:
        if options.replay is not None:
            return _replay(options.replay)
        with Meter() as meter:
            search = _Search(options, meter)
            searched = [niche for niche in search.run() if niche.kept]
    except Unavailable as error:
        print(f"not counted: {error}")
        return 2
    for niche in searched:
        print(f"{niche.name}: {niche.worst.score:,.0f} instructions a byte, "
              f"{niche.worst.job.data[:100]!r}")  # fmt: skip
    if options.record:
        kept: dict[str, Any] = {found.niche: found for found in load()}
        for found in map(found_of, searched):
            if found.niche not in kept or found.a_byte > kept[found.niche].a_byte:
                kept[found.niche] = found
        store(kept.values(), FOUND)
    inputs = sum(niche.tried for niche in searched)
    minutes = max(options.minutes, 0.01) * 60
    print(f"seed {options.seed}: {inputs} inputs, {search.findings} findings, 0 errors, "
          f"{inputs / minutes:.0f} inputs/s, {len(searched)} niches")  # fmt: skip
    return 1 if search.findings else 0


if __name__ == "__main__":
    sys.exit(main())
