# SPDX-License-Identifier: Apache-2.0
"""One suitd of a sandbox, its own or another beside it: started and killed quicker than scripts/sandbox does it."""

import os
import re
import signal
import subprocess
import time

import requests
from sandbox import Rest, free_port

START_S = 60


class SuitdProcess:
    """config: of this process alone. address: what devices and callers need to know of it."""

    def __init__(self, sandbox, config, log, process=None):
        self.sandbox, self.config, self.log = sandbox, config, log
        self.read_addresses()
        self.rest = Rest(self.http, sandbox.token)
        self.process, self.foreign = process, sandbox.pid if process is None else None
        self.epoch = 0  # counts its lives
        self.ready_times = []  # from its start, or that of the database
        self.environment = None

    @classmethod
    def beside(cls, sandbox, name="second"):
        """Another one on the same database and storage, not started yet."""
        config = sandbox.folder / f"{name}.conf"
        config.write_text(
            re.sub(
                r"(?m)^(listen(?:_secure)? = ).*$",
                lambda listener: f"{listener[1]}127.0.0.1:{free_port()}",
                sandbox.config_path.read_text(),
            )
        )
        second = cls(sandbox, config, sandbox.folder / f"{name}.log")
        second.foreign = None
        return second

    def read_addresses(self):
        ports, section = {}, ""
        for line in self.config.read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif match := re.match(r"(listen(?:_secure)?) = (\S+)", line):
                ports[section, match[1]] = match[2]
        self.http = "http://" + ports["http", "listen"]
        self.coap = "coap://" + ports["coap", "listen"]
        self.coaps = "coaps://" + ports["coap", "listen_secure"]

    @property
    def pid(self):
        return self.process.pid if self.process else self.foreign

    def launch(self):
        self.epoch += 1
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.sandbox.env["SUITD_BIN"], "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
            )
        if self.config == self.sandbox.config_path:
            self.sandbox.pid = self.process.pid
            (self.sandbox.folder / "suitd.pid").write_text(f"{self.process.pid}\n")

    def start(self):
        self.launch()
        self.await_ready(timed=True)

    def await_ready(self, timed=False):
        began = time.monotonic()
        until = began + START_S
        while not self.is_ready():
            assert self.process is None or self.process.poll() is None, f"suitd ended, see {self.log}"
            assert time.monotonic() < until, f"suitd is not ready after {START_S} s, see {self.log}"
            time.sleep(0.005)
        if timed:
            self.ready_times.append(time.monotonic() - began)

    def is_ready(self):
        try:
            return self.rest.get("/readyz", None, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def kill(self, number=signal.SIGKILL):
        self.epoch += 1
        if self.process:
            self.process.send_signal(number)
            self.process.wait(60)
            return
        os.kill(self.foreign, number)
        self.sandbox.pid = self.foreign
        while self.sandbox.is_running():
            time.sleep(0.005)

    def stop(self):
        self.kill(signal.SIGTERM)
