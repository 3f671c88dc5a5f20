# SPDX-License-Identifier: Apache-2.0
"""Devices that wait for their commands over HTTP."""

import contextlib
import http.client
import socket
import threading
import urllib.parse

import pytest
from device import HttpDevice
from sandbox import Rest, eventually

COMMAND = "/device/v1/suit/command"


class Poll(threading.Thread):
    """One request for a command that waits, on a connection of its own."""

    def __init__(self, sandbox, endpoint, wait=300, **headers):
        super().__init__()
        parsed = urllib.parse.urlsplit(sandbox.http)
        self.connection = http.client.HTTPConnection(parsed.hostname, parsed.port, timeout=60)
        self.connection.connect()
        self.socket = self.connection.sock
        query = urllib.parse.urlencode({"ep": endpoint, "wait": wait})
        self.connection.request("GET", f"{COMMAND}?{query}", headers=headers)
        self.status = self.body = self.headers = self.error = None
        self.start()

    def run(self):
        try:
            reply = self.connection.getresponse()
            self.status, self.headers, self.body = reply.status, reply.headers, reply.read()
        except (OSError, http.client.HTTPException) as error:
            self.error = error

    def hang_up(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.join()
        self.connection.close()

    def answer(self, timeout=30):
        self.join(timeout)
        assert not self.is_alive(), "it still waits"
        assert self.error is None, self.error
        return self.status


def registered(sandbox, name):
    device = HttpDevice(sandbox, name)
    assert device.register().status_code == 201
    return device


def ask(sandbox, token=None, **query):
    return Rest(sandbox.http, token).request("GET", COMMAND, params=query)


def test_nothing_comes(sandbox, unique):
    device = registered(sandbox, unique("lamp"))
    for wait in ({}, {"wait": 0}, {"wait": 1}):
        reply = ask(sandbox, ep=device.endpoint, **wait)
        assert (reply.status_code, reply.content) == (204, b"")
        assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("wait", ["-1", "301", "x", "", "1.5", "99999999999999999999"])
def test_bad_waits(sandbox, unique, wait):
    device = registered(sandbox, unique("lamp"))
    reply = ask(sandbox, ep=device.endpoint, wait=wait)
    assert (reply.status_code, reply.json()["field"]) == (400, "wait")


def test_who_may_wait(sandbox, rest, unique):
    assert ask(sandbox, wait=1).status_code == 400
    assert ask(sandbox, ep="nobody-" + unique("lamp"), wait=1).status_code == 404
    device = registered(sandbox, unique("lamp"))
    path = f"/api/v1/devices/{device.endpoint}/credentials"
    token = rest.put(path, json={"token": True}).json()["token"]
    assert ask(sandbox, ep=device.endpoint).status_code == 401
    assert ask(sandbox, "wrong", ep=device.endpoint).status_code == 401
    assert ask(sandbox, token, ep=device.endpoint).status_code == 204
    assert ask(sandbox, token, ep="another").status_code == 403


def test_head_takes_nothing(sandbox, unique):
    device = registered(sandbox, unique("lamp"))
    waiting = Poll(sandbox, device.endpoint)
    reply = device.rest.head(COMMAND, 204, params={"ep": device.endpoint, "wait": 60})
    assert reply.content == b""
    assert waiting.is_alive()
    waiting.hang_up()


def test_a_newer_request_takes_the_place(sandbox, unique):
    device = registered(sandbox, unique("lamp"))
    older = Poll(sandbox, device.endpoint)
    newer = Poll(sandbox, device.endpoint)
    eventually(lambda: not (older.is_alive() and newer.is_alive()))
    done, waiting = (older, newer) if not older.is_alive() else (newer, older)
    assert done.answer() == 204
    assert waiting.is_alive()
    waiting.hang_up()


def test_another_request_ends_the_wait(sandbox, unique):
    """On the same connection: it would never be read otherwise."""
    device = registered(sandbox, unique("lamp"))
    poll = Poll(sandbox, device.endpoint)
    assert ask(sandbox, ep=unique("nobody")).status_code == 404  # it is taken up by now
    poll.socket.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert poll.answer() == 204
    poll.hang_up()


def test_so_many_wait_and_no_more(make_sandbox):
    """Three quarters of the connections; a closed one makes room."""
    sandbox = make_sandbox(http__max_connections="16")
    devices = [registered(sandbox, f"lamp-{n}") for n in range(13)]
    for device in devices:
        device.rest.session.close()
    polls = [Poll(sandbox, device.endpoint) for device in devices[:12]]
    last = devices[12].endpoint

    replies = []

    def is_full():
        replies.append(ask(sandbox, ep=last))
        return replies[-1].status_code == 503

    eventually(is_full)
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert all(poll.is_alive() for poll in polls)
    polls[5].hang_up()
    eventually(lambda: ask(sandbox, ep=last).status_code == 204)
    for poll in polls:
        poll.hang_up()


def test_who_waits_is_told_that_suitd_stops(fresh):
    device = registered(fresh, "lamp")
    polls = [Poll(fresh, device.endpoint), Poll(fresh, registered(fresh, "lamp-2").endpoint)]
    assert ask(fresh, ep="lamp-3").status_code == 404  # both are taken up by now
    fresh.stop()
    assert [poll.answer() for poll in polls] == [503, 503]
    assert polls[0].headers["Retry-After"]
    for poll in polls:
        poll.hang_up()
    fresh.start()
    assert ask(fresh, ep="lamp").status_code == 204


def test_waiting_takes_longer_than_idle_connections_may(make_sandbox):
    sandbox = make_sandbox(http__idle_timeout="PT1S")
    device = registered(sandbox, "lamp")
    assert Poll(sandbox, device.endpoint, wait=4).answer() == 204
