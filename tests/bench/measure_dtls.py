# SPDX-License-Identifier: Apache-2.0
"""DTLS with pre-shared keys, beside a bare libcoap server with the same cipher."""

import concurrent.futures

from fleet import Fleet
from harness import measure
from sandbox import Rest

KEY = "a-key-of-16-byte"
# That of RFC 7252; OpenSSL thinks its tags too short unless told otherwise.
CIPHER = "PSK-AES128-CCM8:@SECLEVEL=0"
WINDOW = 64  # handshakes or polls under way


class SecureFleet(Fleet):
    """Devices that are known, and have a key each."""

    n_secure = 0

    def secure(self, n_devices):
        self.know(n_devices)
        rest = self.suitd.sandbox.rest

        def put_keys(numbers):
            caller = Rest(rest.base, rest.token)
            for number in numbers:
                path = f"/api/v1/devices/bench-{number:06}/credentials"
                caller.put(path, (200, 201, 204), json={"psk": KEY.encode().hex()})

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            shares = [range(self.n_secure + i, n_devices, 4) for i in range(4)]
            for done in [pool.submit(put_keys, share) for share in shares]:
                done.result()
        self.n_secure = max(self.n_secure, n_devices)

    @property
    def coaps(self):
        return self.suitd.sandbox.coaps.removeprefix("coaps://")


def beside_libcoap(bench, mode, n_held):
    fleet = bench.once(SecureFleet)
    n_held = bench.devices(n_held)
    fleet.secure(n_held + WINDOW)
    envelope_bytes = len(fleet.path("envelope").read_bytes())

    def load(server, address):
        return bench.load(server, "dtls_load", *address.rsplit(":", 1), KEY, CIPHER, n_held,
                          WINDOW, bench.seconds, mode, "suit/manifest", server.pids[0],
                          allow_lost=True)

    def reference():
        libcoap = bench.program("coap_constant", envelope_bytes, KEY)
        try:
            return load(libcoap, libcoap.coap)
        finally:
            libcoap.close()

    return bench.pairs(lambda: load(fleet.suitd, fleet.coaps), reference)


@measure("DTLS PSK handshakes, 1,000 sessions held, beside a bare libcoap server", at_least=0.9,
         unit="handshakes/s", note=f"cipher {CIPHER.partition(':')[0]}")
def handshakes(bench):
    return beside_libcoap(bench, "handshakes", 1000)


@measure("polls over 5,000 DTLS sessions, beside a bare libcoap server", at_least=15,
         unit="answers/s", note=f"cipher {CIPHER.partition(':')[0]}")
def polls(bench):
    return beside_libcoap(bench, "polls", 5000)
