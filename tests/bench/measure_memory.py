# SPDX-License-Identifier: Apache-2.0
"""Memory of suitd: idle, and the most that it takes while it has much to do.

What counts is the resident set as the kernel shows it: heap, stacks, libraries, and the pages of
images that are mapped for CoAP. The page cache, which every upload and download goes through, does not.
"""

import hashlib
import os
import pathlib
import selectors
import socket
import subprocess
import threading
import urllib.parse

import suit_oracle as suit
from harness import LOAD_CORE, PROGRAMS, BenchError, measure

MIB = 1 << 20
UPLOAD_BYTES = 2048 * MIB
IMAGE_BYTES = 64 * MIB
N_HTTP = N_COAP = 500


def peak_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise BenchError(f"process {pid} has no memory")


def forget_peak(pid):
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


@measure("memory of the idle daemon, at most 24 MiB", at_least=1, unit="MiB")
def idle(bench):
    return bench.limit(24, bench.suitd().rss / MIB)


class HttpDownloads:
    """Devices that fetch an image, each a little at a time, so that all are under way at once."""

    def __init__(self, url, image, n):
        where = urllib.parse.urlsplit(url)
        request = f"GET /blob/{image.digest[7:]} HTTP/1.1\r\nHost: suitd\r\n\r\n".encode()
        self.selector = selectors.DefaultSelector()
        for _ in range(n):
            connection = socket.create_connection((where.hostname, where.port), 30)
            connection.sendall(request)
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ)
        self.received = 0
        self.broken = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set() and not self.broken:
            for key, _ in self.selector.select(0.1):
                piece = key.fileobj.recv(4096)
                self.received += len(piece)
                if not piece:
                    self.broken = "a download was cut off"
            self.stopping.wait(0.01)

    def close(self):
        self.stopping.set()
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()


def upload(suitd, n_bytes):
    """A new image of so many bytes, from one buffer."""
    where = urllib.parse.urlsplit(suitd.sandbox.http)
    piece = os.urandom(MIB)
    hashed = hashlib.sha256()
    for _ in range(n_bytes // MIB):
        hashed.update(piece)
    head = (f"PUT /api/v1/images/sha256:{hashed.hexdigest()} HTTP/1.1\r\nHost: suitd\r\n"
            f"Authorization: Bearer {suitd.sandbox.token}\r\nContent-Length: {n_bytes}\r\n\r\n")
    with socket.create_connection((where.hostname, where.port), 600) as connection:
        connection.sendall(head.encode())
        for _ in range(n_bytes // MIB):
            connection.sendall(piece)
        answer = connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 201 "):
        raise BenchError(f"the upload was answered: {answer[:200]}")


def coap_downloads(bench, suitd, folder, image):
    """Each device its own way through the image, block by block, until it is told to stop."""
    content = folder / "image"
    content.write_bytes(image.content)
    return bench.spawn(
        PROGRAMS / "coap_load", "blocks", "--server", suitd.coap, "--path", f"/blob/{image.digest[7:]}",
        "--content", content, "--peers", bench.devices(N_COAP), "--outstanding", bench.devices(N_COAP),
        "--seconds", "600", core=LOAD_CORE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@measure("memory of a 2 GiB upload with 1,000 devices downloading, at most 96 MiB", at_least=1, unit="MiB",
         cost="writes 2 GiB")
def upload_and_downloads(bench):
    suitd = bench.suitd(http__max_connections_per_address="2000")
    image = suit.Image(hashlib.shake_256(b"memory").digest(IMAGE_BYTES))
    suitd.sandbox.rest.put_image(image)
    forget_peak(suitd.sandbox.pid)
    devices = coap_downloads(bench, suitd, bench.folder(), image)
    downloads = HttpDownloads(suitd.sandbox.http, image, bench.devices(N_HTTP))
    try:
        upload(suitd, 16 * MIB if bench.effort == "smoke" else UPLOAD_BYTES)
        if downloads.broken or devices.poll() is not None:
            raise BenchError(downloads.broken or f"CoAP: {devices.stderr.read().decode()}")
    finally:
        downloads.close()
        devices.kill()
        devices.wait()
    if downloads.received < MIB:
        raise BenchError("nothing was downloaded meanwhile")
    return bench.limit(96, peak_bytes(suitd.sandbox.pid) / MIB)
