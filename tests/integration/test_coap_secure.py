# SPDX-License-Identifier: Apache-2.0
"""coaps and tokens: a device that has a credential is accepted with it, and with nothing else."""

import random
import socket
import subprocess

import pytest
import suit_oracle as suit
from coap_raw import CLIENT, coap_client, is_alive, open_socket
from device import CoapDevice, HttpDevice
from sandbox import Rest, eventually

KEY = "correct horse battery"


@pytest.fixture
def secured(sandbox, unique, tmp_path):
    """An endpoint with a pre-shared key, and a function that registers over coaps."""
    endpoint = unique("secure")
    path = f"/api/v1/devices/{endpoint}/credentials"
    sandbox.rest.put(path, json={"psk": KEY.encode().hex()})
    body = tmp_path / "registration"
    body.write_bytes(suit.registration())

    def register(identity=endpoint, key=KEY, query=""):
        args = ("-v", "6", "-m", "post", "-t", "60", "-f", body, sandbox.coaps + "/rd" + query)
        return b"".join(coap_client(*args, identity=identity, key=key))

    return endpoint, register


def test_identity_is_the_endpoint(sandbox, secured):
    endpoint, register = secured
    assert b"2.01" in register()
    shown = sandbox.rest.device(endpoint)
    assert shown["transport"] == "coaps" and shown["live"]
    assert b"2.01" in register(query=f"?ep={endpoint}")


def test_identity_is_not_the_endpoint(sandbox, secured):
    _, register = secured
    assert b"2.01" in register()
    assert b"4.03" in register(query="?ep=somebody-else")
    reply = sandbox.rest.request("GET", "/api/v1/devices/somebody-else")
    assert reply.status_code == 404


def test_wrong_key_and_unknown_identity(sandbox, secured):
    endpoint, register = secured
    assert b"2.01" not in register(key="wrong key wrong key")
    assert b"2.01" not in register(identity="nobody")
    assert sandbox.rest.request("GET", f"/api/v1/devices/{endpoint}").status_code == 404
    assert is_alive(sandbox)


def test_plain_coap_cannot_take_its_name(sandbox, secured):
    endpoint, register = secured
    assert b"2.01" in register()
    device = CoapDevice(sandbox, endpoint)
    assert device.register().status == "4.01"
    assert device.poll().status == "4.01"
    assert device.status(state="failed").status == "4.01"
    assert device.report(b"\xa0").status == "4.01"
    http = HttpDevice(sandbox, endpoint)
    http.rest.token = None
    assert http.register().status_code == 401


def test_registration_id_is_no_credential(sandbox, secured):
    """Who has overheard /rd/<id> cannot use it without the key."""
    endpoint, register = secured
    assert b"2.01" in register()
    (row,) = sandbox.sql("SELECT registration FROM device WHERE endpoint = %s", endpoint)
    device = CoapDevice(sandbox, endpoint)
    assert device.peer.post(f"/rd/{row[0]}").status == "4.01"
    assert device.peer.delete(f"/rd/{row[0]}").status == "4.01"
    assert sandbox.rest.device(endpoint)["live"]


def test_withdrawn_key(sandbox, secured):
    endpoint, register = secured
    assert b"2.01" in register()
    sandbox.rest.delete(f"/api/v1/devices/{endpoint}/credentials")
    assert b"2.01" not in register()


def test_garbage_at_the_secure_port(sandbox):
    source = random.Random(3)
    sock = open_socket(sandbox.coaps, 0.01)
    for _ in range(500):
        sock.send(source.randbytes(source.randrange(1, 300)))
        sock.send(b"\x16\xfe\xfd" + source.randbytes(60))
    sock.close()
    assert is_alive(sandbox)


# HTTP


@pytest.fixture
def with_token(sandbox, unique):
    endpoint = unique("token")
    path = f"/api/v1/devices/{endpoint}/credentials"
    token = sandbox.rest.put(path, json={"token": True}).json()["token"]
    return endpoint, token


def test_token(sandbox, with_token):
    endpoint, token = with_token
    device = HttpDevice(sandbox, endpoint, token)
    assert device.register().status_code == 201
    assert device.poll().status_code == 404
    assert sandbox.rest.device(endpoint)["transport"] == "http"
    assert device.rest.request("POST", device.location).status_code == 204
    for token in (None, "wrong", sandbox.token):
        reply = HttpDevice(sandbox, endpoint, token)
        reply.rest = Rest(sandbox.http, token)
        answer = reply.register()
        assert answer.status_code == 401 and "Bearer" in answer.headers["WWW-Authenticate"]


def test_token_of_another_device(sandbox, with_token, unique):
    endpoint, token = with_token
    device = HttpDevice(sandbox, endpoint, token)
    assert device.register().status_code == 201
    assert HttpDevice(sandbox, unique("other"), token).register().status_code == 403


def test_only_devices_with_credentials(make_sandbox):
    sandbox = make_sandbox(device__require_credentials="yes")
    assert CoapDevice(sandbox, "anybody").register().status == "4.01"
    assert HttpDevice(sandbox, "anybody").register().status_code == 401
    path = "/api/v1/devices/known/credentials"
    token = sandbox.rest.put(path, json={"token": True}).json()["token"]
    device = HttpDevice(sandbox, "known", token)
    assert device.register().status_code == 201


def test_a_device_that_lost_its_session_gets_another(sandbox, secured):
    """It restarted and comes from the same port, where suitd knows its old session (RFC 6347 section 4.2.8)."""
    endpoint, _ = secured
    port = next(port for port in range(50000, 60000) if is_free(port))
    ask = [CLIENT, "-v", "6", "-p", str(port), "-u", endpoint, "-k", KEY]
    path = f"{sandbox.coaps}/suit/manifest"
    # An observer stays until it is killed, and says nothing when it dies.
    first = subprocess.Popen([*ask, "-s", "600", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)  # fmt: skip
    try:
        assert any(b"4.04" in line for line in first.stdout), "the first session works"
    finally:
        first.kill()
        first.communicate()
    again = ["-B", "8", "-m", "get", path]

    def is_answered():
        done = subprocess.run([*ask, *again], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return b"4.04" in done.stdout + done.stderr

    eventually(is_answered, 120)
    assert is_alive(sandbox)


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("", port))
        except OSError:
            return False
        return True
