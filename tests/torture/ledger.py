# SPDX-License-Identifier: Apache-2.0
"""What suitd acknowledged, written down by who got the acknowledgement."""

import collections
import json
import threading


class Ledger:
    """Promises by kind, in the order in which they were given; also in a file, for who looks for a fault."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "w", encoding="utf-8")
        self.promises = collections.defaultdict(list)
        self.sent_reports = set()
        self.sent_states = []  # each try: device, release, state

    def close(self):
        self.file.close()

    def promise(self, kind, *facts):
        with self.lock:
            self.promises[kind].append(facts)
            shown = [fact.hex() if isinstance(fact, bytes) else fact for fact in facts]
            self.file.write(json.dumps([kind, *shown]) + "\n")
            self.file.flush()

    def of(self, kind):
        with self.lock:
            return list(self.promises[kind])

    def latest(self, kind):
        """The last promise of each first fact: what a later one of the same replaces."""
        return {facts[0]: facts[1:] for facts in self.of(kind)}

    def count(self):
        with self.lock:
            return sum(map(len, self.promises.values()))

    def counts(self):
        with self.lock:
            return {kind: len(given) for kind, given in sorted(self.promises.items())}
