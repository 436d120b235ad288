"""The behaviour table through ``parse_form``, awaited and not, with both twins, at every cut."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from support import behaviours, chunking, form_rows
from support.behaviours import POLICIES, STREAMS, Row
from support.form_rows import FORMS, FormRow
from support.forms import Forms


def _described(forms: Forms, chunks: list[bytes], mark: int, policy: str, **options: Any) -> str:
    try:
        form = forms.parse(chunks, policy=policy, **options)
    except forms.package.MultipartError as error:
        return f"!{error.code}" + ("" if error.offset == mark else f"@{error.offset}")
    content = forms.content(form)
    forms.close(form)
    return form_rows.described(form.fields.items(), content, form.complete)


def _cells() -> Iterator[Any]:
    for row in FORMS:
        for policy, cell in zip(POLICIES, row.cells, strict=True):
            name = f"{row.row}-{row.what}-{policy}".replace(" ", "_")
            yield pytest.param(row, policy, cell, id=name)


@pytest.mark.parametrize(("row", "policy", "cell"), list(_cells()))
def test_form(forms: Forms, row: FormRow, policy: str, cell: str) -> None:
    data, mark = behaviours.marked(row.data)
    for chunks in chunking.every(data):
        assert _described(forms, chunks, mark, policy) == cell, [len(chunk) for chunk in chunks][:2]


def _streams() -> Iterator[Any]:
    """Give each cell of a parser in which a form is refused as a whole."""
    for row in STREAMS:
        for policy, cell in zip(POLICIES, row.form or (), strict=False):
            if "!" in cell and row.boundary == "B":
                name = f"{row.row}-{row.what}-{policy}".replace(" ", "_")
                yield pytest.param(row, policy, cell, id=name)


@pytest.mark.parametrize(("row", "policy", "cell"), list(_streams()))
def test_what_a_parser_refuses_is_refused(forms: Forms, row: Row, policy: str, cell: str) -> None:
    """With the same code, unless the form is refused earlier for what no parser minds."""
    data, mark = behaviours.marked(row.data)
    limits = dict(row.limits) or None
    for chunks in chunking.coarse(data).values():
        found = _described(forms, chunks, mark, policy, limits=limits)
        earlier = ("!nameless_part", "!multipart_in_form", "!unsafe_charset", "!invalid_encoding")
        assert found == f"!{cell.partition('!')[2]}" or found.startswith(earlier)


def test_rows_of_the_table(ps: ModuleType) -> None:
    """Each row that is about forms alone has a case."""
    assert {row.row for row in FORMS} == {"j", "p", "u", "v", "v2", "w", "x"}
