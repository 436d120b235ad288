"""Flask: ``request.form`` and ``request.files`` as its own parser gives them, but faster.

One line for an application::

    from partstream.contrib.flask import FormRequest

    app.request_class = FormRequest

Forms, files, limits and errors are those of :mod:`partstream.contrib.werkzeug`; ``MAX_FORM_PARTS``,
``MAX_FORM_MEMORY_SIZE`` and ``MAX_CONTENT_LENGTH`` hold as ever.
"""

from __future__ import annotations

from flask import Request

from .werkzeug import FormDataParser

__all__ = ["FormRequest"]


class FormRequest(Request):
    """Flask's request, whose forms are read by the parser of ``partstream.contrib.werkzeug``."""

    form_data_parser_class = FormDataParser
