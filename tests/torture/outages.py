# SPDX-License-Identifier: Apache-2.0
"""The load, with faults below suitd: disks that are full or read-only, a database that stands still, changes
places with its standby, or has lost it. Polls and downloads go on through all of them (world.probers)."""

import contextlib
import time

import paths  # noqa: F401
from pair import SETTINGS, Pair, configure
from sandbox import PG_CLUSTER, eventually, run
from small_disk import SmallDisk
from world import World, disturbing

PATIENCE_S = 120


class OutageWorld(World):
    """disks: those of images and database are small. pair: the database has a synchronous standby."""

    def __init__(self, seed=1, disks=False, pair=False, **options):
        super().__init__(seed, **options)
        self.pair = self.storage_disk = self.database_disk = None
        victim = self.victims[0]
        victim.stop()
        if disks:
            self.storage_disk = SmallDisk(self.sandbox.storage)
            self.sandbox.pg_stop()
            self.database_disk = SmallDisk(self.sandbox.folder / "pg" / "data")
            assert self.start_postgres()
        if pair:
            self.pair = Pair(self.sandbox)
        victim.start()

    def __exit__(self, *fault):
        with contextlib.suppress(ProcessLookupError, OSError):
            self.victims[0].stop()
        if self.pair:
            self.pair.close()
        for disk in (self.storage_disk, self.database_disk):
            if disk:
                with contextlib.suppress(AssertionError):
                    self.sandbox.pg_stop()
                disk.close()
        super().__exit__(*fault)

    def start_postgres(self):
        command = (PG_CLUSTER, "start", self.sandbox.folder / "pg", *SETTINGS, "max_wal_size=64MB")
        return run(*command, check=False).returncode == 0

    def begin_probers(self):
        """On a machine that has much to do, too, an answer may take its time."""
        super().begin_probers()
        for prober in self.probers:
            if prober.plane.name == "coap":
                prober.plane.device.peer.tries = 300

    # What to wait for

    def await_true(self, probe, what):
        until = time.monotonic() + PATIENCE_S
        while not probe():
            self.raise_faults()
            for prober in self.probers:
                assert prober.fault is None, prober.fault
            assert time.monotonic() < until, f"{what}: not in {PATIENCE_S} s"
            time.sleep(0.02)

    def await_probes(self, n=5):
        """Polls and downloads go on."""
        before = [prober.answered for prober in self.probers]
        self.await_true(
            lambda: all(p.answered >= was + n for p, was in zip(self.probers, before)),
            "polls and downloads stand still",
        )

    def await_refusals(self, n=10):
        """So many more were told to come again."""
        before = sum(worker.unanswered for worker in self.workers)
        self.await_true(
            lambda: sum(worker.unanswered for worker in self.workers) >= before + n, "nothing is refused"
        )

    def is_ready(self):
        return self.victims[0].is_ready()

    def last(self, longest_s):
        """The fault lasts, while polls and downloads go on."""
        self.rest.get("/healthz")
        self.await_probes()
        self.pause(longest_s)
        self.await_probes()

    # Disks

    @disturbing
    def fill_storage(self, longest_s=1):
        self.storage_disk.fill()
        self.await_true(lambda: self.codes(507) > 0, "no upload was refused")
        self.last(longest_s)
        assert "full" in self.ready_problem(), "devices are served, and it says what is wrong"
        self.storage_disk.make_room()
        self.recover("images, disk full")

    def ready_problem(self):
        return self.rest.get("/readyz", 200).json().get("problem", "")

    def codes(self, code):
        return sum(worker.codes[code] for worker in self.workers)

    @disturbing
    def make_storage_read_only(self, longest_s=1):
        before = self.codes(507)
        self.storage_disk.make_read_only()
        self.await_true(lambda: self.codes(507) > before, "no upload was refused")
        self.last(longest_s)
        assert "read-only" in self.ready_problem()
        self.storage_disk.make_writable()
        self.recover("images, read-only")

    @disturbing
    def fill_database(self, longest_s=1):
        self.database_disk.fill()
        self.await_refusals()
        self.last(longest_s)
        self.database_disk.make_room()
        # Without room for its log the server has ended, or is about to recover.
        eventually(self.start_postgres, PATIENCE_S)
        self.recover("database, disk full")

    @disturbing
    def make_database_read_only(self, longest_s=1):
        self.set_read_only("on")
        self.await_true(lambda: not self.is_ready(), "suitd says that it is ready")
        self.await_refusals()
        self.last(longest_s)
        self.set_read_only("off")
        self.recover("database, read-only")

    def set_read_only(self, value):
        configure(self.sandbox.pg, "default_transaction_read_only", value)

    # The server

    @disturbing
    def freeze_postgres(self, longest_s=50, least_s=0):
        with self.sandbox.pg_frozen():
            began = time.monotonic()
            self.await_true(lambda: not self.is_ready(), "suitd says that it is ready")
            self.await_refusals()
            self.last(longest_s)
            while time.monotonic() < began + least_s:
                self.await_probes(1)
        self.recover("PostgreSQL, frozen")

    def freeze_for_a_minute(self):
        self.freeze_postgres(longest_s=0, least_s=60)

    @disturbing
    def lose_standby(self, longest_s=1):
        """Commits wait for it, and nothing is acknowledged; but connections do not pile up."""
        self.pair.stop_standby()
        self.await_true(lambda: not self.is_ready(), "suitd says that it is ready")
        self.last(longest_s)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        assert self.sandbox.sql(waiting)[0][0] <= 5, "more than one of each thread"
        self.pair.start_standby()
        self.recover("standby, away")

    @disturbing
    def go_on_without_standby(self, longest_s=1):
        """What an operator does who cannot have it back soon."""
        self.pair.stop_standby()
        self.await_true(lambda: not self.is_ready(), "suitd says that it is ready")
        self.last(longest_s)
        configure(self.sandbox.pg, "synchronous_standby_names", "")
        self.recover("standby, gone")
        self.pair.start_standby()
        self.pair.make_synchronous()

    @disturbing
    def fail_over(self, longest_s=0.5):
        self.sandbox.pg_kill()
        self.await_true(lambda: not self.is_ready(), "suitd says that it is ready")
        self.last(longest_s)
        self.pair.promote()
        self.recover("primary, killed")
        self.pair.copy()

    def recover(self, what):
        self.injected[what] += 1
        self.victims[0].await_ready(timed=True)
        self.await_progress(1)
        self.await_probes()
