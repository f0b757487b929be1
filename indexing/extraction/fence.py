"""A fence in the file system: what is outside cannot be opened any more (Landlock, Linux 5.13)."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

# The same numbers on every machine.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_NO_NEW_PRIVILEGES = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_FOLDER
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
# How many kinds of access the first versions of the interface know.
_KNOWN = {1: 13, 2: 14}
_KNOWN_SINCE = 15


def fence(readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Shut this process, and all it will start, out of every other path; False if not possible.

    Paths that do not exist are passed over.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    every = (1 << _KNOWN.get(version, _KNOWN_SINCE)) - 1
    wanted = struct.pack("=Q", every)
    rules = libc.syscall(_CREATE_RULESET, wanted, len(wanted), 0)
    if rules < 0:
        return False
    try:
        done = all(
            _allow(libc, rules, path, access & every)
            for paths, access in ((readable, _READ), (writable, every))
            for path in paths
        )
        return (
            done
            and libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
            and libc.syscall(_RESTRICT_SELF, rules, 0) == 0
        )
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: Path, access: int) -> bool:
    try:
        held = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        if not stat.S_ISDIR(os.fstat(held).st_mode):
            access &= _OF_FILES
        rule = struct.pack("=Qi", access, held)
        return bool(libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0) == 0)
    finally:
        os.close(held)
