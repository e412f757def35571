"""Whether something answers at an address."""

from __future__ import annotations

import http.client
import socket


def answers(host: str, port: int, path: str, timeout: float = 3.0) -> bool:
    """Whether something answers a GET of a path, or takes a connection if the path is empty."""
    if not path:
        try:
            socket.create_connection((host, port), timeout).close()
        except OSError:
            return False
        return True
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
