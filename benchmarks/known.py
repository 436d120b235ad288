"""What the pinned versions are known to get wrong or to refuse.

The table finds out by itself each time. `--smoke` fails where the two disagree, so that no claim
about a peer outlives its cause, and so that no case of ours may ever be listed here.
"""

from __future__ import annotations

#: contender -> cases
CANNOT: dict[str, frozenset[str]] = {
    "multipart": frozenset({"delimiter-plus-one"}),
    "python-multipart": frozenset({"preamble"}),
    "werkzeug": frozenset({"one-byte"}),
    "streaming-form-data": frozenset({"preamble"}),
    "emmett-core": frozenset({"delimiter-plus-one"}),
    "django": frozenset({"delimiter-plus-one", "preamble"}),
}
