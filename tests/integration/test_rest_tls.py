# SPDX-License-Identifier: Apache-2.0
"""HTTPS: the same server with a certificate of its own."""

import datetime
import ipaddress
import os
import re
import socket
import subprocess

import pytest
import suit_oracle as suit
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from rest_raw import is_closed
from sandbox import Rest, eventually, free_port


def make_certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "suitd test")])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "tls.crt", folder / "tls.key"


def configure(sandbox, port, certificate, key):
    """The sandbox's configuration, for a second suitd with HTTPS and no CoAP."""
    text = sandbox.config_path.read_text()
    text = re.sub(r"(?m)^(certificate|key) =.*\n", "", text)
    text = re.sub(r"(?ms)(\[coap\].*?\nlisten =)[^\n]*", r"\1", text)
    text = re.sub(r"(?ms)(\[coap\].*?\nlisten_secure =)[^\n]*", r"\1", text)
    text = re.sub(
        r"(?ms)(\[http\].*?\n)listen =[^\n]*",
        rf"\g<1>listen = 127.0.0.1:{port}\ncertificate = {certificate}\nkey = {key}",
        text,
    )
    path = sandbox.folder / "tls.conf"
    path.write_text(text)
    return path


@pytest.fixture
def secure(fresh):
    port = free_port()
    certificate, key = make_certificate(fresh.folder)
    path = configure(fresh, port, certificate, key)
    with open(fresh.folder / "tls.log", "wb") as log:
        process = subprocess.Popen(
            [fresh.env["SUITD_BIN"], "--config", str(path)], stdin=subprocess.DEVNULL, stderr=log
        )
    rest = Rest(f"https://127.0.0.1:{port}", fresh.token)
    rest.session.verify = str(certificate)
    eventually(lambda: rest.get("/readyz", None).status_code == 200)
    yield rest
    process.terminate()
    assert process.wait(30) == 0


def test_https(fresh, secure):
    image = suit.Image(os.urandom(3_000_000))
    secure.put_image(image, 201)
    url = "/blob/" + image.digest[7:]
    assert secure.get(url).content == image.content
    part = secure.get(url, 206, headers={"Range": "bytes=1000000-1999999"})
    assert part.content == image.content[1_000_000:2_000_000]
    told = suit.registration([])
    headers = {"Content-Type": "application/cbor"}
    secure.token = None
    secure.post("/device/v1/rd?ep=lamp", 201, data=told, headers=headers)
    assert fresh.rest.device("lamp")["transport"] == "https"


def test_waiting_for_commands(secure):
    """The wait is not cut short by what TLS says in between, and its end makes room."""
    secure.token = None
    eventually(lambda: secure.post("/device/v1/rd?ep=lamp", None).status_code == 201)
    url = "/device/v1/suit/command?ep=lamp&wait=2"
    for _ in range(2):
        assert secure.get(url, 204).elapsed.total_seconds() >= 2


def test_noise_instead_of_tls(secure):
    port = int(secure.base.rsplit(":", 1)[1])
    for noise in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(2000)):
        with socket.create_connection(("127.0.0.1", port), timeout=90) as connection:
            try:
                connection.sendall(noise)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            assert is_closed(connection)
    secure.get("/healthz")
