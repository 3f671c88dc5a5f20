# SPDX-License-Identifier: Apache-2.0
"""A primary with a synchronous standby: the primary is killed and the standby takes its place, or the
standby is away. What was acknowledged is there, suitd goes on by itself, and polls and downloads never stop."""

import concurrent.futures

import pytest
import suit_oracle as suit
from device import HttpDevice
from sandbox import eventually
from standby import Standby
from steady import (
    CoapPoller,
    Downloader,
    Poller,
    Registrar,
    Reporter,
    Uploader,
    all_running,
    check_acknowledged,
    wait_for_more,
)


@pytest.fixture
def pair(fresh):
    """A sandbox with a release, whose database has a synchronous standby."""
    key = suit.Key()
    fresh.rest.trust(key)
    fresh.image = suit.Image(b"new firmware" * 1000)
    fresh.rest.publish(suit.update(key, 1, [fresh.image]), [fresh.image])
    fresh.standby = Standby(fresh)
    yield fresh
    fresh.standby.close()


def steady_readers(sandbox):
    """Those who must notice nothing."""
    return [
        Poller(sandbox, "poller"),
        CoapPoller(sandbox, "coap-poller"),
        Downloader(sandbox, sandbox.image),
    ]


def test_standby_takes_the_place_of_a_killed_primary(pair):
    pid = pair.pid
    readers = steady_readers(pair)
    writers = [Reporter(pair, f"reporter-{number}") for number in range(8)]
    writers += [Registrar(pair, "newcomer"), Uploader(pair, "image")]
    with all_running(readers + writers):
        wait_for_more(readers + writers, 10)
        pair.pg_kill()
        wait_for_more(readers, 10)
        assert pair.anonymous().get("/readyz", None).status_code == 503
        pair.standby.promote()
        wait_for_more(readers + writers, 10)
    check_acknowledged(pair, writers)
    check_reconnected(pair)
    assert pair.pid == pid and pair.is_running()


def check_reconnected(pair):
    eventually(lambda: pair.anonymous().get("/readyz", None).status_code == 200)
    eventually(
        lambda: pair.sql(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'suitd' AND query LIKE 'LISTEN%%'"
        )
    )
    # What changes in the new primary is heard: the device of another suitd gets its secret there.
    made = pair.rest.put("/api/v1/devices/guarded/credentials", json={"token": True}).json()
    guarded = HttpDevice(pair, "guarded", made["token"])
    assert guarded.register().status_code == 201
    assert guarded.poll().status_code == 200
    assert HttpDevice(pair, "guarded").poll().status_code == 401


def waiting_commits(pair):
    return pair.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")[0][0]


def test_acknowledgements_wait_for_a_standby_that_is_away(pair):
    """Without it nothing is durable on two machines: who waits is told to come again, and no connections pile up."""
    readers = steady_readers(pair)
    reporter = Reporter(pair, "reporter")
    with all_running(readers):
        wait_for_more(readers, 10)
        pair.standby.stop()
        with concurrent.futures.ThreadPoolExecutor() as threads:
            report = threads.submit(reporter.send, 0)
            eventually(lambda: waiting_commits(pair) == 1)
            wait_for_more(readers, 10)
            assert report.result(60) is False
        for number in range(1, 20):
            assert reporter.send(number) is False
        assert waiting_commits(pair) <= 5, "one of the committer, one of each worker"
        assert pair.anonymous().get("/readyz", None).status_code == 503
        wait_for_more(readers, 10)
        pair.standby.start()
        eventually(lambda: reporter.send(100 + len(reporter.refused)))
    assert len(reporter.acknowledged) == 1
    check_acknowledged(pair, [reporter])
