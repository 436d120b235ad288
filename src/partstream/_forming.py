"""The logic of forms, compiled or not, as ``_backend.py`` has chosen: one text for both.

``setup.py`` puts the modules of its ``FORMING`` together, and that is ``_forming_c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._backend import COMPILED_READERS

__all__ = ["FIELD", "Assembler", "Decode", "FormAssembler", "OpenSink", "Step"]

if TYPE_CHECKING or not COMPILED_READERS:
    from ._form_assembler import FormAssembler, OpenSink
    from ._form_work import FIELD, Assembler, Decode, Step
else:
    from ._forming_c import FIELD, Assembler, Decode, FormAssembler, OpenSink, Step
