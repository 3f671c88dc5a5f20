# SPDX-License-Identifier: Apache-2.0
"""Floods of what nobody asked for: known devices are answered all the while, and memory stays bounded."""

import concurrent.futures
import contextlib
import os
import pathlib
import re
import shutil
import socket
import struct
import tempfile
import urllib.parse

import pytest
import rest_raw
import suit_oracle as suit
from coap_raw import coap_client, open_socket, post_block
from device import CON, GET, OBSERVE, CoapDevice, CoapPeer, Message
from sandbox import SANITIZED, Rest, Sandbox, eventually

MAX_SESSIONS, MAX_OBSERVERS, MAX_CONNECTIONS = 100, 50, 100
KEY = "correct horse battery"
MAX_AGE = 14
MIB = 1 << 10  # in KiB


@pytest.fixture(scope="module")
def stormy():
    """Small bounds, so that a small flood fills them."""
    folder = tempfile.mkdtemp(prefix="suitd-test.")
    running = Sandbox(
        folder,
        coap__max_sessions=str(MAX_SESSIONS),
        coap__max_observers=str(MAX_OBSERVERS),
        coap__answer_timeout="PT10S",
        device__max_cached="6000",  # more than the requests that may wait
        http__max_connections_per_address=str(MAX_CONNECTIONS),
    )
    yield running
    running.close()
    shutil.rmtree(folder)


@pytest.fixture
def lamp(stormy, unique):
    """A device that suitd knows, with nothing to install."""
    device = CoapDevice(stormy, unique("lamp"))
    assert device.register().status == "2.01"
    assert device.poll().status == "4.04"
    yield device
    device.peer.close()


def resident_kib(sandbox):
    status = pathlib.Path(f"/proc/{sandbox.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


@contextlib.contextmanager
def bounded(sandbox, mib):
    """What goes on inside makes suitd larger by so much at the most."""
    before = resident_kib(sandbox)
    yield
    grown = resident_kib(sandbox) - before
    assert SANITIZED or grown < mib * MIB, f"{grown} KiB more"


def answered_during(storm, device):
    """Runs storm() to its end and polls meanwhile: each poll is answered."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        raging = pool.submit(storm)
        while not raging.done():
            assert device.poll().status == "4.04"
        raging.result()
    assert device.poll().status == "4.04"


def poll_as_strangers(sandbox, count):
    """Each from a port of its own and under a name of its own; nobody waits for the answer."""
    for _ in range(count):
        name = f"ep=stranger-{os.urandom(6).hex()}"
        options = CoapPeer.target("/suit/manifest", (name,))
        message = Message(GET, options, b"", CON, os.urandom(4), int.from_bytes(os.urandom(2), "big"))
        with contextlib.closing(open_socket(sandbox.coap)) as sock, contextlib.suppress(OSError):
            sock.send(message.encode())


def test_polls_of_strangers(stormy, lamp):
    """In waves that the socket's buffer holds: what is lost there cannot be answered."""
    for wave in range(30):
        if wave == 10:
            before = resident_kib(stormy)
        poll_as_strangers(stormy, 500)
        assert lamp.poll().status == "4.04"
    grown = resident_kib(stormy) - before
    assert SANITIZED or grown < 64 * MIB, f"{grown} KiB more"


def test_strangers_are_put_off_when_many_wait(stormy, lamp):
    """The database is silent, so that none of them gets an answer: devices get theirs, and no session is made."""
    with bounded(stormy, 64), stormy.pg_frozen():
        for _ in range(8):
            poll_as_strangers(stormy, 500)
            assert lamp.poll().status == "4.04"
        stranger = CoapDevice(stormy, "stranger")
        reply = stranger.poll()
        assert reply.status == "5.03" and reply.option(MAX_AGE) == b"\5"
        stranger.peer.close()
    eventually(lambda: stormy.rest.get("/readyz", None).status_code == 200, 120)


def test_devices_are_known_though_strangers_come_while_the_database_is_away(make_sandbox):
    sandbox = make_sandbox(device__max_cached="50")
    author, image = suit.Key(), suit.Image(b"firmware")
    sandbox.rest.trust(author)
    sandbox.rest.publish(suit.update(author, 1, [image]), [image])
    device = CoapDevice(sandbox, "lamp")
    assert device.register().status == "2.01"
    assert device.poll().status == "2.05"
    sandbox.pg_stop()
    for number in range(150):
        assert CoapDevice(sandbox, f"stranger-{number}").poll().status in ("5.03", "4.04")
    assert device.poll().status == "2.05"
    sandbox.pg_start()


# DTLS


def vector(data, length_bytes=1):
    return len(data).to_bytes(length_bytes, "big") + data


def client_hello(number, random, cookie=b""):
    """A whole flight in one record (RFC 6347 section 4.2), for pre-shared keys."""
    suites = struct.pack("!3H", 0xC0A8, 0xC0A4, 0x008C)
    body = b"\xfe\xfd" + random + vector(b"") + vector(cookie) + vector(suites, 2) + vector(b"\0")
    head = b"\x01" + len(body).to_bytes(3, "big") + number.to_bytes(2, "big")
    shake = head + bytes(3) + len(body).to_bytes(3, "big") + body
    return b"\x16\xfe\xfd" + number.to_bytes(8, "big") + vector(shake, 2)


def begin_handshake(sandbox, number):
    """As far as the server believes that the address is real and has answered; then never again."""
    random, port = os.urandom(32), urllib.parse.urlsplit(sandbox.coaps).port
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        # An address of its own: on that of an earlier one the server would go on with that handshake.
        sock.bind((f"127.77.{number >> 8}.{number & 255}", 0))
        sock.connect(("127.0.0.1", port))
        sock.settimeout(5)
        sock.send(client_hello(0, random))
        reply = sock.recv(2048)
        assert reply[13] == 3, "HelloVerifyRequest"
        cookie = reply[28 : 28 + reply[27]]
        sock.send(client_hello(1, random, cookie))
        assert sock.recv(2048)[13] == 2, "ServerHello"


def register_securely(sandbox, endpoint, tmp_path):
    body = tmp_path / "registration"
    body.write_bytes(suit.registration())
    ask = ("-v", "6", "-m", "post", "-t", "60", "-f", body, sandbox.coaps + "/rd")
    return b"2.01" in b"".join(coap_client(*ask, identity=endpoint, key=KEY))


def test_handshakes_that_end_in_the_middle(stormy, lamp, unique, tmp_path):
    endpoint = unique("secure")
    stormy.rest.put(f"/api/v1/devices/{endpoint}/credentials", json={"psk": KEY.encode().hex()})
    assert register_securely(stormy, endpoint, tmp_path)

    def storm():
        n_begun = 0
        for number in range(60000):
            with contextlib.suppress(TimeoutError):  # one that was lost
                begin_handshake(stormy, number)
                n_begun += 1
            if n_begun == 10 * MAX_SESSIONS:
                return
        raise AssertionError("no handshake is begun any more")

    with bounded(stormy, 24):
        answered_during(storm, lamp)
    assert register_securely(stormy, endpoint, tmp_path)


def test_hellos_from_made_up_addresses(stormy, lamp, unique, tmp_path):
    """Nobody there answers: no cookie comes back."""
    endpoint = unique("secure")
    stormy.rest.put(f"/api/v1/devices/{endpoint}/credentials", json={"psk": KEY.encode().hex()})

    def storm():
        for _ in range(5000):
            with contextlib.closing(open_socket(stormy.coaps)) as sock:
                sock.send(client_hello(0, os.urandom(32)))

    with bounded(stormy, 24):
        answered_during(storm, lamp)
    eventually(lambda: register_securely(stormy, endpoint, tmp_path), 120)


# Observers


def observe(sandbox, endpoint):
    """Asks, hears the first answer, and acknowledges nothing; whether it was taken."""
    peer = CoapPeer(sandbox.coap)
    reply = peer.exchange(GET, peer.target("/suit/manifest", (f"ep={endpoint}",)) + [(OBSERVE, b"")])
    return peer, reply.option(OBSERVE) is not None


def test_observers_that_never_acknowledge(stormy, lamp, product, unique):
    author, image = suit.Key(), suit.Image(b"firmware", f"/fw/{unique('watched')}")
    stormy.rest.trust(author, unique("author"))
    watched = CoapDevice(stormy, unique("watched"))
    assert watched.register(klass=product).status == "2.01"
    crowd = [observe(stormy, watched.endpoint) for _ in range(2 * MAX_OBSERVERS)]
    assert sum(taken for _, taken in crowd) == MAX_OBSERVERS
    stormy.rest.publish(suit.update(author, 1, [image], klass=product), [image])
    assert lamp.poll().status == "4.04"

    def is_place_again():
        peer, taken = observe(stormy, lamp.endpoint)
        peer.close()
        return taken

    eventually(is_place_again, 120)
    for peer, _ in crowd:
        peer.close()


# Uploads


def test_bodies_that_are_begun_and_left(stormy, lamp, unique):
    """Long before they time out they make room for who goes on sending."""
    begun = set()
    for number in range(1000):
        with contextlib.closing(open_socket(stormy.coap)) as sock:
            peer = CoapPeer(stormy.coap)
            peer.socket.close()
            peer.socket = sock
            query = (f"ep=leaver-{number}",)
            begun.add(post_block(peer, "/rd", query, bytes(1024), 0, True).status)
    assert begun == {"2.31", "5.03"}
    assert lamp.poll().status == "4.04"
    body = suit.registration([suit.installed(component=(bytes(60),))])
    late = CoapPeer(stormy.coap)
    query = (f"ep={unique('late')}",)
    eventually(lambda: late.post("/rd", body, query, szx=2).status == "2.01", 120)
    late.close()


def test_many_uploads_of_images(stormy, lamp):
    """Each begun, and none of them finished: nothing is held open for them."""
    head = {"Tus-Resumable": "1.0.0"}
    patch = {**head, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    n_open = len(os.listdir(f"/proc/{stormy.pid}/fd"))
    with bounded(stormy, 16):
        for _ in range(60):
            reply = stormy.rest.post("/api/v1/uploads", 201, headers={**head, "Upload-Length": "1000000"})
            stormy.rest.patch(reply.headers["Location"], 204, headers=patch, data=b"x")
    assert lamp.poll().status == "4.04"
    assert len(os.listdir(f"/proc/{stormy.pid}/fd")) < n_open + 20


# HTTP


def test_requests_that_never_end(stormy, lamp):
    """As many as one address may have; others, and devices, are served."""
    parsed = urllib.parse.urlsplit(stormy.http)
    stormy.rest.session.close()
    with contextlib.ExitStack() as held:
        for _ in range(2 * MAX_CONNECTIONS):
            connection = held.enter_context(contextlib.closing(rest_raw.connect(stormy)))
            with contextlib.suppress(ConnectionError):
                connection.sendall(b"POST /api/v1/manifests HTTP/1.1\r\nHost: suitd\r\nX-Slow: ")
        assert lamp.poll().status == "4.04"
        elsewhere = Rest(f"http://[::1]:{parsed.port}", stormy.token)
        assert elsewhere.get("/api/v1/devices").status_code == 200
