# SPDX-License-Identifier: Apache-2.0
"""docs/nginx.conf: TLS in nginx, suitd behind it."""

import os
import pathlib
import socket
import subprocess
import tempfile

import pytest
import suit_oracle as suit
from sandbox import TOP, Rest, eventually

NGINX = pathlib.Path("/usr/sbin/nginx")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
        check=True, capture_output=True,
    )  # fmt: skip


def configuration(folder, port, sandbox):
    """The documented file with the addresses and folders of this test."""
    text = (TOP / "docs" / "nginx.conf").read_text()
    for documented, here in (
        ("/var/cache/nginx/suitd", folder / "cache"),
        ("127.0.0.1:8080", sandbox.http.removeprefix("http://")),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/suitd/", f"{folder}/"),
    ):
        assert documented in text
        text = text.replace(documented, str(here))
    paths = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return (
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; {user}"
        f"events {{}} http {{ access_log off; {paths}\n{text}\n}}"
    )


@pytest.fixture
def proxied(sandbox):
    if not NGINX.exists():
        pytest.skip("there is no nginx")
    with tempfile.TemporaryDirectory(prefix="suitd-proxy.") as name:
        folder, port = pathlib.Path(name), free_port()
        make_certificate(folder)
        (folder / "nginx.conf").write_text(configuration(folder, port, sandbox))
        argv = [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rest = Rest(f"https://127.0.0.1:{port}", sandbox.token)
        rest.session.verify = str(folder / "tls.crt")
        try:
            eventually(lambda: is_ready(rest, process))
            yield rest
        finally:
            process.terminate()
            process.wait(30)


def is_ready(rest, process):
    assert process.poll() is None, "nginx did not start"
    try:
        return rest.get("/readyz", None).status_code == 200
    except OSError:  # nothing listens yet
        return False


def test_all_goes_through_the_proxy(sandbox, proxied, unique):
    image = suit.Image(os.urandom(3 << 20))
    proxied.put_image(image, 201)
    path = "/blob/" + image.digest.split(":")[1]
    for _ in range(2):  # from suitd, then from the cache
        reply = proxied.get(path)
        assert reply.content == image.content and reply.headers["ETag"] == f'"{path[6:]}"'
    part = proxied.get(path, 206, headers={"Range": "bytes=1000000-1000999"})
    assert part.content == image.content[1000000:1001000]
    assert proxied.get(path, 304, headers={"If-None-Match": f'"{path[6:]}"'}).content == b""

    proxied.token = None
    endpoint = unique("proxied")
    proxied.post(f"/device/v1/rd?ep={endpoint}", 201, json={"lifetime": 600})
    nothing = proxied.get(f"/device/v1/suit/manifest?ep={endpoint}", 404)
    assert "max-age" in nothing.headers["Cache-Control"]
    assert sandbox.rest.device(endpoint)["lifetime"] == 600
