# SPDX-License-Identifier: Apache-2.0
"""HTTP by hand, for requests that no well-behaved client makes."""

import socket
import urllib.parse


def connect(sandbox, timeout=30, receive_buffer=None):
    parsed = urllib.parse.urlsplit(sandbox.http)
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(timeout)
    connection.connect((parsed.hostname, parsed.port))
    return connection


def head(method, path, *lines, token=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: suitd", *lines]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_reply(connection):
    """Status and body of one reply; the status is None when the connection ends before it."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            return None, data
        data += piece
    top, body = data.split(b"\r\n\r\n", 1)
    status = int(top.split(b" ", 2)[1])
    length = next(
        (
            int(line.split(b":")[1])
            for line in top.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return status, body


def is_closed(connection):
    """Reads until the other side has closed."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True
