"""Mail: Python's email generator, git format-patch --attach, openssl smime."""

from __future__ import annotations

import base64
import os
import platform
import quopri
import subprocess
import tempfile
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from .content import LINES, noise
from .core import Case, Part, case, output, program
from .curl import mime_base64

TEXT = "Hello,\nnaïve café\n日本語 🎈\n= and trailing space \n"
LONG = "a very long name with spaces, (parentheses) and ümläuts " * 3 + "Ende.bin"
"""A filename that needs continuations."""


def letter() -> EmailMessage:
    """Return a message with the headers that every mail of the corpus has."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Sender <from@example.org>"
    message["To"] = "to@example.org"
    message["Subject"] = "Grüße aus dem Korpus"
    message["Date"] = "Mon, 01 Jan 2024 12:00:00 +0000"
    message["Message-ID"] = "<capture@example.org>"
    return message


def quoted(text: str) -> bytes:
    """Return text in quoted-printable with CRLF, as it is for lines that need no folding."""
    return quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")


@case("email-mixed")
def mixed() -> Case:
    """Generate a mail with alternatives, inline pictures and attachments."""
    picture, data = noise(300, 71), noise(1000, 72)
    inner = EmailMessage(policy=SMTP)
    inner["Subject"] = "inner"
    inner.set_content("inner text\n")
    message = letter()
    message.set_content(TEXT, cte="quoted-printable")
    message.add_alternative("<p>Hello <img src='cid:p'></p>\n", subtype="html", cte="7bit")
    html = list(message.iter_parts())[1]
    assert isinstance(html, EmailMessage)
    html.add_related(picture, "image", "png", cid="<p>", filename="p.png", disposition="inline")
    message.add_attachment(data, "application", "octet-stream", filename="Grüße 日本.bin")
    message.add_attachment(data[:100], "application", "octet-stream", filename=LONG)
    message.add_attachment(LINES.replace("\r\n", "\n"), filename='quo"te \\ back.txt', cte="7bit")
    message.add_attachment(inner)
    message.add_attachment(b"", "application", "x-empty", filename="empty.bin")
    message.preamble = "This is a preamble\nof two lines.\n"
    message.epilogue = "This is an epilogue.\n"
    related = [
        Part(b"<p>Hello <img src='cid:p'></p>\r\n", None, None, "text/html"),
        Part(mime_base64(picture, final=True), None, "p.png", "image/png"),
    ]
    alternative = [
        Part(quoted(TEXT), None, None, "text/plain"),
        Part(content_type="multipart/related", parts=related),
    ]
    octets = "application/octet-stream"
    lines = LINES.replace("\r\n", "\n").replace("\n", "\r\n").encode() + b"\r\n"
    parts = [
        Part(content_type="multipart/alternative", parts=alternative),
        Part(mime_base64(data, final=True), None, "Grüße 日本.bin", octets),
        Part(mime_base64(data[:100], final=True), None, LONG, octets),
        Part(lines, None, 'quo"te \\ back.txt', "text/plain"),
        Part(inner.as_bytes(), None, None, "message/rfc822"),
        Part(b"", None, "empty.bin", "application/x-empty"),
    ]
    what = (
        "multipart/mixed > alternative > related with preamble and epilogue, RFC 2231 filenames, "
        "one in continuations, a message/rfc822 part"
    )
    sender = f"Python {platform.python_version()} email"
    return Case(sender, what, message.as_bytes(), parts, suffix=".eml")


GIT = {
    "GIT_AUTHOR_NAME": "Author",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_AUTHOR_DATE": "2024-01-01T12:00:00Z",
    "GIT_COMMITTER_NAME": "Author",
    "GIT_COMMITTER_EMAIL": "author@example.org",
    "GIT_COMMITTER_DATE": "2024-01-01T12:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def git(folder: str, *arguments: str) -> bytes:
    """Run git in a folder with a fixed author and no configuration."""
    command = [program("git"), "-C", folder, *arguments]
    environment = os.environ | GIT
    return subprocess.run(command, env=environment, capture_output=True, check=True).stdout


@case("git-format-patch")
def format_patch() -> Case:
    """Make a patch mail with git format-patch --attach."""
    with tempfile.TemporaryDirectory() as folder:
        git(folder, "init", "-q", "-b", "main")
        Path(folder, "a.txt").write_text("--\n--------------2.0\nnaïve\n", encoding="utf-8")
        git(folder, "add", "a.txt")
        git(folder, "commit", "-q", "-m", "Add a naïve file\n\nIt has dashes.")
        mbox = git(folder, "format-patch", "--root", "--attach", "--stdout")
        changes = git(folder, "show", "--format=", "--patch", "HEAD")
        stat = git(folder, "show", "--format=", "--stat", "--summary", "HEAD")
    raw = mbox.split(b"\n", 1)[1].replace(b"\n", b"\r\n")
    text = b"\nIt has dashes.\n---\n" + stat
    parts = [
        Part(crlf(text + b"\n"), None, None, "text/plain"),
        Part(crlf(changes), None, "0001-Add-a-na-ve-file.patch", "text/x-patch"),
    ]
    what = (
        "format-patch --attach, without its mbox line and with CRLF as mail carries it: the "
        "boundary is dashes and the version of git, a preamble"
    )
    sender = output("git", "--version").decode().strip().replace(" version", "")
    return Case(sender, what, raw, parts, suffix=".eml")


def crlf(data: bytes) -> bytes:
    """Return the data with LF made CRLF."""
    return data.replace(b"\n", b"\r\n")


@case("openssl-smime")
def smime() -> Case:
    """Sign a mail with openssl smime."""
    inner = b"Content-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n-- \r\nsigned\r\n"
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        request = "req -x509 -newkey rsa:2048 -nodes -subj /CN=example -days 36500"
        output("openssl", *request.split(), "-keyout", "key", "-out", "cert", cwd=where)
        sign = ["smime", "-sign", "-binary", "-noattr", "-crlfeol"]
        sign += ["-signer", "cert", "-inkey", "key"]
        raw = output("openssl", *sign, cwd=where, stdin=inner)
        signature = output("openssl", *sign, "-outform", "DER", cwd=where, stdin=inner)
    text = base64.b64encode(signature)
    lines = [text[at : at + 64] + b"\n" for at in range(0, len(text), 64)]
    parts = [
        Part(inner.split(b"\r\n\r\n", 1)[1], None, None, "text/plain"),
        Part(b"".join(lines), None, "smime.p7s", "application/x-pkcs7-signature"),
    ]
    what = (
        "multipart/signed: a preamble, the boundary in quotes, base64 whose lines end in LF alone"
    )
    sender = " ".join(output("openssl", "version").decode().split()[:2])
    return Case(sender, what, raw, parts, suffix=".eml")
