"""receive URL WHAT: asks Redis for the parts of `read WHAT sliced` over a plain socket, and looks at nothing."""

import socket
import sys
from urllib.parse import urlparse

from bench_common import connect, measure_passes

what = sys.argv[2]
total, step = {"batches": (10_000_000, 100_000), "spectra": (10_000, 1000), "images": (200, 10)}[what]
store = connect()
_, keys = store.search_existing_scans(session=f"bench_{what}")
pk = store.load_scan(keys[0])._model.data_streams["s"].pk
url = urlparse(sys.argv[1])
connection = socket.create_connection((url.hostname, url.port))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
memory = bytearray(64 * 2**10)


def ask(*command):
    """Sends a command, and PING to see where its reply ends; how many bytes came."""
    connection.sendall((" ".join(map(str, command)) + "\r\nPING\r\n").encode())
    received, tail = 0, b""
    while tail != b"+PONG\r\n":
        length = connection.recv_into(memory)
        received += length
        tail = (tail + memory[max(0, length - 7) : length])[-7:]
    return received


def one_pass():
    return sum(ask("XRANGE", f"esrf:stream:{pk}", start, start + step - 1) for start in range(0, total, step))


m, received = measure_passes(one_pass)
m.report(sum(received))
