"""The largest files that mnistlab accepts, in bytes: one value for the browser and the terminal.

The server refuses whatever is larger than its own `server.maxUploadSize`, whatever a widget allows,
so that setting in .streamlit/config.toml is the largest of these (tests/test_uploads.py checks it).
"""

MEGABYTE = 1 << 20

PICTURE = 20 * MEGABYTE
"""A photo as a phone takes it."""
NETWORK = MEGABYTE
"""A network as JSON has some kilobytes; a widget's limit is in whole megabytes."""
HANDWRITING = 24 * MEGABYTE
"""Labeled drawings as JSON, packed or not."""
RUN_ARCHIVE = 200 * MEGABYTE
"""A run with its checkpoints: a network of 1.6 million parameters alone makes 12 MB and more."""


def megabytes(size: int) -> int:
    """A limit in the unit of `st.file_uploader`'s `max_upload_size`; must be whole megabytes."""
    whole, rest = divmod(size, MEGABYTE)
    assert not rest
    return whole
