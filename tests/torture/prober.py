# SPDX-License-Identifier: Apache-2.0
"""Polls and downloads that have to go on without the database, asked for all the time."""

import threading
import time

import paths  # noqa: F401
import suit_oracle as suit
from lamps import OK, PLANES


class Prober(threading.Thread):
    """One device of one suitd, which has a release in front of it and lets it be."""

    def __init__(self, world, victim, plane, release):
        super().__init__(name=f"prober-{plane}-{victim.config.stem}", daemon=True)
        self.world, self.victim, self.release = world, victim, release
        self.plane = PLANES[plane](victim, self.name)
        self.answered, self.longest_s, self.fault = 0, 0.0, None

    def prepare(self):
        klass = self.world.probe_class
        assert self.plane.send("register", klass=klass)[0] in OK
        assert self.plane.send("poll")[0] in OK

    def run(self):
        path = "/blob/" + self.release.image.digest.removeprefix("sha256:")
        remembered = 0  # in which of suitd's lives it was served
        try:
            while not self.world.ended:
                epoch, began = self.victim.epoch, time.monotonic()
                poll, blob = self.plane.send("poll"), self.plane.fetch(path)
                if epoch != self.victim.epoch:
                    continue
                good = self.is_good(poll, blob)
                if remembered == epoch:
                    assert good, f"{self.name}: {poll and poll[0]} {blob and blob[0]}"
                    self.answered += 1
                    self.longest_s = max(self.longest_s, time.monotonic() - began)
                elif good:
                    remembered = epoch
                time.sleep(0.01)
        except Exception as fault:
            self.fault = fault
            self.world.on_fault(self)

    def is_good(self, poll, blob):
        if poll is None or blob is None or poll[0] not in OK or blob[0] not in OK:
            return False
        assert suit.manifest_digest(poll[1]) == self.release.digest
        assert blob[1] == self.release.image.content
        return True
