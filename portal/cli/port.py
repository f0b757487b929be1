"""Whether the web server can listen where the settings say."""

from __future__ import annotations

import errno
import socket

from portal.cli.errors import PortUnusable


def check_port(host: str, port: int) -> None:
    """Listen there for a moment. Raises PortUnusable.

    Another program may still take the port before the web server does; then the server itself says
    so. This check only gives the ordinary case its plain sentence, before anything is started.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PortUnusable(host, port, reason, busy=error.errno == errno.EADDRINUSE) from error
