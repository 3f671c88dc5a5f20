# SPDX-License-Identifier: Apache-2.0
"""What suitd stands on fails under load, each way once; "make torture" does it at length. Nothing that was
acknowledged is lost, and polls and downloads go on: world.probers see to it."""

import pytest
from outages import OutageWorld
from small_disk import can_mount


def test_standby_is_lost_and_takes_over():
    with OutageWorld(seed=11, pair=True) as world:
        world.begin()
        world.lose_standby()
        world.fail_over()
        world.end()


@pytest.mark.skipif(not can_mount(), reason="only who may mount can have a small disk")
def test_disks_are_full_and_read_only():
    with OutageWorld(seed=12, disks=True) as world:
        world.begin()
        world.fill_storage()
        world.make_storage_read_only()
        world.fill_database()
        world.make_database_read_only()
        world.end()
