# SPDX-License-Identifier: Apache-2.0
"""Polls and downloads over CoAP, beside an echo of datagrams of the same sizes."""

from fleet import Fleet
from harness import measure


def poll_beside_echo(bench, n_devices, answer="2.03"):
    fleet = bench.once(Fleet)
    n_devices = bench.devices(n_devices)
    fleet.know(n_devices)
    return fleet.beside_echo("poll", n_devices, *fleet.polling(answer))


@measure("CoAP poll of a known device (2.03), 64 sessions", at_least=0.55, unit="answers/s")
def poll_64(bench):
    return poll_beside_echo(bench, 64)
