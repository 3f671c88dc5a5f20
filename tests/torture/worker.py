# SPDX-License-Identifier: Apache-2.0
"""Threads that make the load, step by step, through a gate that the checker can shut."""

import collections
import contextlib
import random
import threading
import time

import paths  # noqa: F401
import requests
import urllib3

# A body that is sent in pieces brings the faults of urllib3 as they are.
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
PATIENCE_S = 180  # nobody waits longer for an answer, through any number of kills


class Gate:
    """Who steps is inside; closed() waits until all are outside and keeps them there."""

    def __init__(self):
        self.condition = threading.Condition()
        self.inside, self.shut = 0, False

    @contextlib.contextmanager
    def passage(self):
        with self.condition:
            self.condition.wait_for(lambda: not self.shut)
            self.inside += 1
        try:
            yield
        finally:
            with self.condition:
                self.inside -= 1
                self.condition.notify_all()

    @contextlib.contextmanager
    def closed(self):
        with self.condition:
            self.shut = True
            self.condition.wait_for(lambda: self.inside == 0)
        try:
            yield
        finally:
            with self.condition:
                self.shut = False
                self.condition.notify_all()


class Worker(threading.Thread):
    """step() does one thing and insists until it has an answer."""

    PAUSE_S = 0.0

    def __init__(self, world, name):
        super().__init__(name=name, daemon=True)
        self.world, self.ledger = world, world.ledger
        self.random = random.Random(f"{world.seed} {name}")
        self.steps, self.unanswered = 0, 0
        self.codes = collections.Counter()
        self.fault = None

    def step(self):
        raise NotImplementedError

    def run(self):
        try:
            while not self.world.ended:
                with self.world.gate.passage():
                    if not self.world.ended:
                        self.step()
                        self.steps += 1
                if self.PAUSE_S:
                    time.sleep(self.random.uniform(0, 2 * self.PAUSE_S))
        except Exception as fault:  # for the thread of the test
            self.fault = fault
            self.world.on_fault(self)

    def insist(self, send):
        """The first answer; send() returns None for none, or for "come again"."""
        until = time.monotonic() + PATIENCE_S
        while True:
            answer = send()
            if answer is not None:
                return answer
            self.unanswered += 1
            assert time.monotonic() < until, f"{self.name}: no answer for {PATIENCE_S} s"
            time.sleep(0.02)

    def try_call(self, rest, method, path, expect, **options):
        """The answer, which must be one of expect; None: there was none, or "come again"."""
        try:
            reply = rest.request(method, path, timeout=30, **options)
        except BROKEN:
            return None
        self.codes[reply.status_code] += 1
        # It starts; there is no room; another request writes to the upload.
        if reply.status_code in (503, 507, 423):
            return None
        assert reply.status_code in expect, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply
