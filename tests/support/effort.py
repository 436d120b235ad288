"""How hard the random tests try: ``PARTSTREAM_TEST_EFFORT`` is a factor, 1 by default.

Up to 1 they try the same inputs each time; above it hypothesis chooses new ones in each run.
``PARTSTREAM_TEST_SEED`` sets the seed of the tests that use :mod:`random`.
"""

from __future__ import annotations

import os
import zlib

EFFORT = float(os.environ.get("PARTSTREAM_TEST_EFFORT", "1"))


def rounds(count: int) -> range:
    """Give as many numbers as a random test should do rounds."""
    return range(max(1, int(count * EFFORT)))


def seed_for(test: str) -> int:
    """Give the seed of a test: its own, and the same in each run."""
    return int(os.environ.get("PARTSTREAM_TEST_SEED", zlib.crc32(test.encode())))
