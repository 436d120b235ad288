"""What each policy would make of a body: its bytes go through one more parser for each.

So nobody has to guess whether ``Policy.LEGACY`` helps, or whether an endpoint that takes a body
today still takes it under ``Policy.STRICT``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ._inspect_report import Verdict
from .errors import MultipartError
from .events import PartEnd
from .parser import MultipartParser
from .policy import Policy

__all__ = ["POLICIES", "Trials"]

POLICIES: Final = {
    "strict": Policy.STRICT,
    "default": Policy.DEFAULT,
    "legacy": Policy.LEGACY,
}


class Trials:
    """One parser for each policy.

    Args:
        make: gives the parser for a policy, or raises what the policy has against the head.
    """

    def __init__(self, make: Callable[[Policy], MultipartParser]) -> None:
        self._trials = [_Trial(name, policy, make) for name, policy in POLICIES.items()]

    @property
    def running(self) -> bool:
        """Whether any of them still reads."""
        return any(trial.parser is not None for trial in self._trials)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        for trial in self._trials:
            trial.feed(data)

    def verdicts(self, *, ended: bool) -> list[Verdict]:
        """Give what became of them.

        Args:
            ended: whether the body was read to its end.
        """
        for trial in self._trials:
            trial.close(ended=ended)
        return [trial.verdict for trial in self._trials]


class _Trial:
    __slots__ = ("parser", "verdict")

    def __init__(
        self, name: str, policy: Policy, make: Callable[[Policy], MultipartParser]
    ) -> None:
        self.verdict = Verdict(name)
        self.parser: MultipartParser | None = None
        try:
            self.parser = make(policy)
        except MultipartError as error:
            self._refuse(error)

    def feed(self, data: bytes) -> None:
        if self.parser is not None:
            self._run(self.parser.feed, data)

    def close(self, *, ended: bool) -> None:
        if self.parser is None:
            return
        if ended:
            self._run(self.parser.close)
        self.verdict.ended = ended
        self.parser = None

    def _run(self, step: Callable[..., Any], *arguments: bytes) -> None:
        verdict = self.verdict
        try:
            for event in step(*arguments):
                if type(event) is PartEnd:
                    verdict.complete = verdict.complete and event.complete
                elif type(event) is not bytes:
                    verdict.parts += 1
        except MultipartError as error:
            self._refuse(error)

    def _refuse(self, error: MultipartError) -> None:
        self.parser = None
        self.verdict.code, self.verdict.message = error.code, error.message
        self.verdict.offset = error.offset
