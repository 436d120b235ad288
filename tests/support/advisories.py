"""All known attacks by identifier, and the layers that each concerns.

A layer is where a regression test of it has to be; see ``test_advisory_list.py``.  Those that have
no number of their own are named after where they were told of.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ADVISORIES", "LAYERS"]

#: The tests of each layer.
LAYERS: Final = {
    "core": ("test_advisories",),
    "reader": ("test_advisories_layers", "test_advisories"),
    "form": ("test_form_advisories", "test_form_loops", "test_form_urlencoded",
             "test_form_failures", "test_advisories_layers"),
    "writer": ("test_writing_security", "test_collision"),
    "contrib": ("test_contrib_advisories",),
}  # fmt: skip

_BY_LAYERS: Final = {
    "core reader": """
        aiohttp-13652 aiohttp-12794 aiohttp-13758 aiohttp-nesting CVE-2024-53981 CVE-2026-40347
        CVE-2026-42561 CVE-2024-24762 CVE-2026-28356 CVE-2025-67726 CVE-2026-53540 CVE-2023-45290
        CVE-2022-30122 CVE-2022-44571 CVE-2022-44572 CVE-2025-49007 CVE-2025-61770 CVE-2025-61772
        CVE-2026-26962 CVE-2026-34827 CVE-2025-7338 CVE-2025-47944 CVE-2026-8159 CVE-2026-8162
        CVE-2022-24434 CVE-2016-3092 CVE-2015-4024 CVE-2024-8925 CVE-2022-48279 WAFFLED
        CVE-2026-31958 CVE-2023-27530 CVE-2025-48988 CVE-2024-29025""",
    "core": "CVE-2026-26961 CVE-2014-0050",
    "core form": """
        CVE-2026-3520 CVE-2026-5079 CVE-2026-8161 CVE-2025-48997 CVE-2023-25576 CVE-2023-24998
        CVE-2025-48976 CVE-2023-26048 CVE-2022-41725 CVE-2023-24536 CVE-2025-61771 CVE-2026-21876
        CVE-2026-53537 CVE-2023-0662 CVE-2017-1000098""",
    "core form contrib": """
        CVE-2026-34516 CVE-2026-24486 CVE-2023-30798 CVE-2024-47874 CVE-2023-25577 CVE-2023-46136
        CVE-2022-23833""",
    "core contrib": "CVE-2024-30251 CVE-2025-69227 CVE-2025-47287 CVE-2023-25578",
    "form contrib": """
        CVE-2025-69228 CVE-2026-34517 CVE-2024-49767 CVE-2023-24580 CVE-2026-33033 CVE-2021-28658
        CVE-2021-31542 CVE-2024-52581 CVE-2026-54283""",
    "form": """
        CVE-2026-53539 GHSA-6jv3-5f52-599m CVE-2025-54121 CVE-2025-47935 CVE-2026-2359 CVE-2026-3304
        CVE-2025-24033 CVE-2025-46653 CVE-2022-29622""",
    "writer": """
        CVE-2026-34514 CVE-2026-50269 CVE-2025-7783 CVE-2025-22150 CVE-2026-12143
        GHSA-px9f-whj3-246m""",
}  # fmt: skip

ADVISORIES: Final = {
    name: tuple(layers.split()) for layers, names in _BY_LAYERS.items() for name in names.split()
}
