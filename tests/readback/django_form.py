"""Django: `MultiPartParser` with its handler for files that stay in memory."""

from __future__ import annotations

from io import BytesIO

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http.multipartparser import MultiPartParser

from . import Item, essence

# The same as in peers/django_parser.py: settings are made once in a process.
if not settings.configured:
    settings.configure(DATA_UPLOAD_MAX_NUMBER_FIELDS=None, DATA_UPLOAD_MAX_MEMORY_SIZE=None)


def read(content_type: str, body: bytes) -> list[Item]:
    """Let it read a request's body: fields by name, then files by name."""
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": str(len(body))}
    handlers = [MemoryFileUploadHandler()]
    fields, files = MultiPartParser(meta, BytesIO(body), handlers, "utf-8").parse()
    items = [
        Item(name, None, None, value.encode())
        for name, values in fields.lists()
        for value in values
    ]
    for name, kept in files.lists():
        for file in kept:
            with file:
                kind = essence(file.content_type) or None
                items.append(Item(name, file.name, kind, file.read()))
    return items
