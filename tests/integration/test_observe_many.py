# SPDX-License-Identifier: Apache-2.0
"""Notifications to many observers at once: none is missed for good, and who has gone is let go."""

import hashlib

import pytest
import suit_oracle as suit
from device import ACK, CON, ETAG, GET, NON, OBSERVE, RST, CoapDevice, CoapPeer, Message

N_DEVICES = 40  # more than are told confirmably at once
TOKEN = b"many"


class DeafPeer(CoapPeer):
    """Acknowledges notifications only when it is told to."""

    is_deaf = False

    def receive(self):
        return Message.decode(self.socket.recv(65536)) if self.is_deaf else super().receive()

    def next_notification(self):
        """Whatever its type, from what has not been looked at yet."""
        while True:
            message = self.pending.pop(0) if self.pending else self.receive()
            if message.token == TOKEN and message.code and message.kind in (CON, NON):
                return message

    def answer(self, message, kind):
        self.send(Message(0, kind=kind, message_id=message.message_id))


def observe(device):
    target = device.peer.target("/suit/manifest", device.query)
    first = device.peer.exchange(GET, target + [(OBSERVE, b"")], token=TOKEN)
    assert first.status == "2.05" and first.option(OBSERVE) is not None
    device.peer.is_deaf = True
    return int.from_bytes(first.option(OBSERVE), "big")


@pytest.fixture
def crowd(sandbox, trusted, unique, product):
    devices = []
    for _ in range(N_DEVICES):
        device = CoapDevice(sandbox, unique("crowd"))
        device.peer.close()
        device.peer = DeafPeer(sandbox.coap, timeout=30)
        assert device.register(klass=product).status == "2.01"
        devices.append(device)
    yield devices
    for device in devices:
        device.peer.close()


@pytest.fixture
def publish(sandbox, trusted, product):
    def publish(sequence_number):
        name = f"{product}-{sequence_number}"
        image = suit.Image(name.encode(), f"/fw/{name}.bin")
        envelope = suit.update(trusted, sequence_number, [image], klass=product)
        sandbox.rest.publish(envelope, [image])
        return hashlib.sha256(envelope).digest()[:8]

    return publish


def number_of(message):
    return int.from_bytes(message.option(OBSERVE), "big")


def confirmed(device, etag, number):
    """Listens until the offer comes in a message that asks for an acknowledgement."""
    while True:
        told = device.peer.next_notification()
        assert told.status == "2.05" and told.option(ETAG) == etag
        assert number_of(told) > number, "the order of notifications"
        number = number_of(told)
        if told.kind == CON:
            return told


def test_each_is_asked_to_confirm(crowd, publish):
    """What was not confirmable is told again: one that was lost is made good."""
    numbers = [observe(device) for device in crowd]
    etag = publish(1)
    for device, number in zip(crowd, numbers):
        device.peer.answer(confirmed(device, etag, number), kind=ACK)


def test_who_resets_is_told_no_more(crowd, publish):
    for device in crowd:
        observe(device)
    etag = publish(1)
    gone, stays = crowd[0], crowd[1:]
    gone.peer.answer(confirmed(gone, etag, 0), kind=RST)
    for device in stays:
        device.peer.answer(confirmed(device, etag, 0), kind=ACK)
    etag = publish(2)
    for device in stays:
        while device.peer.next_notification().option(ETAG) != etag:
            continue
    gone.peer.is_deaf = False
    assert gone.poll().option(ETAG) == etag, "it would have been told before"
    assert not [m for m in gone.peer.pending if m.token == TOKEN and m.option(ETAG) == etag]
