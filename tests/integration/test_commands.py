# SPDX-License-Identifier: Apache-2.0
"""suitd's commands to a device that misbehaves: what was sent how often, and what was made of it."""

import datetime
import time
import uuid

import cbor2
import pytest
import suit_oracle as suit
from command_device import (
    ALWAYS,
    AT,
    NO,
    NOW,
    CommandedDevice,
    acknowledge,
    answer,
    answer_cbor,
    first,
    reset,
    separately,
    silent,
    take_block,
    twice,
    wrong_token,
)
from commanding import Update, commanding_sandbox
from device import BLOCK1, POST, SIZE1, block_option, parse_block
from sandbox import eventually

ASKED = {1: ALWAYS, 4: True}  # the profile of a device that is asked
TOLD = {1: ALWAYS, 2: True}  # of one that is always on, never idle
PUSHED = {**TOLD, 5: True}


@pytest.fixture(scope="module")
def driven(author_key):
    with commanding_sandbox(author_key, high={"notice": "PT2S"}, critical={"negotiate_after": "PT2S"}) as sandbox:
        yield sandbox


@pytest.fixture
def meet(driven, author_key, unique):
    """meet(profile, kind=behaviour, ...): a registered device for which a release waits."""
    devices = []

    def make(profile=None, size=3000, n_images=1, model=None, before=None, **on):
        name = unique("bad")
        product = uuid.uuid5(suit.VENDOR, name)
        device = CommandedDevice(driven, name, product, profile or ASKED)
        device.model = model
        devices.append(device)
        device.on.update(on)
        device.register(suit.installed(suit.Image(b"old"), 0))
        if before:
            before(device)
        device.update = Update(driven, author_key, product, size=size, n_images=n_images)
        return device

    yield make
    for device in devices:
        device.close()


def finish(device):
    """The download is done: to the proof."""
    device.say("downloaded")
    device.wait_for("install")
    device.say("installing", "rebooting")
    device.register(*device.update.installed)
    device.wait_state("confirmed")


def wait_row(device, event, n=1, timeout=40):
    """The nth row of this event in the history."""
    return eventually(lambda: [row for row in device.history() if row["event"] == event][n - 1 : n], timeout)[0]


def seconds_between(early, late):
    parse = datetime.datetime.fromisoformat
    return (parse(late.replace("Z", "+00:00")) - parse(early.replace("Z", "+00:00"))).total_seconds()


def pause_after(device, moment):
    """Seconds from this moment of the plan to the next look, once that was decided."""

    def probe():
        plan = device.plan
        seconds = seconds_between(plan[moment], plan["look_at"]) if plan["look_at"] else 0
        return seconds if seconds > 60 else None

    return eventually(probe)


# Offers.


@pytest.mark.parametrize(
    "manner", [lambda behave: behave, separately, twice], ids=["at_once", "separate", "twice"]
)
def test_an_offer_is_answered(meet, manner):
    device = meet(offer=manner(answer_cbor({1: NOW})))
    trigger = device.wait_for("trigger")
    offer = device.asked("offer")[0].command
    assert offer[1] == trigger.command[1] and offer[2] == suit.reference(device.update.envelope)
    assert offer[5] == 3000 and offer[4] == len(device.update.envelope)
    assert device.poll() == device.update.envelope
    finish(device)
    assert [len(device.asked(kind)) for kind in ("offer", "trigger", "install")] == [1, 1, 1]
    assert ("accept", "accepted") in device.events()


def test_at_t_is_kept_and_bounded(meet):
    device = meet(offer=answer_cbor({1: AT, 2: int(time.time()) + 600}))
    device.wait_state("accepted")
    assert device.plan["deferrals"] == 1
    device.let_time_pass(500)
    device.renew()
    assert device.asked("trigger") == []
    device.let_time_pass(120)
    device.wait_for("trigger")
    greedy = meet(offer=answer_cbor({1: AT, 2: int(time.time()) + 86400}))
    greedy.wait_state("accepted")
    assert "allows no later than" in greedy.history()[-1]["detail"]
    assert seconds_between(greedy.plan["last_offer_at"], greedy.plan["promised_at"]) <= 3601


def test_who_says_no_too_often_is_told(meet):
    device = meet(offer=answer_cbor({1: NO, 3: "the oven is hot"}))
    assert wait_row(device, "defer")["detail"] == "the oven is hot"
    for n in (2, 3):
        device.let_time_pass(1800)
        device.wait_for("offer", n)
        eventually(lambda n=n: device.plan["deferrals"] == n)
    device.let_time_pass(1800)
    device.wait_for("trigger")
    assert len(device.asked("offer")) == 3
    assert "from negotiated to server" in wait_row(device, "escalate")["detail"]


def test_an_answer_by_status_message(meet):
    device = meet(offer=answer())
    device.wait_for("offer")
    device.call(POST, "/suit/status", cbor2.dumps({10: {1: NO, 3: "later"}}))
    assert wait_row(device, "defer")["detail"] == "later"
    device.call(POST, "/suit/status", cbor2.dumps({10: {1: NOW}}))
    device.wait_for("trigger")


def test_conflict_means_no(meet):
    device = meet(offer=answer("4.09", b"busy"))
    assert wait_row(device, "defer")["detail"] == "busy"


def test_a_lost_datagram_is_repeated(meet):
    device = meet(profile={})  # never spoken to
    device.lose = 1
    device.profile = ASKED
    device.register()
    device.wait_for("trigger")
    assert len(device.asked("offer", repetitions=True)) == 2
    assert [row for row in device.history() if row["event"] == "lost"] == []


@pytest.mark.parametrize(
    "behave,datagrams",
    [(silent, 2), (acknowledge, 1), (wrong_token(answer_cbor({1: NOW})), 1)],
    ids=["silent", "acknowledges", "wrong_token"],
)
def test_lost_offers_are_repeated_with_patience(meet, behave, datagrams):
    device = meet(offer=behave)
    waits = []
    for n in (1, 2):
        assert wait_row(device, "lost", n)["detail"] == "offer"
        waits.append(pause_after(device, "last_offer_at"))
        assert len(device.asked("offer", repetitions=True)) == n * datagrams
        device.let_time_pass(waits[-1] - 30)
        device.renew()
        assert len(device.asked("offer", repetitions=True)) == n * datagrams
        device.let_time_pass(30)
        device.wait_for("offer", n + 1)
    assert 290 <= waits[0] <= 310 and 590 <= waits[1] <= 610
    assert device.deployment["state"] == "offered"


@pytest.mark.parametrize(
    "behave", [reset, answer("4.04"), answer("4.05"), answer("5.01")], ids=["RST", "4.04", "4.05", "5.01"]
)
def test_a_device_that_knows_no_offers(meet, behave):
    device = meet(offer=behave)
    assert wait_row(device, "cannot")["detail"] == "offer"
    assert len(device.asked("offer", repetitions=True)) == 1
    device.let_time_pass(200)
    device.renew()
    assert len(device.asked("offer", repetitions=True)) == 1


@pytest.mark.parametrize(
    "behave",
    [answer("2.04", b"\xff\xff"), answer_cbor({1: 99}), answer_cbor({1: AT}), answer("2.31"), answer_cbor([1] * 9)],
    ids=["noise", "unknown_word", "no_time", "continue", "no_map"],
)
def test_nonsense_is_a_failure(meet, behave):
    device = meet(offer=behave)
    failed = eventually(lambda: device.plan.get("failures") == 1 and device.deployment)
    assert failed["state"] == "planned" and failed["reason"] == "nonsense: the answer to offer makes no sense"
    waits = []
    for n in (2, 3):
        waits.append(pause_after(device, "last_failure_at"))
        device.let_time_pass(waits[-1] - 30)
        device.renew()
        assert len(device.asked("offer")) == n - 1
        device.let_time_pass(30)
        device.wait_for("offer", n)
    failed = device.wait_state("failed")
    assert failed["reason"] == "nonsense: the answer to offer makes no sense" and failed["plan"]["failures"] == 2
    assert 590 <= waits[0] <= 610 and 1190 <= waits[1] <= 1210


# Delivery.


def test_who_cannot_fetch_gets_a_push(meet):
    device = meet(TOLD, trigger=answer("4.04"))
    device.wait_state("downloading")
    assert bytes(device.bodies[f"suit/image/{device.update.image.digest[7:]}"]) == device.update.image.content
    finish(device)
    assert [len(device.asked(kind)) for kind in ("offer", "trigger")] == [0, 1]


def test_who_takes_no_push_is_triggered(meet):
    device = meet(PUSHED, manifest=answer("4.04"))
    device.wait_for("trigger")
    assert len(device.asked("manifest")) == 1
    finish(device)


def test_who_takes_neither_is_left_in_peace(meet):
    device = meet(PUSHED, manifest=answer("5.01"), trigger=answer("4.04"))
    wait_row(device, "cannot", 2)
    device.renew()
    assert [row["detail"] for row in device.history() if row["event"] == "cannot"] == ["push", "trigger"]
    assert [len(device.asked(kind)) for kind in ("manifest", "trigger")] == [1, 1]
    device.on.update(trigger=answer())
    device.let_time_pass(310)
    device.wait_state("downloading")


@pytest.mark.parametrize(
    "options,szx",
    [({}, 6), ({"max_szx": 2}, 2), ({"max_szx": 0}, 0), ({"max_szx": 3, "hint": False}, 3)],
    ids=["1024", "64", "16", "128_unsaid"],
)
def test_push_in_the_size_that_the_device_takes(meet, options, szx):
    device = meet(PUSHED, n_images=2, manifest=take_block(**options), image=take_block(**options))
    device.wait_state("downloading")
    paths = list(device.bodies)
    hexes = [image.digest[7:] for image in device.update.images]
    assert paths == ["suit/manifest"] + [f"suit/image/{one}" for one in hexes]
    contents = [device.update.envelope] + [image.content for image in device.update.images]
    assert [bytes(device.bodies[path]) for path in paths] == contents
    assert {device.sizes[path][-1] for path in paths[1:]} == {(3000).to_bytes(2, "big")}
    last = device.asked("image")[-1]
    assert parse_block(last.message.option(BLOCK1))[2] == szx
    assert last.query == ["d=" + device.deployment["id"]]
    assert (len(device.asked("trigger")), len(device.asked("offer"))) == (0, 0)
    finish(device)


@pytest.mark.parametrize("manner", [separately, twice], ids=["separate", "twice"])
def test_push_to_a_talkative_device(meet, manner):
    device = meet(PUSHED, size=20000, manifest=manner(take_block()), image=manner(take_block()))
    device.wait_state("downloading")
    assert bytes(device.bodies[f"suit/image/{device.update.image.digest[7:]}"]) == device.update.image.content
    blocks = [parse_block(one.message.option(BLOCK1))[0] for one in device.asked("image", True)]
    assert blocks == list(range(20))


def test_push_over_a_lossy_link(meet):
    take = take_block()

    def stumble(device, request):
        """The block after this one gets lost on its way."""
        if parse_block(request.option(BLOCK1))[0] == 5:
            device.lose = 1
        return take(device, request)

    device = meet(PUSHED, size=12000, image=stumble)
    device.wait_state("downloading")
    assert bytes(device.bodies[f"suit/image/{device.update.image.digest[7:]}"]) == device.update.image.content
    assert len(device.asked("image", True)) == len(device.asked("image")) + 1


def test_push_begins_again_where_a_block_is_missing(meet):
    take = take_block()
    device = meet(PUSHED, size=5000, image=first(take, take, answer("4.08"), take))
    device.wait_state("downloading")
    blocks = [parse_block(one.message.option(BLOCK1))[0] for one in device.asked("image")]
    assert blocks == [0, 1, 2, 0, 1, 2, 3, 4]
    finish(device)


def test_push_to_a_device_that_always_misses_blocks(meet):
    device = meet(PUSHED, image=answer("4.08"))
    assert wait_row(device, "lost")["detail"] == "push"
    device.renew()
    assert len(device.asked("image")) == 4
    device.on.update(image=take_block())
    device.let_time_pass(310)
    device.wait_state("downloading")


def test_push_that_is_too_large_is_fetched(meet):
    device = meet(PUSHED, image=answer("4.13", options=[(SIZE1, b"\x20")]))
    device.wait_for("trigger")
    assert len(device.asked("image")) == 1
    finish(device)


def test_push_that_is_answered_nonsense(meet):
    device = meet(PUSHED, image=answer("2.31", options=[(BLOCK1, block_option(99, True, 6))]))
    failed = eventually(lambda: device.plan.get("failures") == 1 and device.deployment)
    assert failed["state"] == "planned" and failed["reason"] == "nonsense: the answer to push makes no sense"


def test_silence_in_the_middle_of_a_push(meet):
    take = take_block()
    device = meet(PUSHED, size=9000, image=first(take, take, take, silent))
    assert wait_row(device, "lost")["detail"] == "push"
    assert len(device.asked("image", True)) == 5
    device.on.update(image=take)
    device.renew()
    assert len(device.asked("image", True)) == 5
    device.let_time_pass(310)
    device.wait_state("downloading")
    finish(device)


def test_silence_after_a_trigger_is_asked_about(meet):
    device = meet(TOLD)
    device.wait_state("downloading")
    device.let_time_pass(3600)
    device.wait_for("ask")
    device.say("downloaded")
    device.wait_for("install")


# Installation.


def test_notice_before_an_interruption(meet):
    device = meet(TOLD, model="high")
    device.wait_for("trigger")
    device.say("downloaded")
    notice = device.wait_for("notice")
    install = device.wait_for("install")
    assert install.at - notice.at >= 1.5
    assert notice.command[9] and notice.command[8] > 0
    device.say("installing", "rebooting")
    device.register(*device.update.installed)
    device.wait_state("confirmed")
    events = [row["event"] for row in device.history()]
    assert events.index("notice") < events.index("install_began")
    assert events.count("notice") == 1


def test_a_lost_install_is_repeated(meet):
    device = meet(TOLD, install=first(silent, answer()))
    device.wait_for("trigger")
    device.say("downloaded")
    assert wait_row(device, "lost")["detail"] == "install"
    assert device.deployment["state"] == "downloaded"
    device.let_time_pass(310)
    device.wait_state("installing")
    assert len(device.asked("install", True)) == 3


def test_a_device_that_comes_back_with_the_old_image(meet):
    device = meet(TOLD)
    for n in (1, 2, 3):
        device.wait_for("trigger", n)
        device.say("downloaded")
        device.wait_for("install", n)
        device.say("installing", "rebooting")
        device.register()
        if n < 3:
            eventually(lambda n=n: device.plan["failures"] == n)
            assert device.deployment["state"] == "planned"
            assert 590 * n <= pause_after(device, "last_failure_at") <= 610 * n
            device.let_time_pass(600 * n - 30)
            device.renew()
            assert len(device.asked("trigger")) == n
            device.let_time_pass(30)
            device.renew()
    failed = device.wait_state("failed")
    assert "the old image is back" in failed["reason"]
    assert [row["event"] for row in device.history()].count("retry") == 2


def test_success_is_believed_only_with_its_digest(meet):
    device = meet(TOLD)
    device.wait_for("trigger")
    device.say("downloaded")
    device.wait_for("install")
    device.say("installing")
    assert device.call(POST, "/suit/report", suit.report(device.update.envelope)).status == "2.04"
    device.wait_state("rebooting")
    device.register(suit.installed(suit.Image(b"other"), 1))
    failed = eventually(lambda: device.plan.get("failures") == 1 and device.deployment)
    assert failed["state"] == "planned" and "runs sha256:" in failed["reason"]


def test_silence_in_the_middle_of_an_installation(meet):
    device = meet(TOLD, ask=silent)
    device.wait_for("trigger")
    device.say("downloaded")
    device.wait_for("install")
    device.say("installing")
    device.let_time_pass(3600)
    device.wait_for("ask")
    assert wait_row(device, "lost")["detail"] == "ask"
    device.let_time_pass(7 * 86400)
    failed = eventually(lambda: device.plan.get("failures") == 1 and device.deployment, 60)
    assert "silent" in failed["reason"]


def test_an_image_that_was_lost_is_brought_again(meet):
    device = meet(TOLD, install=first(answer("4.09", b"of this nothing is here"), answer()))
    device.wait_for("trigger")
    device.say("downloaded")
    failed = eventually(lambda: device.plan.get("failures") == 1 and device.deployment)
    assert failed["state"] == "planned"
    assert failed["reason"] == "the device has nothing to install: of this nothing is here"
    pause_after(device, "last_failure_at")
    device.let_time_pass(610)
    device.wait_for("trigger", 2)
    finish(device)


# When it can be reached.


def test_windows_in_which_a_device_is_reachable(meet):
    opens = int(time.time()) + 6

    def fall_asleep(device):
        device.windows = [{1: 2, 5: opens, 6: opens + 3600}]
        device.register()
        until = time.monotonic() + 1
        eventually(lambda: time.monotonic() > until)

    device = meet({**TOLD, 6: 1}, before=fall_asleep)
    planned = eventually(lambda: device.deployment)
    assert planned["state"] == "planned" and device.arrivals == []
    device.wait_for("trigger")
    assert time.time() >= opens
    finish(device)


def test_a_device_that_polls_late_and_knows_no_offers(meet):
    device = meet({1: ALWAYS}, model="critical", offer=answer("4.04"))
    device.wait_for("offer")
    assert wait_row(device, "escalate")["detail"].startswith("from client to negotiated")
    assert wait_row(device, "cannot")["detail"] == "offer"
    assert device.poll() == device.update.envelope


# suitd itself goes.


def test_killed_in_the_middle_of_a_push(driven, meet):
    device = meet(PUSHED, size=60000, image=first(*[take_block()] * 20, silent))
    eventually(lambda: len(device.asked("image")) == 21)
    driven.kill()
    driven.start()
    device.on.update(image=take_block())
    device.renew()
    device.let_time_pass(310)
    device.wait_state("downloading")
    assert bytes(device.bodies[f"suit/image/{device.update.image.digest[7:]}"]) == device.update.image.content
    finish(device)


def test_killed_in_the_middle_of_a_deferral(driven, meet):
    device = meet(offer=answer_cbor({1: AT, 2: int(time.time()) + 1200}))
    promised = device.wait_state("accepted")["plan"]["promised_at"]
    driven.kill()
    driven.start()
    device.renew()
    assert device.plan["promised_at"] == promised
    assert device.asked("trigger") == []
    device.let_time_pass(1210)
    device.wait_for("trigger")
    assert len(device.asked("offer")) == 1
    finish(device)
