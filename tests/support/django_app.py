"""A Django project in one module that tells what a form holds, for WSGI and ASGI servers."""

from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings

if not settings.configured:
    settings.configure(DATA_UPLOAD_MAX_NUMBER_FIELDS=None, DATA_UPLOAD_MAX_MEMORY_SIZE=None)

from django.http import HttpRequest, HttpResponseForbidden, JsonResponse
from django.test.utils import override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt, csrf_protect

OURS = "partstream.contrib.django.FormUploadHandler"
MEMORY = "django.core.files.uploadhandler.MemoryFileUploadHandler"
TEMPORARY = "django.core.files.uploadhandler.TemporaryFileUploadHandler"


def listed(request: HttpRequest) -> dict[str, Any]:
    """Give all that stands in a form."""
    files = []
    for name, found in request.FILES.lists():
        for file in found:
            digest = hashlib.sha256()
            for chunk in file.chunks():
                digest.update(chunk)
            kind = type(file).__name__
            facts = file.content_type, file.charset, file.size, digest.hexdigest(), kind
            files.append([name, file.name, *facts])
    return {"fields": [[k, v] for k, vs in request.POST.lists() for v in vs], "files": files}


@csrf_exempt
def tell(request: HttpRequest) -> JsonResponse:
    return JsonResponse(listed(request))


@csrf_protect
def guarded(request: HttpRequest) -> JsonResponse:
    return JsonResponse(listed(request))


def refused(request: HttpRequest, reason: str = "") -> HttpResponseForbidden:
    """Say why: Django's own page wants its applications to be set up."""
    return HttpResponseForbidden(reason)


urlpatterns = [path("", tell), path("guarded", guarded)]


def project(handlers: list[str] | None = None, **more: Any) -> Any:
    """Give what has the settings of the project hold, with these upload handlers."""
    return override_settings(
        **{
            "ROOT_URLCONF": "support.django_app",
            "ALLOWED_HOSTS": ["*"],
            "MIDDLEWARE": ["django.middleware.csrf.CsrfViewMiddleware"],
            "FILE_UPLOAD_HANDLERS": [OURS, MEMORY, TEMPORARY] if handlers is None else handlers,
            "DATA_UPLOAD_MAX_NUMBER_FIELDS": 1000,
            "DATA_UPLOAD_MAX_MEMORY_SIZE": 2621440,
            "CSRF_FAILURE_VIEW": f"{__name__}.refused",
            "LOGGING_CONFIG": None,
            **more,
        }
    )
