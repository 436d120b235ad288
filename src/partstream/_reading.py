"""The logic of reading, compiled or not, as ``_backend.py`` has chosen: one text for both.

The modules below ``_item.py``, put together by ``setup.py``, are ``_reading_c`` once compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._backend import BACKEND

__all__ = ["Flow", "PartBase", "PartFlow", "ReaderBase", "Stream"]

if TYPE_CHECKING or BACKEND == "py":
    from ._flow import Flow
    from ._part_flow import PartFlow
    from ._parts import PartBase
    from ._readers import ReaderBase
    from ._stream import Stream
else:
    from ._reading_c import Flow, PartBase, PartFlow, ReaderBase, Stream
