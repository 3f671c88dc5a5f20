# SPDX-License-Identifier: Apache-2.0
"""The checker sees what it is there for: each kind of loss and doubling, done by hand."""

import psycopg2
import pytest
from world import World

FORGERIES = {
    "a report that is gone": (
        "DELETE FROM report WHERE id = (SELECT max(id::text)::uuid FROM report)",
        "a report that was acknowledged is gone",
    ),
    "a report that is there twice": (
        "DROP INDEX report_once; INSERT INTO report (id, device_id, deployment_id, received_at, payload,"
        " authentication, success) SELECT gen_random_uuid(), device_id, deployment_id, received_at,"
        " payload, authentication, success FROM report LIMIT 1",
        "one report is there 2 times",
    ),
    "a transition that is there twice": (
        "INSERT INTO deployment_history (deployment_id, at, from_state, to_state, event, actor)"
        " SELECT deployment_id, at, from_state, to_state, event, actor FROM deployment_history"
        " WHERE to_state = 'accepted' LIMIT 1",
        "became accepted 2 times",
    ),
    "a deployment that is there twice": (
        "INSERT INTO deployment (id, device_id, release_id, state, active, mode, named_by_operator, created_at, changed_at)"
        " SELECT gen_random_uuid(), device_id, release_id, state, false, mode, false, created_at, changed_at"
        " FROM deployment WHERE state = 'confirmed' LIMIT 1",
        "has 2 deployments of",
    ),
    "a state without its history": (
        "UPDATE deployment SET state = 'failed' WHERE id ="
        " (SELECT id FROM deployment WHERE state = 'rebooting' LIMIT 1)",
        "is failed, its history ends rebooting",
    ),
    "a history with a hole": (
        "DELETE FROM deployment_history WHERE id ="
        " (SELECT min(id) FROM deployment_history WHERE to_state = 'downloading')",
        "history goes from accepted to downloading",
    ),
    "a registration that is gone": (
        "UPDATE device SET removed_at = now() WHERE endpoint = 'coap-reporter'",
        "its registration was acknowledged and is gone",
    ),
    "a counter that drifts": ("UPDATE counter SET value = value + 1 WHERE name = 'images'", "counter images"),
    "an approval that is gone": (
        "UPDATE release SET state = 'verified' WHERE state = 'approved'",
        "was approved, and is verified",
    ),
    "an image that is gone": (
        "DELETE FROM image WHERE digest = (SELECT min(digest) FROM image)",
        "the database says None",
    ),
    "an answer that is gone": (
        "UPDATE deployment_history SET detail = NULL WHERE event IN ('accept', 'defer')",
        "no history has it",
    ),
    "an answer that counts twice": (
        "INSERT INTO deployment_history (deployment_id, at, from_state, to_state, event, actor, detail)"
        " SELECT deployment_id, at, to_state, to_state, event, actor, detail FROM deployment_history"
        " WHERE event IN ('accept', 'defer') AND detail IS NOT NULL LIMIT 1",
        "was taken 2 times",
    ),
    "a command without its reason": (
        "DELETE FROM deployment_history WHERE to_state = 'downloaded'",
        "whose history does not come to that",
    ),
    "a policy that is gone": (
        "DELETE FROM policy_document WHERE version = (SELECT max(version) FROM policy_document)",
        "was acknowledged, and is None",
    ),
    "a policy that nobody saved": (
        "INSERT INTO policy_document SELECT max(version) + 1, '{}', 'x', now() FROM policy_document",
        "nobody was told of it",
    ),
    "a token that is gone": ("DELETE FROM api_token WHERE role = 'viewer'", "was given out and is gone"),
    "a provision that is gone": ("DELETE FROM device_provision", "was laid down, the database says None"),
}  # fmt: skip


@pytest.fixture(scope="module")
def world():
    """Load for a while, and then peace."""
    with World(seed=4) as made:
        made.begin()
        made.await_updates()
        for kind in ("report", "token", "provision", "offset", "answer"):
            while not made.ledger.of(kind):
                made.await_progress(1)
        made.end()
        yield made


def faults(world, forgery="SELECT"):
    """What the checker finds after the forgery, which is undone again."""
    connection = psycopg2.connect(world.sandbox.pg)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica; " + forgery)
            return "\n".join(world.checker.compare(cursor))
    finally:
        connection.close()


@pytest.mark.parametrize("what", FORGERIES)
def test_rows(world, what):
    forgery, words = FORGERIES[what]
    assert words in faults(world, forgery)


def test_files(world):
    digest = world.ledger.of("image")[0][0].removeprefix("sha256:")
    path = world.sandbox.storage / "blob" / digest[:2] / digest
    content = path.read_bytes()
    path.write_bytes(bytes(len(content)))
    assert "not its own digest" in faults(world)
    path.unlink()
    assert "No such file" in faults(world)
    path.write_bytes(content)
    stray = world.sandbox.storage / "temp" / "stray"
    stray.write_bytes(b"x")
    assert "was left behind" in faults(world)
    stray.unlink()
    assert faults(world) == ""
