# SPDX-License-Identifier: Apache-2.0
"""Threads that send one request after the other until suitd is gone, and the kill in the middle of it."""

import itertools
import threading

import requests


class Hammer(threading.Thread):
    """send(number) sends one thing and returns what suitd acknowledged."""

    WARM = 4  # so many are acknowledged before the kill

    def __init__(self):
        super().__init__()
        self.acknowledged = []
        self.fault = None
        self.warm = threading.Event()

    def send(self, number):
        raise NotImplementedError

    def run(self):
        try:
            for number in itertools.count():
                self.acknowledged.append(self.send(number))
                if len(self.acknowledged) == self.WARM:
                    self.warm.set()
        except requests.RequestException:
            pass
        except Exception as fault:
            self.fault = fault  # for the thread of the test
        finally:
            self.warm.set()


def kill_under(sandbox, hammers):
    """Kills suitd while all of them send, and starts it again."""
    for hammer in hammers:
        hammer.start()
    for hammer in hammers:
        hammer.warm.wait()
    sandbox.kill()
    for hammer in hammers:
        hammer.join()
    sandbox.start()
    for hammer in hammers:
        if hammer.fault:
            raise hammer.fault
        assert len(hammer.acknowledged) >= hammer.WARM
