# SPDX-License-Identifier: Apache-2.0
"""The machinery of `make bench` runs, and the load generator notices what is wrong. No figure is judged."""

import json
import socket
import threading

import pytest

from sandbox import TOP, run

BUILD = TOP / "build"
BENCH = TOP / "tests" / "bench" / "bench"
LOAD = BUILD / "tests" / "bench" / "coap_load"
KEYS = {"measure", "ratio", "at_least", "holds", "ours", "reference"}


@pytest.fixture(scope="module", autouse=True)
def programs():
    run("make", "-C", BUILD, "bench-programs", timeout=300)


def test_measures_a_poll(tmp_path):
    out = tmp_path / "bench.json"
    run(BENCH, "--smoke", "-k", "coap.poll_64", "--json", out, timeout=300)
    rows = json.loads(out.read_text())
    assert [row["name"] for row in rows] == ["coap.poll_64"]
    assert KEYS <= set(rows[0]) and rows[0]["ours"] > 0 and rows[0]["reference"] > 0
    assert rows[0]["holds"] == (rows[0]["ratio"] >= rows[0]["at_least"])


def test_lists_measures_and_makes_a_table(tmp_path):
    names = [line.split(":")[0] for line in run(BENCH, "--list").stdout.decode().splitlines()]
    assert "coap.poll_64" in names and len(names) == len(set(names))
    row = {"measure": "one", "ratio": 0.5, "at_least": 0.55, "holds": False, "ours": 1,
           "reference": 2, "name": "x.y", "unit": "/s", "bottleneck": "server",
           "bottleneck_reference": "load", "date": "2000-01-01"}
    (tmp_path / "bench.json").write_text(json.dumps([row]))
    table = run(BENCH, "--markdown", "--json", tmp_path / "bench.json").stdout.decode()
    assert "| one | 0.50 | 0.55 | missed | 1.00 | 2.00 | /s | server / load |" in table


def load(server, *options):
    return json.loads(run(LOAD, "poll", "--server", server, "--once", *options).stdout)


class Answerer:
    """A server that answers each request with what answer(request) gives."""

    def __init__(self, answer):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.answer, self.peers = answer, set()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while True:
            request, peer = self.socket.recvfrom(2048)
            if not request:
                return
            self.peers.add(peer)
            for datagram in self.answer(request):
                self.socket.sendto(datagram, peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        stop.sendto(b"", self.socket.getsockname())
        stop.close()
        self.thread.join()
        self.socket.close()


def content(request, message_id=None, token=None, payload=b"right", code=0x45):
    """A piggy-backed 2.05."""
    head = bytes([0x64, code]) + (message_id or request[2:4]) + (token or request[4:8])
    return head + b"\xff" + payload


def test_every_peer_has_an_address_of_its_own(tmp_path):
    (tmp_path / "content").write_bytes(b"right")
    with Answerer(lambda request: [content(request)]) as server:
        found = load(server.address, "--peers", 500, "--content", tmp_path / "content")
    assert found["answered"] == 500 and found["wrong"] == found["lost"] == 0
    assert len(server.peers) == 500


@pytest.mark.parametrize("wrong", [
    lambda request: content(request, payload=b"wrong"),
    lambda request: content(request, code=0x84),
    lambda request: content(request, message_id=bytes([request[2] ^ 1, request[3]])),
    lambda request: b"\x64",
])
def test_wrong_answers_are_counted(tmp_path, wrong):
    (tmp_path / "content").write_bytes(b"right")

    def answer(request):
        datagram = wrong(request)
        return [datagram] if len(datagram) > 4 else [datagram, content(request)]

    with Answerer(answer) as server:
        found = load(server.address, "--peers", 20, "--content", tmp_path / "content")
    assert found["wrong"] == 20 and found["complaint"]


def test_a_bad_network_is_made_up_for():
    with Answerer(lambda request: [content(request)]) as server:
        found = load(server.address, "--peers", 300, "--loss", 0.1, "--reorder", 0.1,
                     "--duplicate", 0.1, "--seed", 7, "--ack-timeout", 0.2)
    assert found["answered"] + found["lost"] == 300 and found["wrong"] == 0
    assert found["dropped"] > 0 and found["held"] > 0 and found["doubled"] > 0
    assert found["retransmitted"] > 0


def test_separate_answers_are_acknowledged():
    acknowledged = []

    def answer(request):
        if len(request) == 4:
            acknowledged.append(request)
            return []
        separate = bytes([0x44, 0x45]) + b"\x12\x34" + request[4:8]
        return [b"\x60\x00" + request[2:4], separate]

    with Answerer(answer) as server:
        found = load(server.address, "--peers", 50)
    assert found["answered"] == 50 and found["wrong"] == 0
    assert acknowledged == [b"\x60\x00\x12\x34"] * 50
