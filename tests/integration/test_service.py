# SPDX-License-Identifier: Apache-2.0
"""suitd as a service: signals, systemd's notifications and sockets, and its command line."""

import os
import re
import signal
import socket
import subprocess
import threading

import pytest
import requests
import suit_oracle as suit
from device import HttpDevice
from sandbox import TOP, Rest, eventually, run


def suitd(sandbox, *args, **options):
    return run(sandbox.env["SUITD_BIN"], "--config", sandbox.config_path, *args, **options)


def spawn(sandbox, env=None, sockets=()):
    """Starts suitd again, as systemd does: with these sockets from file descriptor 3 on."""
    config, program = str(sandbox.config_path), sandbox.env["SUITD_BIN"]
    log = os.open(sandbox.folder / "spawned.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(log, 2)
            for at, each in enumerate(sockets):
                os.dup2(each.fileno(), 3 + at, inheritable=True)
            environ = {**os.environ, **(env or {})}
            if sockets:
                environ["LISTEN_FDS"] = str(len(sockets))
                environ["LISTEN_PID"] = str(os.getpid())
            os.execve(program, [program, "--config", config], environ)
        finally:
            os._exit(127)
    os.close(log)
    return pid


def end(pid, number=signal.SIGTERM):
    os.kill(pid, number)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_cleanly(fresh, number):
    fresh.stop()
    pid = spawn(fresh)
    eventually(lambda: fresh.anonymous().get("/readyz", None).status_code == 200)
    assert end(pid, number) == 0
    text = (fresh.folder / "spawned.log").read_text()
    assert "msg=stopping" in text and text.rstrip().endswith("msg=stopped")


def test_ends_cleanly_under_load(fresh):
    """Requests that are under way when SIGTERM comes are answered or cut, and nothing crashes."""
    fresh.stop()
    pid = spawn(fresh)
    eventually(lambda: fresh.anonymous().get("/readyz", None).status_code == 200)
    warm = threading.Barrier(9)

    def ask(number):
        device = HttpDevice(fresh, f"lamp-{number}")
        rest = Rest(fresh.http, fresh.token)
        device.register()
        warm.wait()
        try:
            while True:
                assert rest.get("/api/v1/devices", None).status_code in (200, 503)
                assert device.status(progress=1).status_code < 600
        except requests.RequestException:
            pass

    callers = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for caller in callers:
        caller.start()
    warm.wait()
    assert end(pid) == 0
    for caller in callers:
        caller.join()


def test_hangup_takes_over_a_good_file(fresh):
    text = fresh.config_path.read_text()
    fresh.config_path.write_text(text + "[log]\nlevel = debug\n")
    fresh.signal(signal.SIGHUP)
    eventually(lambda: "configuration reloaded" in fresh.log)
    assert re.search(r'msg="option changed" option=log.level', fresh.log)
    fresh.anonymous().get("/healthz")


def test_hangup_says_what_needs_a_restart(fresh):
    text = fresh.config_path.read_text()
    fresh.config_path.write_text(text + "[limits]\nworkers = 7\n")
    fresh.signal(signal.SIGHUP)
    eventually(lambda: "configuration reloaded" in fresh.log)
    assert re.search(r'msg="option needs a restart to change" option=limits.workers', fresh.log)


def test_hangup_keeps_the_old_configuration_when_the_file_is_bad(fresh):
    text = fresh.config_path.read_text()
    fresh.config_path.write_text(text + "[log]\nlevel = debug\n[limits]\nworkers = none\n")
    fresh.signal(signal.SIGHUP)
    eventually(lambda: "configuration not reloaded" in fresh.log)
    assert "option=limits.workers" in fresh.log
    assert "level=debug" not in fresh.log
    assert fresh.is_running()
    fresh.rest.get("/api/v1/devices")


def test_tells_systemd_how_it_is(fresh):
    fresh.stop()
    address = str(fresh.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(address)
        notified.settimeout(30)
        env = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "600000"}

        def until(word):
            while True:
                message = notified.recv(4096).decode()
                if word in message:
                    return message

        pid = spawn(fresh, env)
        assert "STATUS=" in until("READY=1")
        eventually(lambda: fresh.anonymous().get("/readyz", None).status_code == 200)
        until("WATCHDOG=1")
        until("WATCHDOG=1")
        os.kill(pid, signal.SIGHUP)
        assert "MONOTONIC_USEC=" in until("RELOADING=1")
        until("READY=1")
        os.kill(pid, signal.SIGTERM)
        until("STOPPING=1")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_takes_a_socket_of_systemd(fresh):
    fresh.stop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        pid = spawn(fresh, {"LISTEN_FDNAMES": "http"}, [listener])
        rest = Rest(base, fresh.token)
        eventually(lambda: rest.get("/readyz", None).status_code == 200)
        rest.get("/api/v1/devices")
        with pytest.raises(requests.ConnectionError):
            fresh.anonymous().get("/healthz")
        assert end(pid) == 0
        # The socket is systemd's: what connects meanwhile waits for the next suitd.
        waiting = threading.Thread(target=lambda: rest.get("/healthz"))
        waiting.start()
        pid = spawn(fresh, {"LISTEN_FDNAMES": "http"}, [listener])
        waiting.join(30)
        assert not waiting.is_alive()
        assert end(pid) == 0


def test_refuses_to_start_on_a_taken_port(fresh):
    config = fresh.config_path.read_text()
    done = suitd(fresh, check=False)
    assert done.returncode == 1
    assert b"in use" in done.stderr
    assert fresh.config_path.read_text() == config
    assert fresh.is_running()


def test_checks_and_prints_the_configuration(fresh):
    assert b"good" in suitd(fresh, "--check-config").stdout
    printed = suitd(fresh, "--print-config").stdout.decode()
    assert f"directory = {fresh.storage}" in printed
    again = fresh.folder / "again.conf"
    again.write_text(printed)
    assert run(fresh.env["SUITD_BIN"], "--config", again, "--print-config").stdout.decode() == printed
    again.write_text(printed.replace("workers = 4", "workers = 400"))
    done = run(fresh.env["SUITD_BIN"], "--config", again, "--check-config", check=False)
    assert done.returncode == 1
    assert b"limits.workers" in done.stderr and b"from 1 to 64" in done.stderr


def test_sample_is_what_print_config_says(sandbox):
    """systemd/suitd.conf is the defaults, explained."""
    empty = sandbox.folder / "empty.conf"
    empty.write_text("")
    printed = run(sandbox.env["SUITD_BIN"], "--config", empty, "--print-config").stdout.decode()
    sample = (TOP / "systemd" / "suitd.conf").read_text()
    _, options = sample.split("\n\n", 1)
    assert options.replace("#", "").split() == printed.replace("#", "").split()


@pytest.mark.parametrize(
    "role,may",
    [("administrator", 201), ("author", 403), ("viewer", 403)],
)
def test_creates_tokens(sandbox, unique, role, may):
    name = unique("made")
    secret = suitd(sandbox, "--create-token", name, "--role", role).stdout.decode().strip()
    body = {"name": unique("other"), "role": "viewer"}
    Rest(sandbox.http, secret).post("/api/v1/tokens", may, json=body)
    twice = suitd(sandbox, "--create-token", name, "--role", role, check=False)
    assert twice.returncode == 1 and b"exists" in twice.stderr and not twice.stdout
    actions = sandbox.rest.get("/api/v1/audit?limit=1000").json()["items"]
    assert any(entry["subject"] == name for entry in actions)


def test_tokens_expire(sandbox, unique):
    name = unique("made")
    suitd(sandbox, "--create-token", name, "--role", "viewer", "--expires", "P30D")
    tokens = sandbox.rest.get("/api/v1/tokens").json()["items"]
    (made,) = [token for token in tokens if token["name"] == name]
    assert made["expires_at"] > made["created_at"]


def test_unknown_role_makes_no_token(sandbox, unique):
    name = unique("made")
    done = suitd(sandbox, "--create-token", name, "--role", "king", check=False)
    assert done.returncode == 2
    assert b"administrator" in done.stderr
    assert name not in sandbox.rest.get("/api/v1/tokens").text


def test_help_and_version(sandbox):
    program = sandbox.env["SUITD_BIN"]
    assert b"--create-token" in run(program, "--help").stdout
    assert re.fullmatch(rb"suitd \d+\.\d+\.\d+\n", run(program, "--version").stdout)
    assert run(program, "--nonsense", check=False).returncode == 2


def test_sandbox_needs_no_root_folder(sandbox):
    """The key of device credentials is made once and is for suitd alone."""
    mode = (sandbox.storage / "credential.key").stat().st_mode & 0o777
    assert mode == 0o600


@pytest.fixture
def certificate(fresh):
    """A self-signed one for the loopback address; the sandbox is configured for it, and stopped."""
    pem, key = fresh.folder / "tls.pem", fresh.folder / "tls.key"
    run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", key, "-out", pem, "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=IP:127.0.0.1",
    )  # fmt: skip
    fresh.stop()
    text = fresh.config_path.read_text()
    fresh.config_path.write_text(text.replace("[http]\n", f"[http]\ncertificate = {pem}\nkey = {key}\n"))
    return pem


def test_speaks_https(fresh, certificate):
    pid = spawn(fresh)
    base = fresh.http.replace("http:", "https:")
    rest = Rest(base, fresh.token)
    rest.session.verify = str(certificate)
    eventually(lambda: rest.get("/readyz", None).status_code == 200)
    image = suit.Image(os.urandom(300_000))
    rest.put_image(image, 201)
    assert rest.get("/blob/" + image.digest.split(":")[1]).content == image.content
    assert end(pid) == 0


def test_refuses_to_start_with_a_bad_certificate(fresh, certificate):
    certificate.write_text("not a certificate\n")
    done = suitd(fresh, check=False)
    assert done.returncode == 1
    assert b"certificate" in done.stderr
    certificate.unlink()
    done = suitd(fresh, check=False)
    assert done.returncode == 1
    assert str(certificate).encode() in done.stderr
