# SPDX-License-Identifier: Apache-2.0
"""Devices that wait for their commands over HTTP."""

import contextlib
import datetime
import http.client
import socket
import threading
import urllib.parse

import pytest
import suit_oracle as suit
from command_device import CommandedDevice
from device import HttpDevice
from polling_device import ALWAYS_ON, COMMAND, PollingDevice
from reference_device import ReferenceDevice
from sandbox import Rest, eventually


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
    eventually(lambda: device.register().status_code == 201)
    return device


def ask(sandbox, token=None, **query):
    return Rest(sandbox.http, token).request("GET", COMMAND, params=query)


def test_nothing_comes(sandbox, unique):
    device = registered(sandbox, unique("lamp"))
    for wait in ({}, {"wait": 0}, {"wait": 1}):
        reply = ask(sandbox, ep=device.endpoint, **wait)
        assert (reply.status_code, reply.content) == (204, b"")
        assert reply.headers["Cache-Control"] == "no-store"
        polls = wait.get("wait", 0) == 0
        assert polls == ("Retry-After" in reply.headers)
        assert not polls or int(reply.headers["Retry-After"]) >= 3 * 3600  # of normal, three quarters


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


def test_metrics_count_who_waits(make_sandbox):
    sandbox = make_sandbox()
    device = registered(sandbox, "lamp")

    def is_counted(n):
        return f"\nsuitd_http_waiting {n}\n" in sandbox.rest.get("/metrics").text

    assert is_counted(0)
    poll = Poll(sandbox, device.endpoint)
    eventually(lambda: is_counted(1))
    poll.hang_up()
    eventually(lambda: is_counted(0))


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
    eventually(lambda: ask(fresh, ep="lamp").status_code == 204)


def test_waiting_takes_longer_than_idle_connections_may(make_sandbox):
    sandbox = make_sandbox(http__idle_timeout="PT1S")
    device = registered(sandbox, "lamp")
    assert Poll(sandbox, device.endpoint, wait=4).answer() == 204


# With a policy: whole updates.


class Bench:
    """A release for devices of one class."""

    def __init__(self, sandbox, key, product, unique):
        self.sandbox, self.key, self.product, self.unique = sandbox, key, product, unique
        self.images = [suit.Image(f"{n} {product}".encode() * 40, f"/fw/{product}/{n}.bin") for n in (1, 2)]

    def device(self, profile=None):
        device = PollingDevice(self.sandbox, self.unique("polling"), self.product, profile)
        return device.register([suit.installed(self.images[0], 1)])

    def publish(self, **query):
        image = self.images[1]
        self.sandbox.rest.put_image(image)
        update = suit.update(self.key, 2, [image], klass=self.product)
        made = self.sandbox.rest.post_manifest(update, **query).json()
        self.sandbox.rest.approve(made["digest"])
        return made["digest"]

    def finish(self, device, days=0):
        """From the trigger on; so many days go by before the class lets service be interrupted."""
        device.await_command("trigger")
        offer = device.poll()
        assert offer.status_code == 200
        device.say("downloading", "downloaded")
        if days:
            assert device.ask(1) is None
            device.let_time_pass(days * 86400)
        command = eventually(device.ask)
        if command["command"] == "notice":
            device.let_time_pass(3600)
            command = eventually(device.ask)
        assert command["command"] == "install"
        device.say("installing", "rebooting")
        device.run(self.images[1], 2)
        return device.wait_state("confirmed")


@pytest.fixture
def bench(sandbox, trusted, product, unique):
    return Bench(sandbox, trusted, product, unique)


def test_a_device_that_agrees(bench):
    device = bench.device()
    release = bench.publish()
    offer = device.await_command("offer")
    assert offer["release"] == release and offer["urgency"] == "normal"
    assert offer["download_bytes"] == len(bench.images[1].content)
    assert offer["deployment"] == device.deployment["id"]
    device.answer(offer, "now")
    bench.finish(device)
    assert [command["command"] for command in device.commands][:2] == ["offer", "trigger"]


def test_a_device_that_is_only_told(bench):
    device = bench.device(ALWAYS_ON)
    bench.publish()
    bench.finish(device, days=10)
    assert [command["command"] for command in device.commands] == ["trigger", "notice", "install"]


def test_a_device_that_says_when(bench):
    device = bench.device()
    bench.publish()
    offer = device.await_command("offer")
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
    device.answer(offer, "at", at=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    promised = device.wait_state("accepted")["plan"]["promised_at"]
    assert promised.startswith(at.strftime("%Y-%m-%dT%H:%M:%S"))
    assert device.ask(1) is None
    assert device.poll().status_code == 404
    device.let_time_pass(7200)
    bench.finish(device)


def test_a_device_that_says_no(bench):
    device = bench.device()
    bench.publish()
    offer = device.await_command("offer")
    device.answer(offer, "no", reason="printing")
    deferred = device.wait_state("deferred")
    assert deferred["plan"]["deferrals"] == 1
    assert ("defer", "deferred") in device.events()
    assert any(row["detail"] == "printing" for row in device.history())
    assert device.ask(1) is None


def in_hours(hours):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(
    "word, more",
    [("no", {"reason": "printing"}), ("at", {"at": 2}), ("at", {"at": 1000}), ("now", {})],
    ids=["no", "at", "at_too_late_a_time", "now"],
)
def test_an_answer_that_is_repeated_counts_once(bench, word, more):
    """Its acknowledgement was lost; what is said to another offer is another answer."""
    device = bench.device()
    bench.publish()
    offer = device.await_command("offer")
    more = {name: in_hours(value) if name == "at" else value for name, value in more.items()}
    device.answer(offer, word, **more)
    first = device.history()
    for _ in range(2):
        device.answer(offer, word, **more)
    assert device.history() == first
    deferrals = int(word != "now")
    assert device.plan["deferrals"] == deferrals
    if word == "no":
        device.let_time_pass(7200)
        device.answer(device.await_command("offer"), word, **more)
        assert device.plan["deferrals"] == 2


def test_an_answer_that_comes_too_late_is_refused(bench):
    """Nobody is asked any more: the device must not take its time for agreed."""
    device = bench.device()
    bench.publish()
    offer = device.await_command("offer")
    bench.sandbox.rest.post(f"/api/v1/deployments/{offer['deployment']}/cancel", 200)
    refused = device.answer(offer, "at", 409, at=in_hours(2))
    assert (refused.json()["field"], "cancelled" in refused.json()["detail"]) == ("answer", True)


def test_an_offer_finds_the_next_poll_when_one_is_killed(bench):
    """Who hangs up is out of reach: nothing is sent into the void, and nothing counts as sent."""
    device = bench.device()
    poll = Poll(bench.sandbox, device.endpoint)
    eventually(lambda: poll.is_alive())
    poll.hang_up()
    bench.publish()
    eventually(lambda: device.deployment)
    assert device.plan["offers"] == 0
    offer = device.await_command("offer")
    assert "lost" not in [event for event, _ in device.events()]
    device.answer(offer, "now")
    device.wait_state("accepted", "downloading")


@pytest.fixture
def impatient(make_sandbox):
    """A suitd that gives devices a second to show that they have a command."""
    return make_sandbox(http__command_timeout="PT1S")


def test_a_command_into_silence_is_lost_and_comes_again(impatient, author_key, product, unique):
    impatient.rest.trust(author_key, "author")
    bench = Bench(impatient, author_key, product, unique)
    device = bench.device()
    bench.publish()
    first = device.await_command("offer")
    eventually(lambda: ("lost", "offered") in device.events())
    assert device.ask(1) is None  # it comes back, but not so soon
    device.let_time_pass(600)
    again = device.await_command("offer")
    assert again["deployment"] == first["deployment"]
    device.answer(again, "now")
    bench.finish(device)


def test_suitd_restarts_while_devices_wait(fresh, author_key, product, unique):
    fresh.rest.trust(author_key, "author")
    bench = Bench(fresh, author_key, product, unique)
    device = bench.device()
    poll = Poll(fresh, device.endpoint)
    fresh.kill()
    poll.join()
    assert poll.error is not None
    fresh.start()
    device.rest.base = fresh.http
    bench.publish()
    offer = device.await_command("offer")
    device.answer(offer, "now")
    device.await_command("trigger")
    fresh.restart()
    device.rest.base = fresh.http
    device.say("downloading", "downloaded")
    device.await_command("install")


def test_a_device_that_could_be_pushed_to_is_triggered(bench):
    device = bench.device({1: 0, 4: True, 5: True})
    bench.publish()
    device.answer(device.await_command("offer"), "now")
    bench.finish(device)
    assert "push" not in [command["command"] for command in device.commands]


def test_a_device_is_asked(bench):
    """Silent in the middle of its download: how far is it?"""
    device = bench.device()
    bench.publish()
    device.answer(device.await_command("offer"), "now")
    device.await_command("trigger")
    device.say("downloading")
    device.let_time_pass(7200)
    device.await_command("ask")
    device.say("downloaded")


# The reference device does all this.


def run_reference(bench, folder, *options):
    device = ReferenceDevice(
        bench.sandbox, bench.unique("reference"), folder, *options, scheme="http", klass=bench.product
    )
    device.trust(bench.key)
    return device


def is_registered(device):
    url = f"/api/v1/devices/{device.endpoint}"
    return device.sandbox.rest.request("GET", url).status_code == 200


def wait_for_state(device, *states):
    def probe():
        found = next(iter(device.sandbox.rest.deployments(device.endpoint)), None)
        return found if found and found["state"] in states else None

    return eventually(probe)


@pytest.mark.parametrize(
    "options, days", [(("--answers", "--answer", "now"), 0), (("--always-on",), 10)]
)
def test_suit_device_is_updated(bench, tmp_path, options, days):
    device = run_reference(bench, tmp_path, *options)
    process = device.start()
    try:
        eventually(lambda: is_registered(device))
        bench.publish()
        if days:
            wait_for_state(device, "downloaded")
            CommandedDevice.let_time_pass(device, days * 86400)
            eventually(lambda: device.deployment()["plan"]["noticed_at"])
            CommandedDevice.let_time_pass(device, 3600)
        wait_for_state(device, "confirmed")
        assert process.wait(30) == 0
    finally:
        process.kill()
        said = process.communicate()[0].decode()
        print(said)
    assert "told: fetch the update" in said and "told: install" in said
    assert ("offered:" in said) == (days == 0) and ("told: service goes away" in said) == (days > 0)


@pytest.mark.parametrize(
    "answer, state, word", [("at:7200", "accepted", "at "), ("no:printing", "deferred", "printing")]
)
def test_suit_device_puts_it_off(bench, tmp_path, answer, state, word):
    device = run_reference(bench, tmp_path, "--answers", "--answer", answer)
    process = device.start()
    try:
        eventually(lambda: is_registered(device))
        bench.publish()
        wait_for_state(device, state)
    finally:
        process.kill()
        print(process.communicate()[0].decode())
    history = bench.sandbox.rest.get(f"/api/v1/devices/{device.endpoint}/history").json()["items"]
    assert any((row["detail"] or "").startswith(word) for row in history)
