"""Starts LibreOffice where a hostile document can do no harm: no network, no files, bounds."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from pathlib import Path

from indexing.extraction.fence import fence
from indexing.extraction.sandbox import leave_network

# The exit status if this system cannot shut the program in; it is not started then.
UNFENCED = 97
# Where the program sees its folder.
INSIDE = Path("/tmp")
_NEW_MOUNTS, _BIND, _RECURSIVE, _PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
# What the program needs of the system. Not /proc, which shows the secrets of other processes.
_READABLE = (
    *("/usr", "/lib", "/lib64", "/bin", "/opt"),
    *("/etc/libreoffice", "/etc/fonts", "/etc/ld.so.cache", "/etc/passwd", "/etc/nsswitch.conf"),
    *("/var/lib/libreoffice", "/var/spool/libreoffice", "/var/cache/fontconfig", "/dev/urandom"),
)


def main() -> None:
    """Become the program that the job on the command line names; does not return."""
    job = json.loads(sys.argv[-1])
    folder = job["folder"]
    for kind, bound in (
        (resource.RLIMIT_CPU, job["seconds"]),
        (resource.RLIMIT_AS, job["memory_bytes"]),
        (resource.RLIMIT_FSIZE, job["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (bound, bound))
    if not _leave(folder) or not fence(map(Path, _READABLE), (INSIDE, Path("/dev/null"))):
        os._exit(UNFENCED)
    os.chdir(INSIDE)
    environment = dict.fromkeys(("HOME", "TMPDIR"), str(INSIDE))
    environment |= {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    os.execve(job["command"][0], job["command"], environment)


def _leave(folder: str) -> bool:
    """Leave the network, and see the folder as `INSIDE`: the program insists on a socket there."""
    if not leave_network(_NEW_MOUNTS):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    alone = libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None) == 0
    return alone and bool(libc.mount(folder.encode(), bytes(INSIDE), None, _BIND, None) == 0)
