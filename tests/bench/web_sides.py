# SPDX-License-Identifier: Apache-2.0
"""nginx beside suitd, suitd with HTTPS, and wrk as the load on both."""

import contextlib
import http.client
import json
import os
import pathlib
import resource
import socket
import ssl
import subprocess
import time
import urllib.parse

from harness import BenchError, Program

NGINX = "/usr/sbin/nginx"
SCRIPT = pathlib.Path(__file__).resolve().parent / "wrk.lua"
CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; {user}
events {{ worker_connections 8192; }}
http {{
	access_log off; server_tokens off; sendfile on;
	keepalive_requests 1000000000; keepalive_timeout 600;
	client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
	server {{
		listen 127.0.0.1:{port} backlog=4096 {listen};
		{server}
	}}
}}
"""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(process, port, what):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise BenchError(f"{what} did not start")


def children_of(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


class Nginx(Program):
    """One worker, with a configuration and a folder of its own. server: lines of it."""

    def __init__(self, bench, server, scheme="http"):
        folder = bench.folder()
        port = free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        text = CONFIGURATION.format(
            folder=folder, port=port, user=user, server=server,
            listen="ssl" if scheme == "https" else "")
        (folder / "nginx.conf").write_text(text)
        process = bench.spawn(NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log")
        super().__init__(process, port)
        bench.keep(self)
        wait_for_port(process, port, "nginx")
        self.url = f"{scheme}://127.0.0.1:{port}"

    @property
    def pids(self):
        return children_of(self.process.pid)


class SecureSuitd(Program):
    """A second suitd with HTTPS beside the one of a sandbox, on its database and its files."""

    def __init__(self, bench, sandbox, certificate, key):
        port = free_port()
        config = bench.folder() / "suitd.conf"
        config.write_text(
            f"[database]\nconninfo = {sandbox.pg}\n"
            f"[storage]\ndirectory = {sandbox.storage}\n"
            f"[http]\nlisten = 127.0.0.1:{port}\ncertificate = {certificate}\nkey = {key}\n"
            "[coap]\nlisten =\nlisten_secure =\n")
        process = bench.spawn(sandbox.env["SUITD_BIN"], "--config", config, stderr=subprocess.DEVNULL)
        super().__init__(process, port)
        bench.keep(self)
        wait_for_port(process, port, "suitd with HTTPS")
        self.url = f"https://127.0.0.1:{port}"


def make_certificate(folder):
    """Of an own authority of one; gives the paths of certificate and key."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return certificate, key


def cipher_of(url, certificate):
    """What a client of OpenSSL, such as wrk, agrees on with this server."""
    where = urllib.parse.urlsplit(url)
    context = ssl.create_default_context(cafile=str(certificate))
    with socket.create_connection((where.hostname, where.port), 10) as plain:
        with context.wrap_socket(plain, server_hostname=where.hostname) as secured:
            return secured.cipher()[0]


def ask(url, paths, headers=None, context=None):
    """(status, body, bytes of the whole answer as sent) of each path, over one connection."""
    where = urllib.parse.urlsplit(url)
    make = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    options = {"context": context} if context else {}
    connection = make(where.hostname, where.port, timeout=60, **options)
    try:
        for path in paths:
            connection.request("GET", path, headers=headers or {})
            reply = connection.getresponse()
            body = reply.read()
            top = len(f"HTTP/1.1 {reply.status} {reply.reason}\r\n\r\n")
            top += sum(len(f"{name}: {value}\r\n") for name, value in reply.getheaders())
            yield reply.status, body, top + len(body)
    finally:
        connection.close()


def wrk(bench, server, connections, path, n_paths=0, **options):
    """One run of wrk: see parse_wrk for the options. Gives a Side."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    headers = options.pop("headers", ())
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(bench.seconds))}s", "--timeout", "30s",
            "-s", SCRIPT, server.url, "--", path, n_paths, *headers]
    return bench.timed(server, argv, parse_wrk, connections=connections, **options)


def parse_wrk(text, connections, sizes, refused=False, count_bytes=False):
    """Every answer had a status of 400 and more if refused, else none had; and all together were as
    long as answers of sizes (smallest, largest) are. The rate is of answers, or of MiB."""
    found = json.loads(text.strip().splitlines()[-1])
    answered, received = found["answered"], found["bytes"]
    if found["broken"] or found["refused"] != (answered if refused else 0):
        raise BenchError(f"wrong answers: {found}")
    smallest, largest = sizes
    # What the connections had received of one more answer each when time was up counts as well.
    if not answered * smallest <= received <= (answered + connections) * largest:
        raise BenchError(f"answers of another size than {sizes}: {found}")
    if count_bytes:
        found["answered"] = received / 2**20
        return found["answered"] / found["seconds"], found
    return answered / found["seconds"], found
