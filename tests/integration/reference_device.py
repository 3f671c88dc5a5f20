# SPDX-License-Identifier: Apache-2.0
"""suit-device as tests run it: to its end, or until it is killed."""

import json
import pathlib
import signal
import subprocess
import threading

import suit_oracle as suit
from sandbox import eventually, run


class ReferenceDevice:
    """One folder, one name. options: more of the command line, for every run."""

    def __init__(self, sandbox, endpoint, folder, *options, scheme="coap", klass=suit.CLASS):
        self.sandbox = sandbox
        self.endpoint = endpoint
        self.folder = pathlib.Path(folder) / endpoint
        self.options = options
        self.scheme = scheme
        self.klass = klass
        self.trust_file = pathlib.Path(folder) / f"{endpoint}.trust.pem"

    def trust(self, key):
        self.trust_file.write_text(key.public_pem())
        return self

    def command(self, *options):
        words = [
            self.sandbox.env["SUIT_DEVICE"], "--server", getattr(self.sandbox, self.scheme),
            "--endpoint", self.endpoint, "--dir", self.folder, "--trust", self.trust_file,
            "--vendor", suit.VENDOR, "--class", self.klass, "--once", "--restart-ms", 10,
            *self.options, *options,
        ]  # fmt: skip
        return [str(word) for word in words]

    def run(self, *options, status=0):
        """Runs until there is nothing left to do. Returns what it said."""
        done = run(*self.command(*options), check=False)
        said = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == status, said
        return said

    def start(self, *options):
        return subprocess.Popen(
            self.command(*options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def kill_when(self, probe, *options):
        """Starts it and kills it as soon as probe() is true; it must not have ended by then."""
        process = self.start(*options)
        try:
            eventually(probe)
            assert process.poll() is None, "it had ended already"
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()

    @property
    def state(self):
        return json.loads((self.folder / "state.json").read_text())

    def component(self, text="[h'00']"):
        return {entry["component"]: entry for entry in self.state["components"]}[text]

    def files(self, name):
        return sorted(path for path in (self.folder / name).iterdir())

    def images(self):
        return sorted(path.read_bytes() for path in self.files("image"))

    def bytes_on_the_way(self):
        """Of payloads that are not all there yet."""
        staging = self.folder / "staging"
        return sum(path.stat().st_size for path in staging.glob("*.part"))

    def deployment(self):
        """The newest one, as the server sees it."""
        return self.sandbox.rest.deployments(self.endpoint)[0]


class LiveDevice(ReferenceDevice):
    """Runs until it is stopped, polls seldom, and what it says is kept line by line."""

    def __init__(self, *args, poll=600, **options):
        super().__init__(*args, **options)
        self.poll, self.process, self.lines = poll, None, []

    def command(self, *options):
        words = [word for word in super().command(*options) if word != "--once"]
        return [*words, "--poll", str(self.poll)]

    def go(self):
        self.process = self.start()
        self.reader = threading.Thread(target=self.read, args=(self.process.stdout,))
        self.reader.start()
        eventually(lambda: "registered as" in self.said)
        return self

    def read(self, pipe):
        for line in pipe:
            self.lines.append(line.decode().rstrip().removeprefix(f"{self.endpoint}: "))

    @property
    def said(self):
        return "\n".join(self.lines)

    def hears(self, words, timeout=30):
        """The line that has these words, as soon as it says one."""
        return eventually(lambda: [line for line in self.lines if words in line], timeout)[0]

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.reader.join()

    def history(self):
        """Rows of its deployments, the oldest first."""
        return self.sandbox.rest.get(f"/api/v1/devices/{self.endpoint}/history").json()["items"][::-1]

    def events(self):
        return [row["event"] for row in self.history()]

    def path(self):
        """The states that its deployments went through."""
        return [row["to"] for row in self.history() if row["to"] != row["from"]]

    def wait_state(self, *states, timeout=25):
        def probe():
            found = next(iter(self.sandbox.rest.deployments(self.endpoint)), None)
            return found if found and found["state"] in states else None

        try:
            return eventually(probe, timeout)
        except AssertionError as error:
            raise AssertionError(f"not {states}: {self.history()}\n{self.said}") from error
