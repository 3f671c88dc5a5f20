# SPDX-License-Identifier: Apache-2.0
"""A network between devices and suitd that loses, doubles and reorders datagrams, the same way for a seed."""

import heapq
import itertools
import random
import selectors
import socket
import threading
import time
import urllib.parse

CALM = {"lose": 0.0, "double": 0.0, "hold": 0.0}
HOLD_S = 0.15  # so long at most is a datagram held back, so that later ones overtake it


class LossyNetwork:
    """Stands at an address of its own for a coap or coaps URI. The shares are of the datagrams of each way."""

    def __init__(self, uri, seed=1, lose=0.1, double=0.1, hold=0.2):
        parsed = urllib.parse.urlsplit(uri)
        self.server = (parsed.hostname, parsed.port)
        self.random = random.Random(seed)
        self.lose, self.double, self.hold = lose, double, hold
        self.selector = selectors.DefaultSelector()
        self.front = self.open_socket()
        self.front.bind(("127.0.0.1", 0))
        self.uri = f"{parsed.scheme}://127.0.0.1:{self.front.getsockname()[1]}"
        self.backs = {}  # of each device's address, the socket towards suitd
        self.held, self.numbers = [], itertools.count()
        self.lost = self.doubled = self.passed = 0
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.running = False
        self.thread.join()
        for sock in (self.front, *self.backs.values()):
            sock.close()
        self.selector.close()

    def open_socket(self, device=None):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ, device)
        return sock

    def run(self):
        while self.running:
            wait = self.held[0][0] - time.monotonic() if self.held else 0.05
            for key, _ in self.selector.select(max(0.0, min(wait, 0.05))):
                self.take(key.fileobj, key.data)
            while self.held and self.held[0][0] <= time.monotonic():
                _, _, data, sock, to = heapq.heappop(self.held)
                self.send(data, sock, to)

    def take(self, sock, device):
        try:
            data, address = sock.recvfrom(65536)
        except OSError:  # nobody has the port: suitd is away
            return
        if sock is not self.front:
            self.disturb(data, self.front, device)
            return
        if address not in self.backs:
            self.backs[address] = self.open_socket(address)
            self.backs[address].connect(self.server)
        self.disturb(data, self.backs[address], None)

    def disturb(self, data, sock, to):
        if self.random.random() < self.lose:
            self.lost += 1
            return
        copies = 1
        if self.random.random() < self.double:
            copies = 2
            self.doubled += 1
        for _ in range(copies):
            self.passed += 1
            late = self.random.uniform(0, HOLD_S) if self.random.random() < self.hold else 0
            heapq.heappush(self.held, (time.monotonic() + late, next(self.numbers), data, sock, to))

    @staticmethod
    def send(data, sock, to):
        try:
            if to is None:
                sock.send(data)
            else:
                sock.sendto(data, to)
        except OSError:
            pass
