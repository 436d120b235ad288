"""All known streams go through each door of the compiled twin, and trees through its writer.

For runs under what sees faults of memory; what comes out is compared with what the whole gave.

Usage: python tests/memory/corpus.py [--quick | --few]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parent.parent)

from fuzzing import chunking, roundtrip, seeds  # noqa: E402
from fuzzing.reader_inputs import POLICIES  # noqa: E402
from support.events import Settings  # noqa: E402
from support.fuzz_inputs import Input  # noqa: E402
from support.twins import twin  # noqa: E402


def _inputs(quick: bool) -> list[Input]:
    """Give the streams under each policy, cut somewhere; short ones are cut everywhere as well."""
    found = []
    for number, (boundary, form, nested, data) in enumerate(seeds.streams()):
        for policy in POLICIES[number % 3 : number % 3 + 1] if quick else POLICIES:
            subtype = "form-data" if form else "mixed"
            settings = Settings(boundary.decode("latin-1"), subtype, nested, policy)
            cuts = (len(data) // 3, len(data) - min(len(data), 3))
            found.append(Input(settings, data, tuple(sorted(cuts))))
    return found


def main(arguments: list[str]) -> int:
    """Run; give the exit status: 1 where something was found."""
    few = "--few" in arguments
    quick = few or "--quick" in arguments
    packages = {"c": twin("c").package}
    streams = _inputs(quick)[:: 3 if few else 1]
    written = list(roundtrip.inputs(1, 0, []))[: 10 if quick else None]
    findings = [chunking.check(packages, given)[1] for given in streams]
    findings += [roundtrip.check(packages, given)[1] for given in written]
    for finding in findings:
        if finding is not None:
            print(finding.report())
    print(f"{len(streams)} streams, {len(written)} writers")
    return int(any(findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
