"""What a reading process gives up before it opens a file."""

from __future__ import annotations

import ctypes
import resource
import signal
import sys
from collections.abc import Sequence

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1
# Two cores read images; a reader that spins on one is stopped by the clock on the wall first.
_CORES = 4
# Connecting, listening and asking for names; `socket.__new__` alone harms nobody, and asyncio in
# a library makes one of its own.
_NETWORK = frozenset(
    {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
)
_PROGRAMS = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork"})


def leave_network(more: int = 0) -> bool:
    """Go where there is no network, with every child to come; return whether that was possible.

    For a process of one thread. more: other namespaces to leave at the same time. They are closed
    to ordinary users on some systems; there the audit hook of `confine` is what keeps Python code
    from the network.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    kinds = _CLONE_NEWNET | more
    # The second only where the first is refused.
    return any(libc.unshare(flags) == 0 for flags in (kinds, kinds | _CLONE_NEWUSER))


def confine(seconds: float, memory_bytes: int, more_bytes: int, file_bytes: int) -> None:
    """Give up network, other programs, memory and time beyond the bounds; die with the parent.

    more_bytes: memory that a reader may ask for on top, once it needs the models that read images.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    cpu = int(seconds * _CORES) + 1
    for kind, bound in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        _lower(kind, bound)
    _lower(resource.RLIMIT_AS, memory_bytes, memory_bytes + more_bytes)
    # Writing past the file bound should be an OSError that a reader can name, not a death.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    sys.addaudithook(_refuse)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Lower a bound; `hard` is how far it may be raised again, without it not at all."""
    hard = soft if hard is None else hard
    given = resource.getrlimit(kind)[1]
    if given != resource.RLIM_INFINITY:
        hard = min(hard, given)
    resource.setrlimit(kind, (min(soft, hard), hard))


def _refuse(event: str, arguments: Sequence[object]) -> None:
    if event in _NETWORK or event in _PROGRAMS:
        raise PermissionError(f"{event} is refused while a file is read")
