"""What is written for the readers: parts, and the body that our writer makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain, count
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

from . import Item
from .readings import BOUNDARY


class Part(NamedTuple):
    """A part.

    Attributes:
        item: what the readers are to give.
        headers: further headers, such as the encodings that are to be applied.
    """

    item: Item
    headers: tuple[tuple[str, str], ...] = ()


#: A part, or what stands in a multipart within.
Node: TypeAlias = "Part | Sequence[Node]"


def leaves(nodes: Sequence[Node]) -> Iterator[Item]:
    """Give what the readers are to give."""
    for node in nodes:
        if isinstance(node, Part):
            yield node.item
        else:
            yield from leaves(node)


def form(package: ModuleType, items: Sequence[Item]) -> tuple[str, bytes]:
    """Write a form; give its Content-Type and its body."""
    writer = package.MultipartWriter("form-data", boundary=BOUNDARY.decode())
    for item in items:
        assert item.name is not None
        if item.filename is None and item.content_type is None and _is_utf8(item.data):
            writer.append_fields([(item.name, item.data.decode())])
            continue
        names = {"name": item.name}
        if item.filename is not None:
            names["filename"] = item.filename
        _appended(writer, Part(item)).set_content_disposition("form-data", **names)
    return _whole(writer)


def _is_utf8(data: bytes) -> bool:
    return data == data.decode("utf-8", "replace").encode()


def mixed(package: ModuleType, nodes: Sequence[Node]) -> tuple[str, bytes]:
    """Write a multipart/mixed of attachments and of others like itself."""
    boundaries = (f"multipart-{number}-0123456789abcdef" for number in count())
    return _whole(_mixed(package, nodes, chain([BOUNDARY.decode()], boundaries)))


def _mixed(package: ModuleType, nodes: Sequence[Node], boundaries: Iterator[str]) -> Any:
    writer = package.MultipartWriter("mixed", boundary=next(boundaries))
    for node in nodes:
        if not isinstance(node, Part):
            writer.append(_mixed(package, node, boundaries))
            continue
        payload = _appended(writer, node)
        if node.item.filename is not None:
            payload.set_content_disposition("attachment", filename=node.item.filename)
    return writer


def _appended(writer: Any, part: Part) -> Any:
    payload = writer.append(part.item.data, dict(part.headers))
    del payload.headers["Content-Type"]
    if part.item.content_type is not None:
        payload.headers["Content-Type"] = part.item.content_type
    return payload


def _whole(writer: Any) -> tuple[str, bytes]:
    return writer.headers["Content-Type"], asyncio.run(writer.as_bytes())
