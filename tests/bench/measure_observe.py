# SPDX-License-Identifier: Apache-2.0
"""Notifications of a new offer, beside the same datagrams sent by nothing but sendmmsg."""

import contextlib
import json
import subprocess
import time

import suit_oracle as suit
from fleet import Fleet
from harness import LOAD_CORE, PROGRAMS, SERVER_CORE, BenchError, Pair, Side, cpu_seconds, measure

N_OBSERVERS = 10000
ROUND_S = 150
ENOUGH = 1000000  # downloads at once: else most are planned for later, and told then


class Observers:
    """Devices of a fleet that observe, each from an address of its own, in one load program."""

    def __init__(self, bench, fleet, n):
        self.n = n
        self.file = fleet.path("notifications")
        host, port = fleet.suitd.coap.rsplit(":", 1)
        self.process = bench.spawn(
            PROGRAMS / "observe_load", host, port, n, self.file, core=LOAD_CORE,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        bench.keep(self)
        self.port = self.process.stdout.readline().split()[1]
        self.told = self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise BenchError("observe_load ended")
        return json.loads(line)

    def round(self, cause):
        """What came after cause() had been called."""
        self.process.stdin.write(f"round {ROUND_S}\n")
        self.process.stdin.flush()
        self._answer()
        cause()
        came = self._answer()
        if came["told"] < self.n:
            raise BenchError(f"{came['told']} of {self.n} observers were told")
        return came

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait(10)


class Releases:
    """A new one for the fleet each time."""

    def __init__(self, fleet):
        self.rest = fleet.suitd.sandbox.rest
        self.image = fleet.image
        self.key = suit.Key()
        self.rest.trust(self.key, "observed")
        document = self.rest.get("/api/v1/policy").json()["policy"]
        document["capacity"] = {"downloads": ENOUGH, "downloads_per_site": ENOUGH}
        self.rest.put("/api/v1/policy", json=document)
        self.number = 10

    def prepare(self):
        self.number += 1
        return self.rest.post_manifest(suit.update(self.key, self.number, [self.image])).json()


@measure("notifying 10,000 observers of a new offer", at_least=0.5, unit="datagrams/s",
         note="while notifications go out (pauses above 2 ms left out); both sides timed at delivery")
def burst(bench):
    fleet = bench.once(Fleet)
    n = bench.devices(N_OBSERVERS)
    # The policy first: another one is followed by planning anew whatever is in flight.
    releases = Releases(fleet)
    fleet.know(n)
    observers = Observers(bench, fleet, n)
    pid = fleet.suitd.sandbox.pid

    def ours():
        release = releases.prepare()
        began, used = time.time(), cpu_seconds(pid)
        came = observers.round(lambda: releases.rest.approve(release["digest"]))
        whole = came["last_s"] - began
        bench.say(f"  approved to last notification {whole:.2f} s, first {came['first_s'] - began:.2f} s,"
                  f" {came['bursts']} bursts, {came['confirmable']} confirmable")
        return Side(came["burst_rate"], server_us=(cpu_seconds(pid) - used) * 1e6 / n, detail=came)

    def raw():
        send = [PROGRAMS / "raw_send", observers.file, observers.port]
        came = observers.round(
            lambda: bench.timed(None, send, lambda text: (json.loads(text)["rate"], {}), core=SERVER_CORE))
        return Side(came["burst_rate"], detail=came)

    # The datagrams have to be there before they can be sent again.
    return [Pair(ours(), raw()) for _ in range(bench.n_pairs)]
