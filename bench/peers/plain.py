"""A plain socket to Redis, for the works that measure a limit: it counts the bytes of replies, and looks at nothing."""

import socket
from urllib.parse import urlparse

PONG = b"+PONG\r\n"


class PlainSocket:
    def __init__(self, url):
        url = urlparse(url)
        self.connection = socket.create_connection((url.hostname, url.port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.memory = bytearray(64 * 2**10)

    def ask(self, *commands):
        """Sends commands, and PING to see where their replies end; how many bytes came."""
        lines = [" ".join(map(str, command)) for command in [*commands, ["PING"]]]
        self.connection.sendall(("\r\n".join(lines) + "\r\n").encode())
        received, tail = 0, b""
        while tail != PONG:
            length = self.connection.recv_into(self.memory)
            received += length
            tail = (tail + self.memory[max(0, length - len(PONG)) : length])[-len(PONG) :]
        return received
