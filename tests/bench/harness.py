# SPDX-License-Identifier: Apache-2.0
"""What a measure is made of: servers pinned to one core, load to the other, paired runs, ratios.

A group of measures is a file measure_GROUP.py beside this one:

    from harness import measure

    @measure("CoAP poll of a known device, 64 sessions", at_least=0.55, unit="answers/s")
    def poll_64(bench):
        ours = bench.suitd()                         # a sandbox, fsync on, suitd on the server's core
        echo = bench.program("udp_echo")             # build/tests/bench/udp_echo, on the same core
        return bench.pairs(
            lambda: bench.load(ours, "coap_load", "poll", ...),
            lambda: bench.load(echo, "coap_load", "poll", ...),
        )

A measure returns a list of Pair. Its ratio is the median of the pairs' own ratios ours/reference, so
that what disturbs the machine for a while disturbs both sides of a pair. A limit ("at most 24 MiB")
is bench.limit(most, used): ratio most/used, at least 1, and several of them may be added up. A measure that cannot run raises; the others
go on. Whatever a measure starts through bench is stopped at its end, or, made inside bench.once(), at
the end of its group.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SUITD_BUILD") or TOP / "build")
PROGRAMS = BUILD / "tests" / "bench"
sys.path.insert(0, str(TOP / "tests" / "integration"))
os.environ.setdefault("SUITD_BIN", str(BUILD / "suitd"))

CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
BUSY = 0.85  # of a core: a side that uses more is what holds the run up


class BenchError(Exception):
    """A measure could not run; the text says why."""


@dataclasses.dataclass
class Measure:
    """at_least: what the median ratio should be. cost: "" or why it takes long."""

    title: str
    function: object
    at_least: float
    unit: str = "/s"
    cost: str = ""
    note: str = ""
    group: str = ""

    @property
    def name(self):
        return f"{self.group}.{self.function.__name__}"


@dataclasses.dataclass
class Side:
    """One run of one side. Shares are of one core, while the load program ran.

    server_us: what the server's processors worked for each thing of which rate counts so many a second;
    unlike the rate it hardly depends on what else the machine does. 0: not known.
    """

    rate: float
    server_share: float = 0.0
    load_share: float = 0.0
    detail: dict = dataclasses.field(default_factory=dict)
    server_us: float = 0.0

    @property
    def bottleneck(self):
        if max(self.server_share, self.load_share) < BUSY:
            return "neither"
        return "server" if self.server_share >= self.load_share else "load"


@dataclasses.dataclass
class Pair:
    """less: the smaller ours is the better, as with memory and latency; reference is the limit."""

    ours: Side
    reference: Side
    less: bool = False

    @property
    def ratio(self):
        over, under = (self.reference, self.ours) if self.less else (self.ours, self.reference)
        return over.rate / under.rate if under.rate else 0.0


_declared = []


def measure(title, at_least, **options):
    """Declares a measure; options: unit, cost and note of Measure."""

    def declare(function):
        group = function.__module__.removeprefix("measure_")
        _declared.append(Measure(title, function, at_least, group=group, **options))
        return function

    return declare


def declared():
    """All measures of the groups imported so far, in the order of their declaration."""
    return list(_declared)


def threads_of(pid):
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except FileNotFoundError:
        return []


def pin(pid, core):
    """All threads that the process has now; later ones inherit it. core: a number or a set."""
    for thread in threads_of(pid):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread, core if isinstance(core, (set, list)) else {core})


def put_first(pid):
    """Before other processes, where we may say so. A higher priority among equals would not do: whoever runs may go
    on to the end of its time slice, which is milliseconds."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(1))


def cpu_seconds(pid):
    """What the threads that a process has now have used; 0 when it is gone."""
    used_ns = 0
    for thread in threads_of(pid):
        with contextlib.suppress(OSError):
            used_ns += int(pathlib.Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[0])
    return used_ns / 1e9


def rss_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise BenchError(f"process {pid} has no memory")


class Program:
    """A server that runs until the measure is over: suitd's counterpart in a measure."""

    def __init__(self, process, port=None):
        self.process = process
        self.port = port

    @property
    def pids(self):
        return [self.process.pid]

    @property
    def coap(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Suitd:
    """A sandbox: suitd on the server's core, or on cores, its PostgreSQL (fsync on) on database_cores.

    sandbox is the one of the integration tests: .rest, .sql(), .http, .coaps, .pid, .folder.
    """

    def __init__(self, database_cores=None, cores=None, **options):
        from sandbox import Sandbox

        self.cores = cores or {SERVER_CORE}
        self.folder = tempfile.mkdtemp(prefix="suitd-bench.")
        os.environ["SANDBOX_PG"] = "fsync=on shared_buffers=256MB"
        try:
            self.sandbox = Sandbox(self.folder, **options)
        except BaseException as fault:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise BenchError(f"no sandbox: {fault}") from fault
        self.pin(database_cores)

    def pin(self, database_cores=None):
        """Again after sandbox.restart()."""
        pin(self.sandbox.pid, self.cores)
        pin_postgres(self.sandbox.folder, database_cores or set(CORES))

    @property
    def pids(self):
        return [self.sandbox.pid]

    @property
    def coap(self):
        return self.sandbox.coap.removeprefix("coap://")

    @property
    def rss(self):
        return rss_bytes(self.sandbox.pid)

    def close(self):
        self.sandbox.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def pin_postgres(folder, cores):
    """The server process and the backends it has; later ones inherit it."""
    for pid in postgres_pids(folder):
        pin(pid, cores)


def postgres_pids(folder):
    """All processes of a sandbox's PostgreSQL, its main one first."""
    lock = pathlib.Path(folder) / "pg" / "data" / "postmaster.pid"
    main = int(lock.read_text().split()[0])
    children = pathlib.Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return [main, *map(int, children)]


class Bench:
    """Handed to each measure. effort: "full", "quick" or "smoke"."""

    EFFORTS = {"full": (5, 1.0), "quick": (3, 0.6), "smoke": (1, 0.1)}

    def __init__(self, effort="full", trace=None):
        self.effort = effort
        self.n_pairs, self.seconds = self.EFFORTS[effort]
        self._trace = trace or (lambda text: None)
        self._measure = contextlib.ExitStack()
        self._group = contextlib.ExitStack()
        self._made = {}

    def devices(self, n):
        """So many devices, or fewer where only the machinery is tried."""
        return min(n, 200) if self.effort == "smoke" else n

    def say(self, text):
        """One line of progress on standard error."""
        self._trace(text)

    # What runs

    def suitd(self, **options):
        """A Suitd of this measure's own; options: section__option="value", database_cores={0, 1}."""
        return self._keep(Suitd(**options))

    def once(self, maker, *args):
        """maker(bench, *args) is made once in a group and shared by its measures."""
        key = (maker, args)
        if key not in self._made:
            own, self._measure = self._measure, self._group
            try:
                self._made[key] = maker(self, *args)
            finally:
                self._measure = own
        return self._made[key]

    def program(self, name, *args, core=SERVER_CORE):
        """A reference program of build/tests/bench; its first line of output is "port N"."""
        process = self.spawn(PROGRAMS / name, *args, core=core, stdout=subprocess.PIPE)
        ready, _, _ = select.select([process.stdout], [], [], 10)
        words = process.stdout.readline().split() if ready else []
        if len(words) != 2:
            raise BenchError(f"{name} did not start")
        return self._keep(Program(process, int(words[1])))

    def spawn(self, *argv, core=SERVER_CORE, **options):
        """A Popen on one core. Stop it yourself, or hand it to keep(Program(...))."""
        options.setdefault("stdin", subprocess.DEVNULL)
        pinned = ["taskset", "-c", str(core), *[str(arg) for arg in argv]]
        return subprocess.Popen(pinned, **options)

    def keep(self, thing):
        """thing.close() is called at the end of the measure."""
        return self._keep(thing)

    def _keep(self, thing):
        self._measure.callback(thing.close)
        return thing

    def folder(self):
        """An empty folder, removed at the end."""
        path = pathlib.Path(tempfile.mkdtemp(prefix="suitd-bench."))
        self._measure.callback(shutil.rmtree, path, ignore_errors=True)
        return path

    # What is measured

    def load(self, server, name, *args, **options):
        """Runs the load program build/tests/bench/NAME against server: see timed().

        It prints JSON with "rate"; "wrong" and "lost" must be 0 unless allow_lost is given.
        """
        return self.timed(server, [PROGRAMS / name, *args], parse_load, **options)

    def timed(self, server, argv, parse, core=LOAD_CORE, timeout=90, urgent=False, **options):
        """Runs argv on the load's core. parse(its standard output, **options) gives (rate, detail).

        server: what has .pids, or None. urgent: before other loads on its core, where we may say so: it
        measures a latency, and shall not measure its own. Gives a Side.
        """
        pids = server.pids if server else []
        before = sum(cpu_seconds(pid) for pid in pids)
        started = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = self.spawn(*argv, core=core, stdout=out, stderr=err, start_new_session=urgent)
            if urgent:
                put_first(process.pid)
            usage = wait_for(process, timeout)
            seconds = max(time.monotonic() - started, 1e-6)
            served = sum(cpu_seconds(pid) for pid in pids) - before
            out.seek(0)
            err.seek(0)
            text, complaint = out.read().decode(), err.read().decode(errors="replace")
        program = pathlib.Path(str(argv[0])).name
        if process.returncode != 0:
            raise BenchError(f"{program} ended with {process.returncode}: {complaint.strip()}{text[-500:]}")
        rate, detail = parse(text, **options)
        used = usage.ru_utime + usage.ru_stime
        count = detail.get("answered") or rate * seconds
        each_us = detail.get("server_us") or (served * 1e6 / count if count else 0.0)
        return Side(rate, served / seconds, used / seconds, detail, each_us)

    def pairs(self, ours, reference, n=None):
        """Calls both in turn, each time the other one first, and gives the pairs of their Sides."""
        done = []
        for i in range(n or self.n_pairs):
            if i % 2 == 0:
                pair = Pair(ours(), reference())
            else:
                second = reference()
                pair = Pair(ours(), second)
            self.say(f"  {i + 1}: {describe(pair)}")
            done.append(pair)
        return done

    def limit(self, most, used):
        """One pair, for what must not exceed a limit: to be declared with at_least=1."""
        return [Pair(Side(float(used)), Side(float(most)), less=True)]

    # The runner's part

    def run(self, wanted):
        """One measure; gives its row of bench.json."""
        own, self._measure = self._measure, contextlib.ExitStack()
        try:
            with self._measure:
                return row_of(wanted, wanted.function(self))
        finally:
            self._measure = own

    @contextlib.contextmanager
    def group(self):
        """What once() makes lives until the end of this."""
        try:
            yield
        finally:
            self._made.clear()
            self._group.close()


def wait_for(process, timeout):
    """The resource usage of a process that ends by itself."""
    deadline = time.monotonic() + timeout
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        if time.monotonic() > deadline:
            process.send_signal(signal.SIGKILL)
            process.wait()
            raise BenchError(f"{process.args[3]} did not end within {timeout} s")
        time.sleep(0.002)


def parse_load(text, allow_lost=False):
    found = json.loads(text)
    if found.get("wrong"):
        raise BenchError(f"{found['wrong']} wrong answers: {found.get('complaint')}")
    if found.get("lost") and not allow_lost:
        raise BenchError(f"{found['lost']} requests without an answer")
    return float(found["rate"]), found


def describe(pair):
    text = f"{pair.ours.rate:,.0f} / {pair.reference.rate:,.0f} = {pair.ratio:.2f}"
    for side, name in ((pair.ours, "ours"), (pair.reference, "reference")):
        text += f"; {name}: server {side.server_share:.0%}, load {side.load_share:.0%}"
        text += f", {side.server_us:.2f} us each" if side.server_us else ""
    return text


def agree(words):
    """The word that most of them are."""
    return statistics.mode(words)


def row_of(wanted, pairs):
    if not pairs:
        raise BenchError("it measured nothing")
    ratio = statistics.median(pair.ratio for pair in pairs)
    return {
        "measure": wanted.title,
        "ratio": round(ratio, 3),
        "at_least": wanted.at_least,
        "holds": ratio >= wanted.at_least,
        "ours": round(statistics.median(pair.ours.rate for pair in pairs), 3),
        "reference": round(statistics.median(pair.reference.rate for pair in pairs), 3),
        "name": wanted.name,
        "unit": wanted.unit,
        "bottleneck": agree([pair.ours.bottleneck for pair in pairs]),
        "bottleneck_reference": agree([pair.reference.bottleneck for pair in pairs]),
        "ratios": [round(pair.ratio, 3) for pair in pairs],
        "note": wanted.note,
    }
