# SPDX-License-Identifier: Apache-2.0
"""Status reports over CoAP, acknowledged when they are durable, beside what PostgreSQL does alone.

Each report moves a deployment on: an update of its row and a step of its history. The references do the
same to the deployments of as many other devices, in the same database, with fsync and synchronous_commit
on. Each side may use all cores; the load keeps to one.
"""

import pathlib
import statistics
import tempfile

import suit_oracle as suit
from fleet import NAME, Fleet, copy_device
from harness import CORES, BenchError, Pair, Side, measure

N_DEVICES = 1000
ALL_CORES = ",".join(map(str, CORES))
ONE_REPORT = """\\set device random({first}, {last})
BEGIN;
UPDATE deployment SET state = CASE state WHEN 'accepted' THEN 'deferred' ELSE 'accepted' END,
 changed_at = now(), deadline_at = now() + interval '7 days', look_at = now() + interval '1 day',
 row_version = row_version + 1 WHERE device_id = :device AND active RETURNING id \\gset
INSERT INTO deployment_history (deployment_id, at, from_state, to_state, event, actor)
 VALUES (:id, now(), 'accepted', 'deferred', 'defer', 'device');
COMMIT;
"""


class Reports:
    """A fleet in two halves of one size: the devices of suitd, and rows that the references write to."""

    def __init__(self, bench):
        self.bench = bench
        self.fleet = Fleet(bench, cores=set(CORES))
        self.sandbox = self.fleet.suitd.sandbox
        self.n = bench.devices(N_DEVICES)
        self.fleet.know(self.n)
        for state in ("accepted", "deferred"):
            self.fleet.path(state).write_bytes(suit.status(state=state))
        self.post("accepted", "--once")
        copy_device(self.sandbox, NAME, self.n, 2 * self.n)
        self.first, self.last = self.sandbox.sql(
            "SELECT min(id), max(id) FROM device WHERE endpoint >= %s", f"{NAME}{self.n:06}")[0]
        self.script = self.fleet.path("report.pgbench")
        self.script.write_text(ONE_REPORT.format(first=self.first, last=self.last))

    def post(self, state, *options, **more):
        path = self.fleet.path(state)
        return self.fleet.ask("post", self.n, "--path", "/suit/status", "--payload", path,
                              "--expect", "2.04", "--outstanding", self.n, "--ack-timeout", 10,
                              *options, **more)

    def n_steps(self):
        return self.sandbox.sql("SELECT count(*) FROM deployment_history")[0][0]

    def ours(self, *options, **more):
        """Each device says in turn that it defers and that it accepts; every answer stands for a row."""
        self.post("accepted", "--once")
        before = self.n_steps()
        side = self.post("deferred", "--other", self.fleet.path("accepted"), "--seconds",
                         self.bench.seconds, *options, **more)
        stored = self.n_steps() - before
        if stored != side.detail["answered"]:
            raise BenchError(f"{side.detail['answered']} reports were answered, {stored} are stored")
        return side

    def pgbench(self, clients, *options, seconds=None):
        """Its least duration is a second."""
        argv = ["pgbench", "-n", "-M", "prepared", "-c", clients, "-j", min(clients, len(CORES)),
                "-T", seconds or max(1, round(self.bench.seconds)), "-f", self.script, *options,
                self.sandbox.pg]  # fmt: skip
        return self.bench.timed(None, argv, parse_pgbench, core=ALL_CORES)

    def transaction_us(self):
        """The median of what one client's transactions take."""
        with tempfile.TemporaryDirectory() as folder:
            self.pgbench(1, "--log", "--log-prefix", f"{folder}/log")
            log = next(pathlib.Path(folder).iterdir()).read_text()
        return statistics.median(int(line.split()[2]) for line in log.splitlines())

    def batches(self, size):
        argv = [self.sandbox.pg, self.first, self.last, size, self.bench.seconds]
        return self.bench.load(None, "pq_batches", *argv, core=ALL_CORES)

    def acknowledgement_us(self, per_second):
        """99 of 100 reports take no longer. The load comes first on its core, else it would measure how long it
        waits there itself: for PostgreSQL, which may work on either."""
        return self.ours("--per-second", per_second, urgent=True).detail["p99_us"]


def parse_pgbench(text):
    for line in text.splitlines():
        if line.startswith("tps = "):
            return float(line.split()[2]), {}
    raise BenchError(f"pgbench says {text[-300:]}")


@measure("status reports made durable, 1,000 devices, beside pgbench with 32 clients", at_least=3,
         unit="reports/s", note="one BEGIN, UPDATE, INSERT, COMMIT a report on the same tables")
def durable_beside_pgbench(bench):
    reports = bench.once(Reports)
    return bench.pairs(reports.ours, lambda: reports.pgbench(32))


@measure("the same beside a bare libpq loop of the same batches", at_least=0.7, unit="reports/s")
def durable_beside_batches(bench):
    reports = bench.once(Reports)
    return bench.pairs(reports.ours, lambda: reports.batches(reports.n))


@measure("a report's time to acknowledgement at a tenth of that load, 99 of 100; limit: 4 median transactions"
         " of one pgbench client", at_least=1, unit="us")
def acknowledgement(bench):
    reports = bench.once(Reports)
    tenth = max(reports.ours().rate / 10, 1)
    reports.sandbox.sql("CHECKPOINT")  # what was logged so far is written over: nobody waits for new files
    done = []
    for _ in range(bench.n_pairs):
        limit_us = 4 * reports.transaction_us()
        done.append(Pair(Side(reports.acknowledgement_us(tenth)), Side(limit_us), less=True))
    return done
