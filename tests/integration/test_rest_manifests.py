# SPDX-License-Identifier: Apache-2.0
"""Manifests over REST: good ones become releases, and each kind of bad one changes nothing."""

import json
import os
import pathlib
import random
import uuid

import cbor2
import pytest
import suit_oracle as suit
from sandbox import SUIT_ENVELOPE

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors"
MANIFESTS, RELEASES = "/api/v1/manifests", "/api/v1/releases"


@pytest.fixture
def image(unique):
    return suit.Image(os.urandom(1000), f"/fw/{unique('image')}.bin")


@pytest.fixture
def published(rest, trusted, product, image):
    """A release whose image is there."""
    rest.put_image(image)
    return rest.post_manifest(suit.update(trusted, 3, [image], klass=product), 201).json()


def releases(rest):
    return rest.get(RELEASES, params={"limit": 1000}).json()["items"]


def test_a_good_one(rest, trusted, product, image):
    rest.put_image(image)
    envelope = suit.update(trusted, 3, [image], klass=product)
    reply = rest.post_manifest(envelope, 201, kind="security", labels='{"cve":["CVE-1"]}')
    made = reply.json()
    assert made["digest"] == suit.manifest_digest(envelope)
    assert made["state"] == "verified" and made["targeted"] and made["sequence_number"] == 3
    assert made["kind"] == "security" and made["labels"] == {"cve": ["CVE-1"]}
    assert made["envelope"] == {"digest": suit.digest_text(envelope), "size": len(envelope)}
    (needed,) = made["images"]
    assert needed["digest"] == image.digest and needed["uri"] == image.uri
    assert needed["component"] == "[h'00']" and needed["size"] == 1000
    assert needed["hosted"] and needed["present"] and not needed["integrated"]
    (verdict,) = made["authentication"]
    assert verdict["accepted"] and verdict["trust_anchor"] == "shared-author"
    assert reply.headers["ETag"] == f'"{made["row_version"]}"'
    del made["authentication"]
    assert rest.get(f"{RELEASES}/{made['digest']}").json() == made
    assert releases(rest)[0] == made


def test_the_same_again(rest, trusted, product, image):
    envelope = suit.update(trusted, 3, [image], klass=product)
    first = rest.post_manifest(envelope, 201).json()
    again = rest.post_manifest(envelope, 200).json()
    assert again["digest"] == first["digest"] and again["published_at"] == first["published_at"]


@pytest.mark.parametrize("content_type", [SUIT_ENVELOPE, "application/cbor", "application/octet-stream"])
def test_types_of_bodies(rest, trusted, product, image, content_type):
    envelope = suit.update(trusted, 3, [image], klass=product)
    rest.post(MANIFESTS, 201, data=envelope, headers={"Content-Type": content_type})


def test_other_types(rest):
    for headers in ({"Content-Type": "text/plain"}, {"Content-Type": "application/json"}, {}):
        rest.post(MANIFESTS, 415, data=b"x", headers=headers)


def test_shown_as_json_and_as_bytes(rest, trusted, product, image):
    envelope = suit.update(trusted, 3, [image], klass=product)
    digest = rest.post_manifest(envelope, 201).json()["digest"]
    shown = rest.get(f"{MANIFESTS}/{digest}").json()
    assert shown["digest"] == digest and shown["sequence_number"] == 3
    assert shown["vendor_ids"] == [str(suit.VENDOR)] and shown["class_ids"] == [str(product)]
    assert shown["images"][0]["digest"] == image.digest
    stored = rest.get(f"{MANIFESTS}/{digest}", headers={"Accept": SUIT_ENVELOPE})
    assert stored.content == envelope and stored.headers["Content-Type"] == SUIT_ENVELOPE
    rest.get(f"{MANIFESTS}/sha256:{'0' * 64}", 404)


def test_approval_and_withdrawal(sandbox, published):
    operator = sandbox.as_role("operator")
    url = f"{RELEASES}/{published['digest']}"
    sandbox.as_role("author").post(f"{url}/approve", 403)
    approved = operator.post(f"{url}/approve", 200).json()
    assert approved["state"] == "approved" and approved["approved_by"] == "test-operator"
    withdrawn = operator.post(f"{url}/withdraw", 200).json()
    assert withdrawn["state"] == "withdrawn" and withdrawn["withdrawn_at"]
    operator.post(f"{url}/approve", 409)


def test_if_match(rest, published):
    url = f"{RELEASES}/{published['digest']}"
    etag = rest.get(url).headers["ETag"]
    for other in ('"999"', "x", "W/" + etag):
        rest.post(f"{url}/approve", 412, headers={"If-Match": other})
    assert rest.get(url).json()["state"] == "verified"
    approved = rest.post(f"{url}/approve", 200, headers={"If-Match": etag})
    assert approved.headers["ETag"] != etag
    rest.post(f"{url}/withdraw", 412, headers={"If-Match": etag})
    rest.post(f"{url}/withdraw", 200, headers={"If-Match": "*"})


def test_incomplete_releases_cannot_be_approved(rest, trusted, product, image):
    envelope = suit.update(trusted, 3, [image], klass=product)
    release = rest.post_manifest(envelope, 201).json()
    assert release["state"] == "incomplete"
    rest.approve(release["digest"], 409)
    rest.put_image(image)
    assert rest.approve(release["digest"], 200).json()["state"] == "approved"


def test_pages(rest, trusted, product, image, unique):
    for number in range(1, 6):
        rest.post_manifest(suit.update(trusted, number, [image], klass=product), 201)
    found, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = rest.get(RELEASES, params=params).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [release["digest"] for release in found] == [r["digest"] for r in releases(rest)]
    assert [release["sequence_number"] for release in found[:5]] == [5, 4, 3, 2, 1]
    rest.get(RELEASES, 400, params={"cursor": "nonsense"})


def refused(rest, envelope, status):
    before = releases(rest)
    problem = rest.post_manifest(envelope, status).json()
    assert problem["detail"]
    assert releases(rest) == before
    return problem


def test_lower_or_equal_sequence_number(rest, trusted, product, image, published):
    for number in (1, 2, 3):
        other = suit.Image(os.urandom(10), image.uri + str(number))
        envelope = suit.update(trusted, number, [other], klass=product)
        assert refused(rest, envelope, 409)["field"] == "sequence_number"


def test_path_with_other_content(rest, trusted, product, image, published):
    other = suit.Image(os.urandom(10), image.uri)
    assert refused(rest, suit.update(trusted, 4, [other], klass=product), 409)["field"] == "uri"


def test_nobody_signed(rest, product, image):
    refused(rest, suit.envelope(suit.update_manifest(3, [image], klass=product)), (403, 422))


def test_unknown_key(rest, product, image):
    refused(rest, suit.update(suit.Key(), 3, [image], klass=product), (403, 422))


def test_revoked_key(rest, product, image, unique):
    key = suit.Key()
    anchor = rest.trust(key, unique("anchor"))
    rest.post(f"/api/v1/trust-anchors/{anchor['id']}/revoke", 200)
    problem = refused(rest, suit.update(key, 3, [image], klass=product), 403)
    assert "revoked" in problem["detail"]


def test_key_outside_its_scope(rest, product, image, unique):
    key = suit.Key()
    rest.trust(key, unique("anchor"), class_ids=[str(uuid.uuid4())])
    refused(rest, suit.update(key, 3, [image], klass=product), 403)


def test_bad_signature(rest, trusted, product, image):
    envelope = bytearray(suit.update(trusted, 3, [image], klass=product))
    at = envelope.index(cbor2.dumps(suit.ESP256))
    signature = bytes(envelope).index(b"\x58\x40", at)
    envelope[signature + 10] ^= 1
    refused(rest, bytes(envelope), (403, 422))


def test_wrong_manifest_digest(rest, trusted, product, image):
    envelope = suit.update(trusted, 3, [image], klass=product)
    altered = envelope.replace(image.uri.encode(), image.uri.encode()[:-1] + b"X")
    assert altered != envelope
    refused(rest, altered, 422)


def test_image_of_another_length(rest, trusted, product, image):
    """The digest is of an image that is here, the length is not."""
    rest.put_image(image)
    manifest = suit.update_manifest(3, [image], klass=product, parameters={suit.IMAGE_SIZE: 999})
    problem = refused(rest, suit.envelope(manifest, [trusted]), 400)
    assert problem["field"] == "image_size"


def test_image_of_another_length_comes_later(rest, trusted, product, image):
    manifest = suit.update_manifest(3, [image], klass=product, parameters={suit.IMAGE_SIZE: 999})
    release = rest.post_manifest(suit.envelope(manifest, [trusted]), 201).json()
    rest.put_image(image)
    assert rest.get(f"{RELEASES}/{release['digest']}").json()["state"] == "incomplete"


@pytest.mark.parametrize("cut", [0, 1, 2, 10, 100, -1])
def test_truncated(rest, trusted, product, image, cut):
    refused(rest, suit.update(trusted, 3, [image], klass=product)[:cut], 400)


def test_trailing_bytes(rest, trusted, product, image):
    refused(rest, suit.update(trusted, 3, [image], klass=product) + b"\0", 400)


def test_indefinite_length(rest, trusted, product, image):
    envelope = suit.update(trusted, 3, [image], klass=product)
    assert envelope[2] == 0xA2
    refused(rest, envelope[:2] + b"\xbf" + envelope[3:] + b"\xff", 400)


def test_repeated_key(rest, trusted, product, image):
    envelope = suit.update(trusted, 3, [image], klass=product)
    body = envelope[3:]
    refused(rest, envelope[:2] + b"\xa4" + body + body, 400)


def test_depth_bomb(rest):
    refused(rest, b"\xd8\x6b" + b"\x81" * 10_000 + b"\x00", 400)


def test_size_bomb(rest):
    refused(rest, b"\xd8\x6b\xa2\x02\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 400)


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes(rest, seed):
    refused(rest, random.Random(seed).randbytes(seed * 37 + 1), (400, 422))


def vectors(folder):
    return sorted(path for path in (VECTORS / folder).glob("*") if path.is_file())


@pytest.mark.parametrize("path", vectors("bad"), ids=lambda path: path.name)
def test_bad_vectors(rest, path):
    status = rest.post_manifest(bytes.fromhex(path.read_text()), None).status_code
    assert status in (400, 403, 413, 422), status


@pytest.mark.parametrize(
    "query, field",
    [
        ({"kind": "urgent"}, "kind"),
        ({"labels": "x"}, "labels"),
        ({"labels": "[]"}, "labels"),
        ({"labels": json.dumps({"a": "x" * 5000})}, "labels"),
        ({"labels": '{"a":1,"a":2}'}, "labels"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_queries(rest, trusted, product, image, query, field):
    before = releases(rest)
    envelope = suit.update(trusted, 3, [image], klass=product)
    assert rest.post_manifest(envelope, 400, **query).json()["field"] == field
    assert releases(rest) == before


def test_query_given_twice(rest, trusted, product, image):
    envelope = suit.update(trusted, 3, [image], klass=product)
    url = f"{MANIFESTS}?kind=bugfix&kind=feature"
    rest.post(url, 400, data=envelope, headers={"Content-Type": SUIT_ENVELOPE})
