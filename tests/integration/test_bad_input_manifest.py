# SPDX-License-Identifier: Apache-2.0
"""Manifests that must not get in: each is refused with an error that names its fault, and leaves no trace."""

import copy
import hashlib
import json
import os
import types

import cbor2
import pytest
import suit_oracle as suit

IMAGE = suit.Image(b"the firmware " * 50, "/fw/bad-input.bin")
OTHER_KEY = suit.Key()


def manifest(number=1000, images=(IMAGE,), **options):
    return suit.update_manifest(number, images, **options)


def without(content, *keys):
    return {key: value for key, value in content.items() if key not in keys}


def common(components, shared):
    return suit.bstr({2: components, 4: suit.bstr(suit.sequence(*shared))})


def opened(envelope):
    """The members of an envelope and the items of its authentication wrapper."""
    members = dict(cbor2.loads(envelope).value)
    return members, cbor2.loads(members[suit.AUTHENTICATION])


def closed(members, wrapper, tag=suit.ENVELOPE_TAG):
    members = {**members, suit.AUTHENTICATION: suit.encode(wrapper)}
    return suit.encode(cbor2.CBORTag(tag, members))


def flipped(data, at):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def flip_manifest(key):
    members, wrapper = opened(suit.envelope(manifest(), [key]))
    members[suit.MANIFEST] = flipped(members[suit.MANIFEST], -1)
    return closed(members, wrapper)


def flip_digest(key):
    members, wrapper = opened(suit.envelope(manifest(), [key]))
    wrapper[0] = flipped(wrapper[0], -1)
    return closed(members, wrapper)


def flip_signature(key):
    members, wrapper = opened(suit.envelope(manifest(), [key]))
    block = cbor2.loads(wrapper[1])
    block.value[3] = flipped(block.value[3], 5)
    wrapper[1] = suit.encode(block)
    return closed(members, wrapper)


def swap_wrappers(key):
    members, _ = opened(suit.envelope(manifest(1000), [key]))
    _, wrapper = opened(suit.envelope(manifest(1001), [key]))
    return closed(members, wrapper)


def signed_as(key, alg):
    """Says that the signature is of another algorithm."""
    return suit.envelope(manifest(), [types.SimpleNamespace(alg=alg, sign=key.sign)])


def attached_digest(key):
    members, wrapper = opened(suit.envelope(manifest(), [key]))
    return closed(members, [wrapper[0], suit.cose_sign1(key, wrapper[0], detached=False)])


def replaced_text(key):
    text = suit.bstr({"en": {1: "what it is"}})
    content = manifest(extra={suit.TEXT: suit.suit_digest(suit.encode(text))})
    return suit.envelope(content, [key], {suit.TEXT: suit.bstr({"en": {1: "what it is not"}})})


def lying_digest(key):
    """Says SHA-256 and holds as many bytes as SHA-384 has."""
    members, _ = opened(suit.envelope(manifest(), [key]))
    content = suit.encode(members[suit.MANIFEST])
    digest = suit.encode([suit.SHA256, hashlib.sha384(content).digest()])
    return closed(members, [digest, suit.cose_sign1(key, digest)])


def bomb(key):
    return suit.envelope(b"\x81" * 100_000, [key])


def duplicate_key(key):
    """One map with key 3 twice."""
    envelope = suit.envelope(manifest(), [key])
    members, _ = opened(envelope)
    again = suit.encode(suit.MANIFEST) + suit.encode(members[suit.MANIFEST])
    assert envelope[2] == 0xA2
    return envelope[:2] + b"\xa3" + envelope[3:] + again


def indefinite(key):
    envelope = suit.envelope(manifest(), [key])
    return envelope[:2] + b"\xbf" + envelope[3:] + b"\xff"


# name: (envelope for a trusted key, status, field or None, a word of the detail)
REFUSED = {
    "nothing": (lambda key: b"", 400, None, "tag 107"),
    "text": (lambda key: b"hello", 400, None, "tag 107"),
    "random": (lambda key: os.urandom(400), 400, None, ""),
    "trailing byte": (
        lambda key: suit.envelope(manifest(), [key]) + b"\0", 400, None, "follow"),
    "no tag": (
        lambda key: suit.encode(cbor2.loads(suit.envelope(manifest(), [key])).value),
        400, None, "tag 107"),
    "other tag": (
        lambda key: closed(*opened(suit.envelope(manifest(), [key])), tag=108),
        400, None, "108"),
    "key twice": (duplicate_key, 400, None, ""),
    "indefinite length": (indefinite, 400, None, "indefinite"),
    "depth bomb": (bomb, 400, None, ""),
    "length bomb": (
        lambda key: b"\xd8\x6b\xa2\x02\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", 400, None, "length"),
    "map bomb": (lambda key: b"\xd8\x6b\xbb\x00\xff\xff\xff\xff\xff\xff\xff", 400, None, ""),
    "no wrapper": (
        lambda key: suit.encode(cbor2.CBORTag(107, {3: suit.encode(manifest())})), 400, None, ""),
    "no manifest": (
        lambda key: suit.encode(cbor2.CBORTag(107, {2: suit.encode([b""])})), 400, None, ""),
    "unknown member": (
        lambda key: suit.envelope(manifest(), [key], {99: b""}), 400, None, "99"),
    "unsigned": (lambda key: suit.envelope(manifest(), []), 422, "authentication", "not signed"),
    "unknown key": (
        lambda key: suit.envelope(manifest(), [OTHER_KEY]), 422, "authentication", "no trust anchor"),
    "bit of the manifest": (flip_manifest, 422, "manifest", "digest"),
    "bit of the digest": (flip_digest, 422, "manifest", "digest"),
    "bit of the signature": (flip_signature, 422, "authentication", ""),
    "wrapper of another": (swap_wrappers, 422, "manifest", "digest"),
    "algorithm of another key": (lambda key: signed_as(key, -8), 422, "authentication", ""),
    "algorithm unknown": (lambda key: signed_as(key, -65000), 422, "authentication", ""),
    "digest attached": (attached_digest, 400, None, "older draft"),
    "digest of wrong length": (lying_digest, 400, None, "32 bytes"),
    "text replaced": (replaced_text, 422, None, "text"),
    "text not announced": (
        lambda key: suit.envelope(manifest(), [key], {suit.TEXT: b"\xa0"}), 400, None, "sever"),
    "version 2": (lambda key: suit.envelope({**manifest(), 1: 2}, [key]), 422, None, "version 2"),
    "no sequence number": (
        lambda key: suit.envelope(without(manifest(), 2), [key]), 400, None, "sequence-number"),
    "no common": (lambda key: suit.envelope(without(manifest(), 3), [key]), 400, None, "common"),
    "no components": (
        lambda key: suit.envelope({**manifest(), 3: common([], [(1, 15)])}, [key]),
        400, None, "component"),
    "image one byte longer": (
        lambda key: suit.envelope(
            manifest(parameters={suit.IMAGE_SIZE: len(IMAGE.content) + 1}), [key]),
        400, "image_size", str(len(IMAGE.content) + 1)),
    "image inside is absent": (
        lambda key: suit.envelope(manifest(images=[suit.Image(b"x", "#tc")]), [key]),
        400, "uri", "#tc"),
    "image inside was changed": (
        lambda key: suit.envelope(
            manifest(images=[suit.Image(b"abc", "#tc")]), [key], {"#tc": b"abd"}),
        422, "image_digest", "#tc"),
    "image inside is longer": (
        lambda key: suit.envelope(
            manifest(images=[suit.Image(b"abc", "#tc")]), [key], {"#tc": b"abcd"}),
        400, "image_size", "3"),
    "path of the server's own": (
        lambda key: suit.envelope(manifest(images=[suit.Image(b"x", "/api/v1/x")]), [key]),
        400, "uri", "/api/v1/x"),
    "path of another blob": (
        lambda key: suit.envelope(
            manifest(images=[suit.Image(b"x", "/blob/" + "0" * 64)]), [key]),
        400, "uri", "blob"),
}  # fmt: skip


def everything_stored(sandbox):
    """What a refused manifest must leave as it was."""
    rows = sandbox.sql(
        "SELECT (SELECT count(*) FROM release), (SELECT count(*) FROM release_scope),"
        " (SELECT count(*) FROM public_path), (SELECT count(*) FROM audit)"
    )
    files = sorted(
        path.name for path in sandbox.storage.rglob("*") if path.is_file() and len(path.name) == 64
    )
    return rows, files


@pytest.fixture(scope="module")
def bench(sandbox, trusted):
    sandbox.rest.put_image(IMAGE)
    return sandbox


def refused(bench, envelope, status, field, word, **query):
    before = everything_stored(bench)
    reply = bench.rest.post_manifest(envelope, None, **query)
    assert reply.status_code == status, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem = reply.json()
    assert problem["status"] == status
    assert word in f"{problem['detail']} {problem.get('field')}"
    if field:
        assert problem["field"] == field
    assert everything_stored(bench) == before
    return problem


@pytest.mark.parametrize("name", REFUSED)
def test_refused_without_a_trace(bench, trusted, name):
    make, status, field, word = REFUSED[name]
    refused(bench, make(trusted), status, field, word)


def test_every_truncation(bench, trusted):
    envelope = suit.envelope(manifest(), [trusted])
    before = everything_stored(bench)
    for length in range(0, len(envelope), 7):
        assert bench.rest.post_manifest(envelope[:length], None).status_code == 400, length
    assert everything_stored(bench) == before


def test_larger_than_allowed(bench, trusted):
    envelope = suit.envelope(manifest(), [trusted], {"#big": bytes(2 << 20)})
    refused(bench, envelope, 413, None, "1048576")


@pytest.mark.parametrize("number", [1, 6, 7])
def test_sequence_number_must_grow(bench, trusted, product, number):
    """Lower and equal ones are refused; other products have numbers of their own."""
    bench.rest.post_manifest(suit.envelope(manifest(7, klass=product), [trusted]), 201)
    again = suit.envelope(manifest(number, klass=product, extra={4: "other"}), [trusted])
    refused(bench, again, 409, "sequence_number", "7")
    bench.rest.post_manifest(suit.envelope(manifest(8, klass=product), [trusted]), 201)


def test_key_outside_its_scope(bench, unique, product):
    key, elsewhere = suit.Key(), copy.copy(product)
    bench.rest.trust(key, unique("scoped"), class_ids=[str(elsewhere)])
    bench.rest.post_manifest(suit.envelope(manifest(klass=product), [key]), 201)
    refused(bench, suit.envelope(manifest(1001), [key]), 403, "authentication", str(suit.CLASS))
    untargeted = suit.envelope(manifest(1002, check_target=False), [key])
    refused(bench, untargeted, 403, "authentication", "class")


def test_revoked_key(bench, unique, product):
    key = suit.Key("ed25519")
    anchor = bench.rest.trust(key, unique("revoked"))
    envelope = suit.envelope(manifest(klass=product), [key])
    path = f"/api/v1/trust-anchors/{anchor['id']}/revoke"
    bench.rest.post(path, 200, json={"reason": "lost on a train"})
    refused(bench, envelope, 403, "authentication", "lost on a train")


def test_a_path_has_one_content(bench, trusted, product):
    """Devices that fetch an older release must not get the image of a newer one."""
    images = [suit.Image(bytes([n]) * 100, f"/fw/{product}/app.bin") for n in range(2)]
    for image in images:
        bench.rest.put_image(image)
    bench.rest.post_manifest(suit.envelope(manifest(1, images[:1], klass=product), [trusted]), 201)
    second = suit.envelope(manifest(2, images[1:], klass=product), [trusted])
    refused(bench, second, 409, "uri", images[0].uri)


def test_several_blocks_are_reported_each(bench, trusted, product):
    """One good signature is enough; of each the reply says what it is worth."""
    keys = [suit.Key(), trusted, suit.Key("ed25519")]
    reply = bench.rest.post_manifest(suit.envelope(manifest(klass=product), keys), 201).json()
    verdicts = reply["authentication"]
    assert [entry["accepted"] for entry in verdicts] == [False, True, False]
    assert [entry["block"] for entry in verdicts] == [0, 1, 2]
    assert [entry["alg"] for entry in verdicts] == [suit.ESP256, suit.ESP256, suit.ED25519]
    assert verdicts[1]["trust_anchor"] == "shared-author"
    assert verdicts[0]["reason"] and verdicts[2]["reason"]


def test_untagged_by_option(make_sandbox):
    key = suit.Key()
    sandbox = make_sandbox(manifest__allow_untagged="yes")
    sandbox.rest.trust(key)
    sandbox.rest.put_image(IMAGE)
    tagged = suit.envelope(manifest(), [key])
    untagged = suit.encode(cbor2.loads(tagged).value)
    release = sandbox.rest.post_manifest(untagged, 201).json()
    assert release["digest"] == suit.manifest_digest(tagged)


def test_image_that_never_comes(bench, trusted, product, unique):
    """The release waits and cannot be approved; a wrong image does not complete it."""
    image = suit.Image(b"not there yet", f"/fw/{product}/late.bin")
    envelope = suit.envelope(manifest(images=[image], klass=product), [trusted])
    release = bench.rest.post_manifest(envelope, 201).json()
    assert release["state"] == "incomplete"
    assert [entry["present"] for entry in release["images"]] == [False]
    problem = bench.rest.approve(release["digest"], 409).json()
    assert "image" in problem["detail"]
    bench.anonymous().get(image.uri, 404)
    bench.rest.put_image(suit.Image(b"something else"))
    path = f"/api/v1/releases/{release['digest']}"
    assert bench.rest.get(path).json()["state"] == "incomplete"
    bench.rest.put_image(image)
    assert bench.rest.get(path).json()["state"] == "verified"
    bench.rest.approve(release["digest"])
    assert bench.anonymous().get(image.uri).content == image.content


def test_late_image_of_wrong_length(bench, trusted, product):
    """The digest is right and the manifest's length is not: it never becomes whole."""
    image = suit.Image(b"%s came late" % product.bytes, f"/fw/{product}/short.bin")
    lying = manifest(images=[image], klass=product, parameters={suit.IMAGE_SIZE: 5})
    release = bench.rest.post_manifest(suit.envelope(lying, [trusted]), 201).json()
    bench.rest.put_image(image)
    shown = bench.rest.get(f"/api/v1/releases/{release['digest']}").json()
    assert shown["state"] == "incomplete"
    bench.rest.approve(release["digest"], 409)


@pytest.mark.parametrize("query", [{"kind": "urgent"}, {"labels": "[1]"}, {"labels": "{"}, {"x": "1"}])
def test_bad_queries(bench, trusted, product, query):
    envelope = suit.envelope(manifest(klass=product), [trusted])
    refused(bench, envelope, 400, next(iter(query)), "", **query)


def test_labels_are_kept(bench, trusted, product):
    envelope = suit.envelope(manifest(klass=product), [trusted])
    labels = {"cvss": 9.8, "ticket": "F-7"}
    release = bench.rest.post_manifest(envelope, 201, labels=json.dumps(labels)).json()
    assert release["labels"] == labels
