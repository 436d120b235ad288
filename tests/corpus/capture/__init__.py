"""Captures multipart messages from real senders; see ../README.md."""
