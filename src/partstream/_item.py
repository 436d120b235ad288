"""What a reader has come to last: a part, a reader of parts, or a part that is passed by."""

from __future__ import annotations

from ._need import Need

__all__ = ["Item"]


class Item:
    """What the reader around it asks of a part before it goes on to the next one."""

    __slots__ = ()

    def _is_over(self) -> bool:
        """Tell whether nothing is left to be skipped."""
        return False

    def _pass(self) -> Item:
        """Give what skips the rest; from then on, nobody reads it any more."""
        return self

    def _done(self) -> Need | None:
        """Skip what is left, or give NEED: only of what :meth:`_pass` gave."""
        return None

    def _end(self) -> None:
        """Give nothing more to whoever has it."""
