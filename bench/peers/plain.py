"""A plain socket to Redis, for the works that measure a limit: it keeps or counts the bytes of replies, and looks at nothing."""

import socket
from urllib.parse import urlparse

PONG = b"+PONG\r\n"


def encoded(commands):
    return "".join(" ".join(map(str, command)) + "\r\n" for command in commands).encode()


class PlainSocket:
    def __init__(self, url):
        url = urlparse(url)
        self.connection = socket.create_connection((url.hostname, url.port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.memory = memoryview(bytearray(64 * 2**10))

    def ask(self, *commands):
        """Sends commands, and PING to see where their replies end; how many bytes came."""
        return self.send(encoded(commands))

    def fill(self, target, *commands):
        """As `ask`, and puts the first bytes that come into `target`."""
        return self.send(encoded(commands), target)

    def send(self, commands, target=memoryview(b"")):
        """As `ask`, with commands that are encoded already."""
        self.connection.sendall(commands)
        self.connection.sendall(b"PING\r\n")
        received, tail = 0, b""
        while tail != PONG:
            length = self.connection.recv_into(self.memory)
            wanted = min(length, len(target) - received)
            if wanted > 0:
                target[received : received + wanted] = self.memory[:wanted]
            received += length
            tail = (tail + bytes(self.memory[max(0, length - len(PONG)) : length]))[-len(PONG) :]
        return received
