# SPDX-License-Identifier: Apache-2.0
"""Kills of suitd and of PostgreSQL under load, a few of them; "make torture" does many."""

from world import World


def test_suitd_is_killed():
    with World(seed=1) as world:
        world.begin()
        for _ in range(8):
            world.pause(0.6)
            world.kill_suitd()
        world.await_updates()
        world.await_progress(1)
        world.end()


def test_postgresql_is_killed():
    """Meanwhile polls and downloads go on: world.probers see to it."""
    with World(seed=2) as world:
        world.begin()
        for fault in (world.kill_postgres, world.stop_postgres, world.kill_backend) * 2:
            world.pause(0.6)
            fault()
        world.await_progress(1)
        world.end()
        assert all(prober.answered for prober in world.probers)


def test_one_of_two_is_killed():
    """The other one goes on serving, and neither undoes what the other did."""
    with World(seed=3, n_suitd=2) as world:
        world.begin()
        for _ in range(6):
            world.pause(0.6)
            world.kill_suitd(world.victims[1])
        world.await_progress(1)
        world.end()
        assert all(prober.answered for prober in world.probers)
