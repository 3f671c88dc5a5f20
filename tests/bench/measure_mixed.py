# SPDX-License-Identifier: Apache-2.0
"""Polls while everything else goes on: reports, downloads, and a release that is planned for a fleet."""

import contextlib
import subprocess
import uuid

import suit_oracle as suit
from fleet import Fleet, copy_device
from harness import LOAD_CORE, PROGRAMS, BenchError, Pair, Side, measure
from sandbox import eventually

POLLS, REPORTS, BLOCKS = 4000, 1000, 4000  # a second
POLLING, REPORTING, DOWNLOADING, PLANNED = 1000, 500, 50, 5000  # devices
ALWAYS_ON = {1: 0, 2: True}
AT_MOST = 3


class MixedFleet(Fleet):
    """Beside the devices of Fleet, classes of devices for which suitd plans when a release comes."""

    def add_class(self, number, n_devices):
        """The devices classN-000000 and more, which do not come by themselves; gives their class."""
        klass, prefix = uuid.uuid5(suit.VENDOR, f"class{number}"), f"class{number}-"
        told = suit.registration([suit.installed(suit.Image(b"old"), 1)], klass=klass,
                                 profile=ALWAYS_ON)
        self.path(prefix).write_bytes(told)
        self.ask("post", 1, "--path", "/rd", "--payload", self.path(prefix), "--prefix", prefix,
                 "--expect", "2.01", "--once")
        copy_device(self.suitd.sandbox, prefix, 1, n_devices)
        return klass

    def release_for(self, klass, number):
        """Published; gives its digest, which is still to be approved."""
        image = suit.Image(b"for one class %d" % number, uri=f"/fw/class{number}.bin")
        rest = self.suitd.sandbox.rest
        rest.put_image(image)
        envelope = suit.update(self.key, 100 + number, [image], klass=klass)
        return rest.post_manifest(envelope).json()["digest"]

    def planned(self, digest):
        return self.suitd.sandbox.sql(
            "SELECT count(*) FROM deployment JOIN release ON release.id = release_id"
            " WHERE digest = %s", digest)[0][0]

    def polls(self):
        """At a fixed rate, timed from the moment at which each was due."""
        return self.ask("poll", self.bench.devices(POLLING), *self.polling(), "--per-second", POLLS,
                        "--outstanding", 1000, "--seconds", 2 * self.bench.seconds, urgent=True)

    @contextlib.contextmanager
    def everything_else(self):
        """Reports and downloads, until the end of the block."""
        self.path("status").write_bytes(suit.status("downloading", progress=4096))
        first = self.bench.devices(POLLING)
        loads = [
            ["post", "--path", "/suit/status", "--payload", self.path("status"), "--expect", "2.04",
             "--peers", self.bench.devices(REPORTING), "--first", first, "--per-second", REPORTS],
            ["blocks", "--peers", DOWNLOADING, "--per-second", BLOCKS, *self.downloading()],
        ]
        running = [
            self.bench.spawn(PROGRAMS / "coap_load", *load, "--server", self.suitd.coap,
                             "--seconds", 60, core=LOAD_CORE, stdout=subprocess.DEVNULL)
            for load in loads
        ]
        try:
            yield
            if any(process.poll() is not None for process in running):
                raise BenchError("reports or downloads ended early")
        finally:
            for process in running:
                process.terminate()
                process.wait()


@measure(
    "p99 of polls beside reports, downloads and planning, at most 3 times that of polls alone",
    at_least=1,
    unit="us",
    cost="thousands of devices are made and planned for",
    note=f"{POLLS} polls, {REPORTS} reports, {BLOCKS} blocks a second; {PLANNED} devices to plan for",
)
def polls_beside_all(bench):
    fleet = bench.once(MixedFleet)
    fleet.know(bench.devices(POLLING) + bench.devices(REPORTING))
    n_planned = bench.devices(PLANNED)
    pairs = []
    for number in range(bench.n_pairs):
        release = fleet.release_for(fleet.add_class(number, n_planned), number)
        alone = fleet.polls()
        with fleet.everything_else():
            fleet.suitd.sandbox.rest.approve(release)
            mixed = fleet.polls()
        share = fleet.planned(release) / n_planned
        bench.say(f"  {number + 1}: p99 {mixed.detail['p99_us']:.0f} us beside all, "
                  f"{alone.detail['p99_us']:.0f} us alone; then {share:.0%} were planned for")
        pairs.append(pair_of(mixed, alone))
        eventually(lambda: fleet.planned(release) == n_planned, timeout=120)
    return pairs


def pair_of(mixed, alone):
    ours = Side(mixed.detail["p99_us"], mixed.server_share, mixed.load_share)
    most = Side(AT_MOST * alone.detail["p99_us"], alone.server_share, alone.load_share)
    return Pair(ours, most, less=True)
