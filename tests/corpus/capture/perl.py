"""Perl: LWP with HTTP::Request::Common."""

from __future__ import annotations

import tempfile
from pathlib import Path

from .content import LINES, TEXT, UNICODE, tricky
from .core import Case, Missing, Part, case, output
from .server import CaptureServer

LOAD = "use LWP::UserAgent; use HTTP::Request::Common qw(POST $DYNAMIC_FILE_UPLOAD); "

UPLOAD = (
    LOAD
    + r"""
$DYNAMIC_FILE_UPLOAD = $ARGV[1];
sub slurp { open my $in, '<:raw', $_[0] or die; local $/; <$in> }
my $request = POST $ARGV[0], Content_Type => 'form-data', Content => [
  title => 'plain', note => slurp('note'), unicode => slurp('unicode'),
  'quo"te' => 'x', lines => ['lines.txt'],
  data => ['data.bin', "Gr\xc3\xbc\xc3\x9fe \"odd\".bin", Content_Type => 'image/x-odd'],
  empty => [undef, 'empty.txt', Content => ''], last => 1];
LWP::UserAgent->new->request($request)->is_success or die 'failed';
"""
)

NESTED = (
    LOAD
    + r"""
my $inner = HTTP::Message->new([Content_Type => 'multipart/related; boundary="in ner"']);
$inner->add_part(HTTP::Message->new([Content_Type => 'text/html', Content_ID => '<a>'], '<p>'));
$inner->add_part(HTTP::Message->new([Content_Type => 'image/x-odd'], "\r\n\xff\x00\r\n"));
my $request = HTTP::Request->new(POST => $ARGV[0], [Content_Type => 'multipart/mixed']);
$request->add_part(HTTP::Message->new([], "no headers\n"));
$request->add_part($inner);
$request->add_part(HTTP::Message->new([Content_Type => 'text/plain'], ''));
LWP::UserAgent->new->request($request)->is_success or die 'failed';
"""
)


def version() -> str:
    """Return the version of LWP."""
    try:
        return output("perl", "-e", LOAD + 'print "libwww-perl $LWP::VERSION"').decode()
    except RuntimeError as error:
        raise Missing("perl has no LWP") from error


def upload(what: str, dynamic: bool) -> Case:
    """Post a form; a dynamic upload reads the files while it sends."""
    sender = version()
    files = {"note": TEXT.encode(), "unicode": UNICODE.encode(), "lines.txt": LINES.encode()}
    files["data.bin"] = tricky(2500, 41)
    with CaptureServer() as server, tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        output("perl", "-e", UPLOAD, server.url, str(int(dynamic)), cwd=Path(folder))
        raw = server.wait()
    parts = [
        Part(b"plain", "title"),
        Part(files["note"], "note"),
        Part(files["unicode"], "unicode"),
        Part(b"x", 'quo"te'),
        Part(files["lines.txt"], "lines", "lines.txt", "text/plain"),
        Part(files["data.bin"], "data", 'Grüße "odd".bin', "image/x-odd"),
        Part(b"", "empty", "empty.txt"),
        Part(b"1", "last"),
    ]
    return Case(sender, what, raw, parts)


@case("lwp-form")
def form() -> Case:
    """Post a form from memory."""
    what = (
        "form-data from memory: a random boundary of few letters, because the usual xYzZY occurs "
        'in a value; the empty file has a header "Content: " and no Content-Type'
    )
    return upload(what, False)


@case("lwp-form-dynamic")
def form_dynamic() -> Case:
    """Post a form while reading its files."""
    return upload("form-data with $DYNAMIC_FILE_UPLOAD: a long random boundary", True)


@case("lwp-nested")
def nested() -> Case:
    """Post nested messages."""
    sender = version()
    with CaptureServer() as server:
        output("perl", "-e", NESTED, server.url)
        raw = server.wait()
    related = [
        Part(b"<p>", None, None, "text/html"),
        Part(b"\r\n\xff\x00\r\n", None, None, "image/x-odd"),
    ]
    parts = [
        Part(b"no headers\n"),
        Part(content_type="multipart/related", parts=related),
        Part(b"", None, None, "text/plain"),
    ]
    what = (
        "multipart/mixed by HTTP::Message: boundary xYzZY, a part without headers, and a nested "
        "multipart/related whose boundary was chosen with a space"
    )
    return Case(sender, what, raw, parts)
