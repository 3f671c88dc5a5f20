# SPDX-License-Identifier: Apache-2.0
"""A suitd or several under load, with faults, a ledger and a checker."""

import collections
import contextlib
import functools
import math
import os
import pathlib
import random
import shutil
import signal
import tempfile
import time
import uuid

import paths  # noqa: F401
import suit_oracle as suit
from authors import Clerk, Publisher, Release, Steward, Uploader
from checker import Checker
from commanded import KINDS, AddresseeWorker, ObserverWorker
from lamps import LampWorker, ReporterWorker
from ledger import Ledger
from prober import Prober
from sandbox import Sandbox, eventually, run
from suitd_process import SuitdProcess
from worker import Gate

CLASSES = 3
LAMPS = 5  # of each class and plane


def disturbing(fault):
    """What comes twice while one of these is going on may have been lost the first time."""

    @functools.wraps(fault)
    def disturb(world, *args, **options):
        world.disturbances += 1
        world.is_disturbed += 1
        try:
            return fault(world, *args, **options)
        finally:
            world.is_disturbed -= 1
            world.disturbances += 1

    return disturb


class World:
    """with World(seed=1) as world: world.begin(); ...; world.end()

    commands: with devices that are spoken to, and policies that change."""

    def __init__(self, seed=1, n_suitd=1, commands=True, **options):
        self.commands, self.disturbances, self.is_disturbed = commands, 0, 0
        self.seed, self.random = seed, random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="suitd-torture."))
        self.sandbox = Sandbox(self.folder, **options)
        self.ledger = Ledger(self.folder / "acknowledged.jsonl")
        self.gate, self.ended, self.faulty = Gate(), False, []
        self.releases, self.tried = {}, set()
        self.key = suit.Key()
        self.victims = [SuitdProcess(self.sandbox, self.sandbox.config_path, self.folder / "suitd.log")]
        for number in range(1, n_suitd):
            self.victims.append(SuitdProcess.beside(self.sandbox, f"suitd-{number + 1}"))
            self.victims[-1].start()
        self.addresses = self.victims
        self.checker = Checker(self)
        self.workers, self.probers, self.commanded = [], [], []
        self.injected = collections.Counter()
        # Another suitd's writers may be at work while one starts, so that it leaves their files alone.
        self.no_temp_files = n_suitd == 1

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.ended = True
        for victim in self.victims[1:]:
            with contextlib.suppress(ProcessLookupError, OSError):
                victim.kill(signal.SIGKILL)
        self.ledger.close()
        kept = kind is not None and os.environ.get("TORTURE_KEEP")
        if kept:
            run("pg_dump", "--file", self.folder / "database.sql", "--dbname", self.sandbox.pg, check=False)
        self.sandbox.close()
        if not kept:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def rest(self):
        return self.victims[0].rest

    def on_fault(self, worker):
        self.faulty.append(worker)

    def raise_faults(self):
        for worker in self.faulty:
            raise AssertionError(f"{worker.name}: {worker.fault}") from worker.fault

    # The load

    def begin(self):
        """Releases, people, devices and probers; returns when all of them are at work."""
        self.rest.trust(self.key)
        self.begin_probers()
        for number in range(CLASSES):
            klass = uuid.uuid5(suit.VENDOR, f"torture {number}")
            self.workers.append(Publisher(self, f"publisher-{number}", klass))
            endpoints = {}
            for plane in ("coap", "http"):
                endpoints[plane] = [f"{plane}-{number}-{at}" for at in range(LAMPS)]
                self.workers.append(
                    LampWorker(self, f"{plane}-lamps-{number}", plane, endpoints[plane], klass)
                )
            names = endpoints["coap"] + endpoints["http"]
            self.workers.append(Clerk(self, f"clerk-{number}", names))
        self.workers += [Uploader(self, f"uploader-{number}") for number in range(2)]
        for plane in ("coap", "http"):
            self.workers.append(ReporterWorker(self, f"{plane}-reporter", plane, self.probe_release))
        if self.commands:
            self.add_commanded()
        for worker in self.workers:
            worker.start()
        self.await_progress(1)

    def add_commanded(self):
        steward = Steward(self, "steward")
        steward.step()
        klass = uuid.uuid5(suit.VENDOR, "torture commanded")
        publisher = Publisher(self, "publisher-commanded", klass)
        publisher.PAUSE_S = 1.0
        self.commanded = [AddresseeWorker(self, kind, klass) for kind in KINDS]
        self.commanded.append(ObserverWorker(self, "coap-observes", klass))
        clerk = Clerk(self, "clerk-commanded", [worker.name for worker in self.commanded])
        clerk.PAUSE_S = 0.5
        self.workers += [steward, publisher, clerk, *self.commanded]

    def begin_probers(self):
        self.probe_class = uuid.uuid5(suit.VENDOR, "torture probe")
        image = suit.Image(b"probe" * 200, "/fw/probe.bin", (b"probe",))
        self.probe_release = release = Release(self.key, 1, image, self.probe_class)
        self.releases[release.digest] = release
        self.rest.publish(release.envelope, [image])
        for victim in self.victims:
            for plane in ("coap", "http"):
                self.probers.append(Prober(self, victim, plane, release))
        for prober in self.probers:
            prober.prepare()
            prober.start()

    def await_progress(self, steps, timeout=120):
        """Everybody has made so many steps more."""
        before = [worker.steps for worker in self.workers]
        until = time.monotonic() + timeout
        while any(worker.steps < was + steps for worker, was in zip(self.workers, before)):
            self.raise_faults()
            assert time.monotonic() < until, "the load stands still"
            time.sleep(0.01)

    def await_updates(self, timeout=120):
        """Each device that is spoken to has been brought to run something."""
        until = time.monotonic() + timeout
        while not all(worker.updates for worker in self.commanded):
            self.raise_faults()
            assert time.monotonic() < until, f"not updated: {self.describe_commanded()}"
            time.sleep(0.01)

    def describe_commanded(self):
        return {w.name: f"{w.updates} updates, {dict(w.commands)}" for w in self.commanded}

    def end(self):
        """The last steps are made to their end; then everything is compared."""
        with self.gate.closed():
            self.raise_faults()
            self.ended = True
        for worker in self.workers + self.probers:
            worker.join()
        self.raise_faults()
        self.compare()

    def check(self):
        with self.gate.closed():
            self.compare()

    def compare(self):
        self.raise_faults()
        self.checker.check()

    # Faults

    def pause(self, longest_s):
        time.sleep(self.random.uniform(0, longest_s))
        self.raise_faults()

    @disturbing
    def kill_suitd(self, victim=None):
        victim = victim or self.victims[0]
        victim.kill()
        if self.random.random() < 0.1:  # once more, while it starts
            victim.launch()
            self.pause(0.15)
            victim.kill()
            self.injected["suitd, starting"] += 1
        victim.start()
        self.injected["suitd"] += 1

    @disturbing
    def kill_postgres(self):
        """All of it, as a power cut would."""
        self.sandbox.pg_kill()
        self.await_postgres("PostgreSQL, killed")

    @disturbing
    def stop_postgres(self):
        self.sandbox.pg_stop()
        self.await_postgres("PostgreSQL, immediate stop")

    def await_postgres(self, what):
        self.injected[what] += 1
        self.pause(0.5)
        self.sandbox.pg_start()
        for victim in self.victims:
            victim.await_ready(timed=True)

    @disturbing
    def kill_backend(self):
        """One of PostgreSQL's processes: all connections end, and it recovers by itself."""
        # It may recover from the one before, which suitd has not noticed yet.
        (pids,) = eventually(
            lambda: self.sandbox.sql(
                "SELECT array_agg(pid ORDER BY pid) FROM pg_stat_activity"
                " WHERE datname = 'suitd' AND pid <> pg_backend_pid()"
            )
        )[0]
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(pids), signal.SIGKILL)
            self.injected["PostgreSQL, one process"] += 1
        for victim in self.victims:
            victim.await_ready()

    def figures(self, name):
        """All of it in one line."""
        ready = sorted(1000 * time for victim in self.victims for time in victim.ready_times) or [math.nan]
        found = self.checker.found
        parts = [
            f"{sum(self.injected.values())} faults",
            f"{self.ledger.count()} acknowledgements checked",
            f"{found['missing']} missing",
            f"{found['twice']} twice",
            f"{found['wrong']} wrong otherwise",
            f"ready after {ready[len(ready) // 2]:.0f} ms (median), {ready[-1]:.0f} ms (most)",
            f"slowest poll {max((prober.longest_s for prober in self.probers), default=math.nan):.2f} s",
        ]
        return f"{name}: " + ", ".join(parts)

    def summary(self):
        lines = [f"faults: {dict(self.injected)}", f"acknowledged: {self.ledger.counts()}"]
        unanswered = sum(worker.unanswered for worker in self.workers)
        lines.append(f"requests without an answer: {unanswered}; checks: {self.checker.checks}")
        for name, told in self.describe_commanded().items() if self.commanded else ():
            lines.append(f"{name}: {told}")
        for prober in self.probers:
            lines.append(f"{prober.name}: {prober.answered} answers, the slowest {prober.longest_s:.2f} s")
        return "\n".join(lines)
