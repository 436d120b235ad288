"""A bounded load on loopback, through real servers, with an eye on what they hold: ``ci/soak``.

Rounds of requests of all kinds (``kinds.py``) go to a server that reads forms in every way
(``server.py``), over a few connections that are kept, and used again after an error.  What has to
hold of each answer: no status from 500 on; a good form is answered with its fields, and the sizes
and digests of its files; a bad one with the status that it is to have.  What has to hold behind
each round: no temporary file is there, no more files, sockets or tasks are open than after the
first round, and nothing was logged as an error.  Memory, objects and blocks of the allocator at the
ends of the rounds that come after a third of them may not rise by more than ``watch.GROWTH``, along
the line of least squares.

Usage: ci/soak [--minutes N | --requests N] [--seed S] [--largest MIB] [--twin c|py] [SERVER...]

Minutes and requests are shared out among the servers.  The exit status is 1 where something did not
hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Final

sys.path[0] = str(Path(__file__).parent.parent)

from soak.client import Answer, Connection  # noqa: E402
from soak.kinds import Kinds, Request  # noqa: E402
from soak.watch import GROWTH, Sample, Server, grown, rise, served  # noqa: E402

SERVERS: Final = ("aiohttp", "uvicorn")

#: Requests at a time.
_CONNECTIONS: Final = 6
#: Requests of a round, and rounds at least: before there are so many nothing can be said.
_ROUND: Final = 120
_LEAST: Final = 6
#: Problems after which a run ends: one fault shows in many requests.
_ENOUGH: Final = 5
#: In seconds, how long a client stalls before it goes away.
_STALL: Final = 0.2
#: In minutes: a run that is longer sends uploads of 256 MiB, others of 32.
_LONG: Final = 4.0


class Run:
    """A load on one server.

    Attributes:
        problems: what did not hold.
        counts: of requests, by kind and status.
        samples: what the server held at its start, and behind each round.
        reused: requests that were answered on a connection after an error.
    """

    def __init__(self, server: Server, kinds: Kinds) -> None:
        self.problems: list[str] = []
        self.counts: Counter[tuple[str, int | None]] = Counter()
        self.samples: list[Sample] = []
        self.reused = self.again = self.sent = 0
        self._server, self._kinds = server, kinds

    async def go(self, seconds: float, requests: int | None) -> None:
        """Run for a time, or for a number of requests."""
        try:
            await self._go(time.monotonic() + seconds, requests)
        except OSError as error:
            output = self._server.output()[-2000:]
            self.problems.append(f"the server is gone: {error}; it wrote: {output}")
        self.problems += grown(self.measured())

    async def _go(self, end: float, requests: int | None) -> None:
        size = min(_ROUND, max(requests // _LEAST, 1)) if requests else _ROUND
        self.samples.append(await self._server.sample())
        await self._round(self._kinds.first() if requests is None else self._kinds.round(size))
        while len(self.problems) < _ENOUGH:
            done = sum(self.counts.values())
            over = time.monotonic() > end if requests is None else done >= requests
            if over and len(self.samples) > _LEAST:
                break
            await self._round(self._kinds.round(size))

    def measured(self) -> list[Sample]:
        """Give the samples behind each round after a third of them."""
        behind = self.samples[1:]
        return behind[len(behind) // 3 :]

    async def _round(self, requests: list[Request]) -> None:
        left = deque(requests)
        await asyncio.gather(*(self._work(left) for _ in range(_CONNECTIONS)))
        before = self.samples[1] if len(self.samples) > 1 else None
        sample, wrong = await self._server.settled(before)
        self.samples.append(sample)
        self._server.listen()
        self.problems += wrong + self._server.complaints
        for what, count in self._server.told.items():
            if count > self._were(what):
                self.problems.append(f"{count} clients were or have {what}, says the log")
        self._server.complaints.clear()

    def _were(self, what: str) -> int:
        """Count the clients that have left, or that were refused."""
        if what == "left":
            return sum(count for (kind, _), count in self.counts.items() if kind == "aborted")
        return sum(count for (_, status), count in self.counts.items() if status in (400, 413))

    async def _work(self, left: deque[Request]) -> None:
        """Send one request after the other, on a connection that is kept while it holds."""
        connection: Connection | None = None
        while left and len(self.problems) < _ENOUGH:
            request = left.popleft()
            try:
                if request.leave is not None:
                    await self._leave(request, *request.leave)
                else:
                    connection = await self._exchange(request, connection)
            except (OSError, asyncio.TimeoutError) as error:
                self.problems.append(f"{told(request)}: {type(error).__name__} {error}")
                break
        if connection is not None:
            await connection.close()

    async def _exchange(self, request: Request, kept: Connection | None) -> Connection | None:
        """Send a request; give the connection where it may be used again."""
        connection = kept or await Connection.open(self._server.port)
        answer = await connection.exchange(paced(request))
        if answer.status is None and kept is not None and None not in request.statuses:
            # As servers may, it was about to close the connection when the request came.
            self.again += 1
            await connection.close()
            connection, kept = await Connection.open(self._server.port), None
            answer = await connection.exchange(paced(request))
        self._heed(request, answer)
        self.reused += kept is not None and kept.after_error and answer.status is not None
        connection.after_error = answer.status != 200
        if answer.closes:
            await connection.close()
            return None
        return connection

    async def _leave(self, request: Request, how: str, size: int) -> None:
        """Send the first bytes of a request, and go away."""
        connection = await Connection.open(self._server.port)
        sent = b"".join(request.sent())[:size]
        answer = Answer(None, b"", True)
        await connection.send([sent])
        if how == "half-close":
            connection.end()
            answer = await asyncio.wait_for(connection.answer(), 60)
        elif how == "stall":
            await asyncio.sleep(_STALL)
        if how in ("reset", "stall"):
            await connection.reset()
        else:
            await connection.close()
        self._heed(request, answer)

    def _heed(self, request: Request, answer: Answer) -> None:
        self.counts[request.kind, answer.status] += 1
        self.sent += request.size or 0
        if wrong := amiss(request, answer):
            self.problems.append(f"{told(request)}: {wrong}")


async def paced(request: Request) -> AsyncIterator[bytes]:
    """Give what is sent, with a pause before each piece where that is wanted."""
    for piece in request.sent():
        if request.pause:
            await asyncio.sleep(request.pause)
        yield piece


def told(request: Request) -> str:
    """Name a request."""
    left = f", {request.leave[0]} at {request.leave[1]}" if request.leave else ""
    return f"{request.kind} to {request.path}{left}, {request.content_type!r}"


def amiss(request: Request, answer: Answer) -> str | None:
    """Say what is wrong with an answer."""
    if answer.status not in request.statuses:
        wanted = sorted(map(str, request.statuses))
        return f"{answer.status} instead of {', '.join(wanted)}: {answer.body[:300]!r}"
    if answer.status == 200 and request.told is not None:
        found = json.loads(answer.body)
        found = {kind: sorted(items) for kind, items in found.items()}
        if found != request.told:
            return f"told {str(found)[:400]} instead of {str(request.told)[:400]}"
    return None


def report(name: str, run: Run, server: Server, seconds: float, peak: int) -> str:
    """Give the figures of a run."""
    samples = run.samples or [Sample(0, 0, 0, 0, 0, 0)]
    rows = [f"{name}: {sum(run.counts.values())} requests in {len(samples) - 1} rounds, "
            f"{seconds:.0f} s, {run.sent / 1e6:.0f} MB"]  # fmt: skip
    for kind in sorted({kind for kind, _ in run.counts}):
        found = {str(status or "no answer"): count
                 for (of, status), count in run.counts.items() if of == kind}  # fmt: skip
        statuses = ", ".join(f"{status}: {count}" for status, count in sorted(found.items()))
        rows.append(f"  {kind:<14} {sum(found.values()):>7}   {statuses}")
    rows.append(f"  after an error, on the same connection: {run.reused} answered; "
                f"sent again, as the server closed it: {run.again}")  # fmt: skip
    logged = ", ".join(f"{what} {count}" for what, count in sorted(server.told.items()))
    rows.append(f"  told in the log by frameworks: {logged or 'nothing'}")
    measured = run.measured() or samples
    for label, sample in (("start", samples[0]), ("warm", measured[0]), ("end", samples[-1])):
        counts = ", ".join(f"{getattr(sample, kind)} {kind}" for kind in Sample._fields[1:])
        rows.append(f"  {label:<6} {sample.memory / 2**20:7.1f} MiB, {counts}")
    risen = {kind: rise([getattr(sample, kind) for sample in measured]) for kind in GROWTH}
    memory = [sample.memory / 2**20 for sample in measured]
    rows.append(f"  after the warm-up, {len(measured)} rounds, least squares: "
                f"{risen['memory'] / 2**20:+.1f} MiB, {risen['objects']:+.0f} objects, "
                f"{risen['blocks']:+.0f} blocks; memory {min(memory):.1f} to "
                f"{max(memory):.1f} MiB, its peak {peak / 2**20:.1f} MiB")  # fmt: skip
    rows += [f"  WRONG: {problem}" for problem in run.problems[: 2 * _ENOUGH]]
    return "\n".join(rows)


async def _soak(name: str, options: argparse.Namespace, shares: int) -> bool:
    requests = options.requests and max(1, options.requests // shares)
    with tempfile.TemporaryDirectory() as folder:
        with served(name, options.twin, Path(folder), options.fault) as server:
            start = time.monotonic()
            run = Run(server, Kinds(options.seed, name, options.largest))
            await run.go(options.minutes * 60 / shares, requests)
            peak = 0 if server.gone() else server.peak()
        server.listen()  # what it said at its end
        run.problems += server.complaints
        if "Traceback" in server.output():
            run.problems.append(f"the server wrote: {server.output()[-2000:]}")
        print(report(name, run, server, time.monotonic() - start, peak), flush=True)
    return not run.problems


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ci/soak", description="A bounded load on loopback.")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--minutes", type=float, default=0.8, metavar="N")
    amount.add_argument("--requests", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**9))
    parser.add_argument("--largest", type=int, metavar="MIB", help="of an upload")
    parser.add_argument("--twin", choices=("c", "py"), default="c")
    parser.add_argument("--fault", help="one of soak/server.py, to see that it is found")
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=", ".join(SERVERS))
    options: Any = parser.parse_args(arguments)
    if unknown := [name for name in options.servers if name not in SERVERS]:
        parser.error(f"there is no server {unknown[0]}; there are {', '.join(SERVERS)}")
    if options.minutes <= 0 or (options.requests is not None and options.requests <= 0):
        parser.error("--minutes and --requests take numbers above zero")
    if options.largest is None:
        long = options.requests is None and options.minutes > _LONG
        options.largest = 256 if long else 32
    return options  # type: ignore[no-any-return]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; give the exit status: 1 where something did not hold."""
    options = _options(arguments)
    names = options.servers or SERVERS
    print(f"seed {options.seed}, {options.twin}, uploads up to {options.largest} MiB", flush=True)
    right = [asyncio.run(_soak(name, options, len(names))) for name in names]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
