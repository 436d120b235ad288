"""The logic of reading, compiled or not, as ``_backend.py`` has chosen: one text for both.

``setup.py`` puts the modules of the readers together (its ``READING``), and that is ``_reading_c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._backend import COMPILED_READERS

__all__ = ["Flow", "PartBase", "PartFlow", "ReaderBase", "Stream"]

if TYPE_CHECKING or not COMPILED_READERS:
    from ._flow import Flow
    from ._part_flow import PartFlow
    from ._parts import PartBase
    from ._readers import ReaderBase
    from ._stream import Stream
else:
    from ._reading_c import Flow, PartBase, PartFlow, ReaderBase, Stream
