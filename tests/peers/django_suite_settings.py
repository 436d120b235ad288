"""The settings that Django's own tests run with: see ``django_suite.py``."""

from __future__ import annotations

import os

_DJANGO = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
_OURS = [] if os.environ.get("FORM_PARSER") else ["partstream.contrib.django.FormUploadHandler"]

FILE_UPLOAD_HANDLERS = _OURS + _DJANGO
TEST_RUNNER = "peers.django_suite.Runner"
DATABASES = {
    name: {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    for name in ("default", "other")
}
SECRET_KEY = "of tests"
USE_TZ = False
