# SPDX-License-Identifier: Apache-2.0
"""Every listener speaks IPv6 as well: whole updates over ::1."""

import configparser
import types

import pytest
import suit_oracle as suit
from coap_raw import coap_client
from device import CoapDevice, HttpDevice
from sandbox import Rest

KEY = "correct horse battery"


@pytest.fixture
def ipv6(sandbox):
    """The shared sandbox under its IPv6 addresses."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(sandbox.config_path)

    def base(scheme, section, option):
        found = [word for word in config[section][option].split() if word.startswith("[::1]:")]
        return f"{scheme}://{found[0]}"

    return types.SimpleNamespace(
        http=base("http", "http", "listen"),
        coap=base("coap", "coap", "listen"),
        coaps=base("coaps", "coap", "listen_secure"),
    )


@pytest.mark.parametrize("kind", [CoapDevice, HttpDevice])
def test_whole_update(sandbox, ipv6, trusted, unique, product, kind):
    image = suit.Image(f"firmware {product}".encode() * 400, f"/fw/{product}.bin")
    Rest(ipv6.http, sandbox.token).publish(
        suit.update(trusted, 1, [image], klass=product), [image]
    )
    device = kind(ipv6, unique("six"))
    device.register(klass=product)
    device.run_update(image, 1)
    shown = sandbox.rest.device(device.endpoint)
    assert "::1" in shown["address"]
    assert [done["state"] for done in sandbox.rest.deployments(device.endpoint)] == ["confirmed"]


def test_dtls(sandbox, ipv6, unique, tmp_path):
    endpoint = unique("six-secure")
    path = f"/api/v1/devices/{endpoint}/credentials"
    sandbox.rest.put(path, json={"psk": KEY.encode().hex()})
    body = tmp_path / "registration"
    body.write_bytes(suit.registration())
    args = ("-v", "6", "-m", "post", "-t", "60", "-f", body, ipv6.coaps + "/rd")
    assert b"2.01" in b"".join(coap_client(*args, identity=endpoint, key=KEY))
    shown = sandbox.rest.device(endpoint)
    assert shown["transport"] == "coaps" and "::1" in shown["address"]
