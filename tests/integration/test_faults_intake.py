# SPDX-License-Identifier: Apache-2.0
"""suitd is killed while manifests come in: a release is there whole or not at all, and every one that
was acknowledged is there."""

import suit_oracle as suit
from hammer import Hammer, kill_under

ROUNDS = 4
STREAMS = 4


class Publisher(Hammer):
    """Publishes one manifest after the other."""

    def __init__(self, sandbox, key, number):
        super().__init__()
        self.rest = sandbox.as_role("author")
        self.key = key
        self.number = number
        self.sent = []

    def send(self, number):
        image = suit.Image(b"x", uri="/fw/none.bin", component=(b"a", bytes([self.number])))
        envelope = suit.update(self.key, number + 1, [image])
        self.sent.append(envelope)
        reply = self.rest.post_manifest(envelope, None)
        assert reply.status_code == 201, reply.text
        return envelope


def test_releases_are_whole_or_absent(fresh):
    key = suit.Key()
    fresh.rest.trust(key)
    for turn in range(ROUNDS):
        publishers = [Publisher(fresh, key, turn * STREAMS + i) for i in range(STREAMS)]
        kill_under(fresh, publishers)
        check(fresh, publishers)


def check(sandbox, publishers):
    author = sandbox.as_role("author")
    for publisher in publishers:
        for envelope in publisher.sent:
            path = f"/api/v1/releases/{suit.manifest_digest(envelope)}"
            reply = sandbox.rest.get(path, None)
            if envelope in publisher.acknowledged:
                assert reply.status_code == 200
            if reply.status_code == 200:
                check_whole(sandbox, envelope, reply.json())
            else:
                assert reply.status_code == 404
                author.post_manifest(envelope, 201)


def check_whole(sandbox, envelope, release):
    assert len(release["images"]) == 1
    stored = sandbox.rest.get(
        f"/api/v1/manifests/{release['digest']}",
        headers={"Accept": "application/suit-envelope+cose"},
    )
    assert stored.content == envelope
