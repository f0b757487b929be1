"""What the standard library raises for archives that are damaged, encrypted or oddly packed."""

from __future__ import annotations

import struct
import zipfile
import zlib

BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    struct.error,
    OSError,
)
