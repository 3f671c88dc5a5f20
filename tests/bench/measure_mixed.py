# SPDX-License-Identifier: Apache-2.0
"""Polls while everything else goes on: reports, downloads, and a release that is planned for a fleet."""

import contextlib
import json
import subprocess
import uuid

import suit_oracle as suit
from fleet import Fleet, copy_device
from harness import CORES, LOAD_CORE, PROGRAMS, BenchError, Pair, Side, measure
from sandbox import eventually

POLLS, REPORTS, BLOCKS = 4000, 1000, 4000  # a second
POLLING, REPORTING, DOWNLOADING, PLANNED = 1000, 500, 50, 30000  # devices
SLEEPING = {1: 2, 6: 1}  # they are planned for, but nobody speaks to them: that would be another measure
AT_MOST = 3
BESIDE_S = 1.5  # what goes on beside the polls begins before and ends after them
KEPT_UP = 0.9  # of the rate that it shall have


class MixedFleet(Fleet):
    """Beside the devices of Fleet, classes of devices for which suitd plans when a release comes.

    suitd may use all cores, as PostgreSQL does: no program is compared with it that keeps to one.
    """

    def __init__(self, bench):
        super().__init__(bench, cores=set(CORES))

    def add_class(self, number, n_devices):
        """The devices classN-000000 and more, which do not come by themselves; gives their class."""
        klass, prefix = uuid.uuid5(suit.VENDOR, f"class{number}"), f"class{number}-"
        told = suit.registration([suit.installed(suit.Image(b"old"), 1)], klass=klass,
                                 profile=SLEEPING)
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

    def is_planning(self, digest):
        return self.suitd.sandbox.sql(
            "SELECT EXISTS (SELECT FROM plan_job JOIN release ON release.id = release_id"
            " WHERE digest = %s)", digest)[0][0]

    def stop_planning(self):
        self.suitd.sandbox.sql("DELETE FROM plan_job")

    @property
    def is_to_count(self):
        """Not only the machinery is tried: what goes on beside the polls is to keep its pace."""
        return self.bench.effort != "smoke"

    @property
    def polls_s(self):
        return 2 * self.bench.seconds

    def polls(self):
        """At a fixed rate, timed from the moment at which each was due."""
        return self.ask("poll", self.bench.devices(POLLING), *self.polling(), "--per-second", POLLS,
                        "--outstanding", 1000, "--seconds", self.polls_s, urgent=True)

    @contextlib.contextmanager
    def everything_else(self):
        """Reports and downloads from before the block until after it, neither later nor fewer than they shall be."""
        self.path("status").write_bytes(suit.status("downloading", progress=4096))
        first = self.bench.devices(POLLING)
        loads = {
            REPORTS: ["post", "--path", "/suit/status", "--payload", self.path("status"), "--expect",
                      "2.04", "--peers", self.bench.devices(REPORTING), "--first", first],
            BLOCKS: ["blocks", "--peers", DOWNLOADING, *self.downloading()],
        }
        running = {
            rate: self.bench.spawn(
                PROGRAMS / "coap_load", *load, "--server", self.suitd.coap, "--per-second", rate,
                "--seconds", self.polls_s + 2 * BESIDE_S, core=LOAD_CORE, stdout=subprocess.PIPE)
            for rate, load in loads.items()
        }
        try:
            yield
            if any(process.poll() is not None for process in running.values()):
                raise BenchError("reports or downloads ended before the polls")
            for wanted, process in running.items():
                check_rate(wanted if self.is_to_count else 0, process.communicate(timeout=60)[0])
        finally:
            for process in running.values():
                process.kill()
                process.wait()


def check_rate(wanted, text):
    found = json.loads(text)
    if found.get("wrong"):
        raise BenchError(f"{found['wrong']} wrong answers beside the polls: {found.get('complaint')}")
    if found["rate"] < KEPT_UP * wanted:
        raise BenchError(f"beside the polls only {found['rate']:.0f} of {wanted} were answered a second")


@measure(
    "p99 of polls beside reports, downloads and planning, at most 3 times that of polls alone",
    at_least=1,
    unit="us",
    cost="tens of thousands of devices are made, and planned for again and again",
    note=f"{POLLS} polls, {REPORTS} reports, {BLOCKS} blocks a second; {PLANNED} devices to plan for",
)
def polls_beside_all(bench):
    fleet = bench.once(MixedFleet)
    fleet.know(bench.devices(POLLING) + bench.devices(REPORTING))
    klass = fleet.add_class(0, bench.devices(PLANNED))
    return [polls_beside_planning(fleet, klass, number) for number in range(bench.n_pairs)]


def polls_beside_planning(fleet, klass, number):
    """Each release takes the place of the one before; what is not planned for by the end never is."""
    n_devices, release = fleet.bench.devices(PLANNED), fleet.release_for(klass, number)
    alone = fleet.polls()
    with fleet.everything_else():
        fleet.suitd.sandbox.rest.approve(release)
        eventually(lambda: fleet.planned(release) > 0)
        before = fleet.planned(release)
        mixed = fleet.polls()
        meanwhile = fleet.planned(release) - before
        is_planning = fleet.is_planning(release)
    fleet.bench.say(f"  {number + 1}: p99 {mixed.detail['p99_us']:.0f} us beside all, "
                    f"{alone.detail['p99_us']:.0f} us alone; meanwhile {meanwhile} of {n_devices} devices"
                    " were planned for")
    if fleet.is_to_count and not (is_planning and meanwhile):
        raise BenchError(f"planning did not go on beside the polls: {meanwhile} devices, then it was"
                         f" {'going on' if is_planning else 'over'}")
    fleet.stop_planning()
    return pair_of(mixed, alone)


def pair_of(mixed, alone):
    ours = Side(mixed.detail["p99_us"], mixed.server_share, mixed.load_share)
    most = Side(AT_MOST * alone.detail["p99_us"], alone.server_share, alone.load_share)
    return Pair(ours, most, less=True)
