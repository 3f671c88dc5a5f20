# SPDX-License-Identifier: Apache-2.0
"""A private suitd with its own PostgreSQL (scripts/sandbox), and a client of its REST interface."""

import contextlib
import os
import pathlib
import random
import shlex
import signal
import socket
import subprocess
import time

import psycopg2
import requests

TOP = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = TOP / "scripts" / "sandbox"
PG_CLUSTER = TOP / "tests" / "support" / "pg_cluster"
SUIT_ENVELOPE = "application/suit-envelope+cose"
# make check-sanitized: such a suitd needs more memory, and lets nothing be loaded before its runtime.
SANITIZED = bool(os.environ.get("SUITD_SANITIZED"))


def run(*args, check=True, timeout=120, **options):
    """Runs a program to its end; its output is shown when it fails. Never waits for input."""
    options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(
        [str(arg) for arg in args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=timeout,
        check=False,
        **options,
    )
    if check and done.returncode != 0:
        raise AssertionError(
            f"{shlex.join(str(arg) for arg in args)} ended with {done.returncode}\n"
            f"{done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}"
        )
    return done


def free_port():
    """For TCP and UDP, below those that the kernel gives to clients: none of them takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue


def insist_on_length(reply):
    """requests takes a body that was cut off for a whole one: suitd may be killed while it sends."""
    wanted = int(reply.headers.get("Content-Length", 0))
    if reply.status_code != 304 and len(reply.content) < wanted:
        raise requests.ConnectionError(f"{reply.url}: {len(reply.content)} of {wanted} bytes")


class Rest:
    """One caller of the management interface: a base URL and, mostly, a token."""

    def __init__(self, base, token=None):
        self.base = base
        self.token = token
        self.session = requests.Session()
        self.session.trust_env = False

    def request(self, method, path, expect=None, **options):
        headers = dict(options.pop("headers", None) or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        options.setdefault("timeout", 60)
        url = path if path.startswith("http") else self.base + path
        reply = self.session.request(method, url, headers=headers, **options)
        if method != "HEAD" and not options.get("stream"):
            insist_on_length(reply)
        if expect is not None:
            wanted = expect if isinstance(expect, (tuple, list)) else (expect,)
            assert (
                reply.status_code in wanted
            ), f"{method} {path}: {reply.status_code} {reply.text[:1000]}"
        return reply

    def get(self, path, expect=200, **options):
        return self.request("GET", path, expect, **options)

    def head(self, path, expect=200, **options):
        return self.request("HEAD", path, expect, **options)

    def post(self, path, expect=(200, 201), **options):
        return self.request("POST", path, expect, **options)

    def put(self, path, expect=(200, 201), **options):
        return self.request("PUT", path, expect, **options)

    def patch(self, path, expect=204, **options):
        return self.request("PATCH", path, expect, **options)

    def delete(self, path, expect=204, **options):
        return self.request("DELETE", path, expect, **options)

    # What most tests do, in one line each.

    def trust(self, key, name="author", **scope):
        body = {"name": name, "pem": key.public_pem(), **scope}
        return self.post("/api/v1/trust-anchors", 201, json=body).json()

    def put_image(self, image, expect=(200, 201)):
        return self.put(f"/api/v1/images/{image.digest}", expect, data=image.content)

    def post_manifest(self, envelope, expect=(200, 201), **query):
        return self.post(
            "/api/v1/manifests",
            expect,
            data=envelope,
            params=query,
            headers={"Content-Type": SUIT_ENVELOPE},
        )

    def approve(self, digest, expect=200):
        return self.post(f"/api/v1/releases/{digest}/approve", expect)

    def publish(self, envelope, images, approve=True):
        """Images, manifest, approval: afterwards devices are offered it. Returns the release."""
        for image in images:
            self.put_image(image)
        release = self.post_manifest(envelope).json()
        return self.approve(release["digest"]).json() if approve else release

    def device(self, endpoint):
        return self.get(f"/api/v1/devices/{endpoint}").json()

    def deployments(self, endpoint):
        return self.get(f"/api/v1/devices/{endpoint}/deployments").json()["items"]


class Sandbox:
    """scripts/sandbox in a folder of its own."""

    def __init__(self, folder, **options):
        """options: configuration as section__option="value"."""
        self.folder = pathlib.Path(folder)
        pairs = [f"{name.replace('__', '.')}={value}" for name, value in options.items()]
        run(SCRIPT, "up", self.folder, *pairs)
        self.read_env()
        self.rest = Rest(self.http, self.token)
        self._tokens = {}
        self.allow_retries(0)

    def allow_retries(self, n):
        """Of failed deployments, in every class: without them a failure is an end that tests can see."""
        self.sql(
            "INSERT INTO policy_document (version, text, saved_by, saved_at)"
            " SELECT version + 1, regexp_replace(text, '\"max_retries\": ?[0-9]+',"
            " '\"max_retries\":' || %s, 'g'), 'test', now()"
            " FROM policy_document ORDER BY version DESC LIMIT 1",
            str(n),
        )
        self.restart()

    def read_env(self):
        text = (self.folder / "env").read_text()
        words = [word for line in text.splitlines() for word in shlex.split(line)[1:]]
        self.env = dict(word.split("=", 1) for word in words)
        self.http = self.env["SUITD_HTTP"]
        self.coap = self.env["SUITD_COAP"]
        self.coaps = self.env["SUITD_COAPS"]
        self.token = self.env["SUITD_TOKEN"]
        self.pg = self.env["SUITD_PG"]
        self.pid = int(self.env["SUITD_PID"])

    def close(self):
        run(SCRIPT, "down", self.folder)

    # suitd

    def start(self):
        run(SCRIPT, "start", self.folder)
        self.read_env()

    def stop(self):
        run(SCRIPT, "stop", self.folder)

    def kill(self):
        run(SCRIPT, "kill", self.folder)

    def restart(self):
        self.stop()
        self.start()

    def signal(self, number=signal.SIGHUP):
        os.kill(self.pid, number)

    def is_running(self):
        try:
            state = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return False
        return state != "Z"

    @property
    def config_path(self):
        return self.folder / "suitd.conf"

    @property
    def log(self):
        return (self.folder / "suitd.log").read_text(errors="replace")

    @property
    def storage(self):
        return self.folder / "storage"

    # PostgreSQL

    def pg_stop(self):
        run(PG_CLUSTER, "stop", self.folder / "pg", "immediate")

    def pg_kill(self):
        run(PG_CLUSTER, "kill", self.folder / "pg")

    @contextlib.contextmanager
    def pg_frozen(self):
        """All its processes stand still: connections stay open, and nothing answers."""
        postmaster = (self.folder / "pg" / "data" / "postmaster.pid").read_text().split()[0]
        children = run("ps", "-o", "pid=", "--ppid", postmaster).stdout.split()
        pids = [int(pid) for pid in (postmaster, *children)]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def pg_start(self):
        run(PG_CLUSTER, "start", self.folder / "pg", "fsync=off", "max_connections=200")

    def sql(self, statement, *values):
        connection = psycopg2.connect(self.pg)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    # Callers

    def as_role(self, role):
        """A caller with a token of this role."""
        if role not in self._tokens:
            body = {"name": f"test-{role}", "role": role}
            self._tokens[role] = self.rest.post("/api/v1/tokens", 201, json=body).json()["token"]
        return Rest(self.http, self._tokens[role])

    def anonymous(self):
        return Rest(self.http)

    def suitctl(self, *args, **options):
        env = {**os.environ, "SUITD_HTTP": self.http, "SUITD_TOKEN": self.token}
        return run(self.env["SUITCTL"], *args, env=env, **options)

    def suit_device(self, *args, **options):
        return run(self.env["SUIT_DEVICE"], *args, **options)


def eventually(probe, timeout=30):
    """Asks again until probe() gives something true; for what happens by itself, soon."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            result = probe()
            if result:
                return result
        except (requests.RequestException, psycopg2.Error, OSError):
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
