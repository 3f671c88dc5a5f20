# SPDX-License-Identifier: Apache-2.0
"""Polls and images over HTTP and HTTPS, beside nginx with one worker."""

import hashlib
import json
import random
import ssl
import uuid

import suit_oracle as suit
from harness import BenchError, measure
from web_sides import Nginx, SecureSuitd, ask, cipher_of, make_certificate, wrk

N_DEVICES = 1000
N_OFFERED = 100
MANIFEST = "/device/v1/suit/manifest?ep=web-"
OFFER = "/device/v1/suit/manifest?ep=offer-"
NOTHING = "there is nothing to install"


class Web:
    """A suitd with two images, devices for which there is nothing to install, and one with an offer."""

    def __init__(self, bench):
        self.bench = bench
        self.suitd = bench.suitd(http__max_connections_per_address="4000")
        self.suitd.url = self.suitd.sandbox.http
        self.folder = bench.folder()
        self.images = {mib: self.make_image(mib) for mib in (1, 16)}
        self.n_devices = bench.devices(N_DEVICES)
        for n in range(1, self.n_devices + 1):
            self.register(f"web-{n}")

    def make_image(self, mib):
        content = hashlib.shake_256(bytes([mib])).digest(mib << 20)
        image = suit.Image(content)
        self.suitd.sandbox.rest.put_image(image)
        (self.folder / f"{mib}").write_bytes(content)
        return image

    def register(self, endpoint, klass=suit.CLASS):
        body = {"lifetime": 86400, "characteristics": {"vendor_ids": [str(suit.VENDOR)],
                                                       "class_ids": [str(klass)]}}
        self.suitd.sandbox.anonymous().post(f"/device/v1/rd?ep={endpoint}", 201, json=body)

    def offer(self, klass):
        """Devices offer-1 and more of this class have a release to install; gives its ETag."""
        rest = self.suitd.sandbox.rest
        key, image = suit.Key(), suit.Image(random.Random(304).randbytes(1000), "/fw/offered.bin")
        rest.trust(key, "web")
        rest.publish(suit.update(key, 1, [image], klass=klass), [image])
        n_offered = self.bench.devices(N_OFFERED)
        for n in range(1, n_offered + 1):
            self.register(f"offer-{n}", klass)
        first = self.suitd.sandbox.anonymous().get(f"{OFFER}1")
        found = list(ask(self.suitd.url, [f"{OFFER}{n}" for n in range(1, n_offered + 1)]))
        if {body for _, body, _ in found} != {first.content}:
            raise BenchError("not every device has the offer")
        return first.headers["ETag"], n_offered

    def polls(self):
        """Looks at each device's answer; gives the body, and the smallest and the largest size."""
        found = list(ask(self.suitd.url, [f"{MANIFEST}{n}" for n in range(1, self.n_devices + 1)]))
        bodies = {body for _, body, _ in found}
        if {status for status, _, _ in found} != {404} or len(bodies) != 1:
            raise BenchError(f"other answers to polls than expected: {found[:3]}")
        body = bodies.pop()
        if json.loads(body)["detail"] != NOTHING:
            raise BenchError(f"another answer to a poll than expected: {body}")
        sizes = [size for _, _, size in found]
        return body.decode(), (min(sizes), max(sizes))


def beside_nginx(bench, connections):
    web = bench.once(Web)
    body, sizes = web.polls()
    nginx = Nginx(bench, "location / { default_type application/problem+json;"
                         ' add_header Cache-Control "private, max-age=10000" always;'
                         f" return 404 '{body}'; }}")
    (_, same, size), = ask(nginx.url, [MANIFEST])
    if same.decode() != body:
        raise BenchError(f"nginx answers {same}")
    run = (connections, MANIFEST, web.n_devices)
    return bench.pairs(
        lambda: wrk(bench, web.suitd, *run, sizes=sizes, refused=True),
        lambda: wrk(bench, nginx, *run, sizes=(size, size), refused=True))


@measure("HTTP poll of a known device (JSON), 64 connections", at_least=0.65, unit="answers/s")
def poll_64(bench):
    return beside_nginx(bench, 64)


@measure("HTTP poll of a known device (JSON), 1,000 connections", at_least=0.65, unit="answers/s")
def poll_1000(bench):
    return beside_nginx(bench, 1000)


@measure("HTTP poll of a device that has the manifest already (304), 64 connections", at_least=0.65,
         unit="answers/s")
def poll_304(bench):
    web = bench.once(Web)
    etag, n_offered = web.offer(uuid.uuid4())
    header = {"If-None-Match": etag}
    nginx = Nginx(bench, f"location / {{ add_header ETag '{etag}' always;"
                         ' add_header Cache-Control "private, max-age=10000" always; return 304; }')
    found = [
        list(ask(server.url, [f"{OFFER}{n}" for n in range(1, n_offered + 1)], header))
        for server in (web.suitd, nginx)]
    if {status for side in found for status, _, _ in side} != {304}:
        raise BenchError(f"other answers than 304: {found[0][:3]} {found[1][:3]}")
    run = (64, OFFER, n_offered)
    sizes = [[size for _, _, size in side] for side in found]
    return bench.pairs(*(
        lambda server=server, own=own: wrk(bench, server, *run, sizes=(min(own), max(own)),
                                           headers=[f"If-None-Match: {etag}"])
        for server, own in zip((web.suitd, nginx), sizes)))


def check_file(url, path, image, context=None):
    (status, body, size), = ask(url, [path], context=context)
    if status != 200 or body != image.content:
        raise BenchError(f"{url}{path} is not the image: {status}, {len(body)} bytes")
    return size, size


def image_beside_nginx(bench, mib):
    web = bench.once(Web)
    image = web.images[mib]
    nginx = Nginx(bench, f"root {web.folder};")
    sides = (web.suitd, "/blob/" + image.digest.split(":")[1]), (nginx, f"/{mib}")
    ours, reference = [
        (server, 8, path, check_file(server.url, path, image)) for server, path in sides]

    def fetch(server, connections, path, sizes):
        return wrk(bench, server, connections, path, sizes=sizes, count_bytes=True)

    return bench.pairs(lambda: fetch(*ours), lambda: fetch(*reference))


@measure("image of 1 MiB over HTTP, 8 connections", at_least=0.95, unit="MiB/s")
def image_1mib(bench):
    return image_beside_nginx(bench, 1)


@measure("image of 16 MiB over HTTP, 8 connections", at_least=0.75, unit="MiB/s")
def image_16mib(bench):
    return image_beside_nginx(bench, 16)


@measure("image of 1 MiB over HTTPS, 8 connections", at_least=0.3, unit="MiB/s",
         note="bulk TLS is GnuTLS's, and a copy: see the front proxy in docs/operations.md")
def image_https(bench):
    web = bench.once(Web)
    image = web.images[1]
    certificate, key = make_certificate(bench.folder())
    suitd = SecureSuitd(bench, web.suitd.sandbox, certificate, key)
    cipher = cipher_of(suitd.url, certificate)
    nginx = Nginx(
        bench, f"root {web.folder}; ssl_certificate {certificate}; ssl_certificate_key {key};"
               f" ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites {cipher};",
        scheme="https")
    if cipher_of(nginx.url, certificate) != cipher:
        raise BenchError(f"nginx does not use {cipher}")
    context = ssl.create_default_context(cafile=str(certificate))
    ours = "/blob/" + image.digest.split(":")[1]
    sizes = check_file(suitd.url, ours, image, context)
    their_sizes = check_file(nginx.url, "/1", image, context)
    return bench.pairs(
        lambda: wrk(bench, suitd, 8, ours, sizes=sizes, count_bytes=True),
        lambda: wrk(bench, nginx, 8, "/1", sizes=their_sizes, count_bytes=True))
