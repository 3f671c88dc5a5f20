# SPDX-License-Identifier: Apache-2.0
"""Polls and downloads over CoAP, beside an echo of datagrams of the same sizes."""

from fleet import Fleet
from harness import measure

POLL = "CoAP poll of a known device"
ANSWERS = "answers/s"
DEVICE_BYTES = 1536
CONSTANT_BYTES = 100


def poll_beside_echo(bench, n_devices, answer="2.03"):
    fleet = bench.once(Fleet)
    n_devices = bench.devices(n_devices)
    fleet.know(n_devices)
    return fleet.beside_echo("poll", n_devices, *fleet.polling(answer))


@measure(f"{POLL} (2.03), 1 session", at_least=0.55, unit=ANSWERS)
def poll_1(bench):
    return poll_beside_echo(bench, 1)


@measure(f"{POLL} (2.03), 64 sessions", at_least=0.55, unit=ANSWERS)
def poll_64(bench):
    return poll_beside_echo(bench, 64)


@measure(f"{POLL} (2.03), 1,000 sessions", at_least=0.55, unit=ANSWERS)
def poll_1000(bench):
    return poll_beside_echo(bench, 1000)


@measure(f"{POLL} (2.05 with the envelope), 1,000 sessions", at_least=0.55, unit=ANSWERS)
def poll_envelope(bench):
    return poll_beside_echo(bench, 1000, "2.05")


def poll_beside_fewer(bench, n_devices):
    """The reference is suitd itself with 1,000 devices."""
    fleet = bench.once(Fleet)
    n_devices = bench.devices(n_devices)
    fleet.know(n_devices)

    def poll(n):
        return fleet.ask("poll", n, "--seconds", bench.seconds, *fleet.polling())

    return bench.pairs(lambda: poll(n_devices), lambda: poll(bench.devices(1000)))


@measure(f"{POLL}, 10,000 sessions beside 1,000", at_least=0.8, unit=ANSWERS)
def poll_10000(bench):
    return poll_beside_fewer(bench, 10000)


@measure(f"{POLL}, 10,000 sessions, beside a bare libcoap server", at_least=10, unit=ANSWERS)
def poll_libcoap(bench):
    fleet = bench.once(Fleet)
    n_devices = bench.devices(10000)
    fleet.know(n_devices)
    bare = bench.program("coap_constant", CONSTANT_BYTES)
    who = ("--server", bare.coap, "--peers", n_devices)
    bench.load(bare, "coap_load", "poll", *who, "--once")  # its sessions are there before it counts
    return bench.pairs(
        lambda: fleet.ask("poll", n_devices, "--seconds", bench.seconds, *fleet.polling()),
        lambda: bench.load(bare, "coap_load", "poll", *who, "--seconds", bench.seconds),
    )


@measure("image by Block2, 100 devices in parallel, 1,024-byte blocks", at_least=0.6, unit="blocks/s")
def blocks_100(bench):
    fleet = bench.once(Fleet)
    return fleet.beside_echo("blocks", 100, "--outstanding", 100, *fleet.downloading())


@measure(
    f"{POLL}, 100,000 sessions beside 1,000",
    at_least=0.25,
    unit=ANSWERS,
    cost="100,000 devices are registered first",
)
def poll_100000(bench):
    return poll_beside_fewer(bench, 100000)


@measure(
    "memory per idle registered device, at most 1.5 KiB",
    at_least=1,
    unit="bytes",
    cost="100,000 devices are registered first",
    note="growth of the resident set from the empty fleet to 100,000 devices that have polled",
)
def device_memory(bench):
    fleet = bench.once(Fleet)
    n_devices = bench.devices(100000)
    fleet.know(n_devices)
    return bench.limit(DEVICE_BYTES, (fleet.suitd.rss - fleet.idle_rss) / n_devices)
