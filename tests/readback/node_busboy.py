"""busboy, under Node, told that names are in UTF-8."""

from __future__ import annotations

from . import Item, node


def missing() -> str | None:
    """Give a line on what is missing."""
    return node.missing("busboy")


def read(content_type: str, body: bytes, charset: str = "utf8") -> list[Item]:
    """Let busboy read a body.

    Args:
        content_type: of the body.
        body: what is read.
        charset: what names and filenames are in; its own default is latin1.
    """
    options = {"defParamCharset": charset}
    return node.process.read(content_type, body, peer="busboy", options=options)
