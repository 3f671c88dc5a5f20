# SPDX-License-Identifier: Apache-2.0
"""Intake of an image and its manifest, beside what hashing and copying a file durably costs at least."""

import http.client
import os
import subprocess
import time
import urllib.parse
import uuid

import suit_oracle as suit
from harness import BenchError, CORES, Side, cpu_seconds, measure, pin

IMAGE_BYTES = 16 << 20


class Publisher:
    """Uploads a new image, then its manifest, until the release is verified."""

    def __init__(self, bench):
        self.folder = bench.folder()
        self.suitd = bench.suitd()
        # Both sides may use the whole machine: the reference is two programs one after the other.
        pin(self.suitd.sandbox.pid, set(CORES))
        self.key = suit.Key()
        self.suitd.sandbox.rest.trust(self.key, "bench")
        where = urllib.parse.urlsplit(self.suitd.sandbox.http)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {self.suitd.sandbox.token}"}

    def send(self, method, path, body, expect, **headers):
        self.connection.request(method, path, body, {**self.headers, **headers})
        reply = self.connection.getresponse()
        text = reply.read().decode()
        if reply.status != 201 or expect not in text:
            raise BenchError(f"{method} {path}: {reply.status} {text}")

    def publish(self):
        image = suit.Image(os.urandom(IMAGE_BYTES), f"/fw/{uuid.uuid4()}")
        envelope = suit.update(self.key, 1, [image], klass=uuid.uuid4())
        os.sync()
        used = cpu_seconds(self.suitd.sandbox.pid)
        started = time.monotonic()
        self.send("PUT", f"/api/v1/images/{image.digest}", image.content, image.digest)
        self.send("POST", "/api/v1/manifests", envelope, '"verified"',
                  **{"Content-Type": "application/suit-envelope+cose"})
        seconds = time.monotonic() - started
        used = cpu_seconds(self.suitd.sandbox.pid) - used
        return Side(1 / seconds, used / seconds, server_us=used * 1e6)

    def hash_and_copy(self):
        """All files stay, as suitd's do: else this side alone would write to memory that was just freed."""
        image = self.folder / str(uuid.uuid4())
        image.write_bytes(os.urandom(IMAGE_BYTES))
        os.sync()
        started = time.monotonic()
        subprocess.run(["openssl", "dgst", "-sha256", image], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["dd", f"if={image}", f"of={image}.copy", "bs=1M", "conv=fsync", "status=none"],
                       check=True)
        return Side(1 / (time.monotonic() - started))


@measure("intake of a manifest with an image of 16 MiB", at_least=0.7, unit="releases/s",
         note="beside openssl dgst -sha256 and a copy with fsync of the same file; the rows in the database included")
def intake_16mib(bench):
    publisher = Publisher(bench)
    publisher.publish()  # the first one makes folders and plans of statements
    n = 1 if bench.effort == "smoke" else 3 * bench.n_pairs
    return bench.pairs(publisher.publish, publisher.hash_and_copy, n)
