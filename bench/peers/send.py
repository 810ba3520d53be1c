"""send URL COUNT: what the publishing of so many batches cannot do without: adds entries as large over a plain socket, a
hundred at a time."""

import os
import sys
import time

from bench_common import Measured
from plain import PlainSocket

count = int(sys.argv[2])
AT_A_TIME = 100
socket = PlainSocket(sys.argv[1])
key = f"bench:{os.getpid()}"
head = f"*5\r\n$4\r\nXADD\r\n${len(key)}\r\n{key}\r\n$1\r\n*\r\n$7\r\npayload\r\n$8000\r\n"
request = (head.encode() + bytes(8000) + b"\r\n") * AT_A_TIME


def send(entries):
    for _ in range(0, entries, AT_A_TIME):
        socket.send(request)


end = time.perf_counter() + 1
while time.perf_counter() < end:
    send(count // 10)
    socket.ask(["DEL", key])
with Measured() as m:
    send(count)
socket.ask(["DEL", key])
m.report(count)
