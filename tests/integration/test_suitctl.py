# SPDX-License-Identifier: Apache-2.0
"""Every command of suitctl against the real server: what it prints, and how it explains itself."""

import hashlib
import itertools
import json
import os
import re
import resource

import pytest
import suit_oracle as suit
from reference_device import ReferenceDevice
from sandbox import TOP, run


@pytest.fixture
def place(tmp_path, sandbox, unique):
    """A folder in which suitctl works; place.ctl(...) gives its output, place.wrong(...) its complaint."""

    class Place:
        folder = tmp_path
        part = unique("part")

        def ctl(self, *args, **options):
            return sandbox.suitctl(*args, cwd=tmp_path, **options).stdout.decode()

        def json(self, *args):
            return json.loads(self.ctl(*args, "--json"))

        def wrong(self, *args, status=1, **options):
            done = sandbox.suitctl(*args, cwd=tmp_path, check=False, **options)
            assert done.returncode == status, done.stdout + done.stderr
            complaint = done.stderr.decode()
            assert complaint.startswith("suitctl: ")
            return complaint

        def describe(self, product, **members):
            content = os.urandom(2000)
            (tmp_path / "app.bin").write_bytes(content)
            description = {
                "sequence_number": 1, "version": "1.2.0", "vendor_id": str(suit.VENDOR),
                "class_id": str(product), "components": [{"id": "['app']", "image": "app.bin"}],
                **members,
            }  # fmt: skip
            (tmp_path / "app.json").write_text(json.dumps(description))
            return suit.digest_text(content)

    return Place()


@pytest.fixture
def signed(place, product, unique):
    """app.suit, signed with a key that the server trusts; the digest of its image."""
    place.ctl("keygen", "--type", "ed25519", "--out", "author.pem", "--public", "author.pub.pem")
    place.anchor = place.json("trust", "add", "--key", "author.pub.pem", "--name", unique("ctl"))
    image = place.describe(product)
    place.ctl("manifest", "create", "app.json", "--key", "author.pem", "--out", "app.suit")
    return image


def test_from_key_to_history(sandbox, place, signed, product, unique):
    shown = place.ctl("manifest", "show", "app.suit")
    assert re.search(r"^version +1\.2\.0$", shown, re.M)
    assert "holds" in place.ctl("manifest", "verify", "--key", "author.pub.pem", "app.suit")
    published = place.ctl("publish", "app.suit", "--image", "app.bin", "--kind", "bugfix")
    assert re.search(rf"^image +{signed}  2000 bytes$", published, re.M)
    again = place.ctl("publish", "app.suit", "--image", "app.bin")
    assert "2000 bytes, there already" in again
    release = re.search(r"^digest +(\S+)$", published, re.M).group(1)
    listed = place.ctl("release", "list")
    assert re.search(rf"^{release} +1 +1\.2\.0 +verified +bugfix ", listed, re.M)

    device = ReferenceDevice(sandbox, unique("ctl"), place.folder, klass=product)
    device.trust_file.write_bytes((place.folder / "author.pub.pem").read_bytes())
    device.run()
    assert "approved" in place.ctl("release", "approve", release)
    decision = place.ctl("device", "decision", device.endpoint)
    assert re.search(rf"^{release} +1 +1\.2\.0 +true +-$", decision, re.M)
    device.run()
    history = place.ctl("device", "history", device.endpoint)
    states = [line.split()[2] for line in reversed(history.splitlines()[1:])]
    assert [state for state, _ in itertools.groupby(states)] == [
        "offered", "accepted", "downloading", "downloaded", "installing", "rebooting", "confirmed"
    ]  # fmt: skip
    shown = place.ctl("device", "show", device.endpoint)
    assert re.search(rf"^components\n  - 1\n    component +\['app'\]\n    digest +{signed}$", shown, re.M)
    assert re.search(rf"^vendor_ids\n  {suit.VENDOR}$", shown, re.M)
    assert "{" not in shown and "[{" not in shown
    assert device.endpoint in place.ctl("device", "list")
    mine = f"device.endpoint == '{device.endpoint}'"
    assert device.endpoint in place.ctl("device", "list", "--filter", mine)
    assert device.endpoint not in place.ctl("device", "list", "--filter", f"!({mine})")
    assert re.search(r"^deployments +.*\d+ confirmed", place.ctl("status"), re.M)
    assert place.json("status")["deployments"]["confirmed"] >= 1
    assert "withdrawn" in place.ctl("release", "withdraw", release)
    assert "the release is withdrawn (HTTP 409)" in place.wrong("release", "approve", release)
    assert "is withdrawn" in place.wrong("device", "deploy", device.endpoint, release)


def test_an_operator_names_a_release(sandbox, place, signed, unique):
    device = ReferenceDevice(sandbox, unique("ctl"), place.folder).trust(suit.Key())
    device.run()  # of another class: nothing fits
    place.ctl("publish", "app.suit", "--image", "app.bin")
    digest = place.json("manifest", "show", "app.suit")["digest"]
    complaint = place.wrong("device", "deploy", device.endpoint, digest)
    assert "(HTTP 409)" in complaint
    assert "there is no such device" in place.wrong("device", "deploy", "nobody", digest)


def test_tokens(sandbox, place, unique):
    name = unique("token")
    made = place.json("token", "create", name, "--role", "viewer")
    assert re.search(rf"^{made['id']} +{name} +viewer ", place.ctl("token", "list"), re.M)
    token_file = place.folder / "token"
    token_file.write_text(made["token"] + "\n")
    as_viewer = ("--token-file", token_file)
    assert "devices" in place.ctl("status", *as_viewer)
    assert "(HTTP 403)" in place.wrong("token", "list", *as_viewer)
    place.ctl("token", "revoke", made["id"])
    assert "the token was revoked" in place.wrong("status", *as_viewer)
    assert "role: must be one of" in place.wrong("token", "create", name, "--role", "king")


def test_trust(place, signed):
    identity = place.anchor["id"]
    listed = place.ctl("trust", "list")
    assert re.search(rf"^{identity} +\S+ +author +Ed25519 +- +- +-$", listed, re.M)
    place.ctl("trust", "revoke", identity, "--reason", "lost")
    (anchor,) = [item for item in place.json("trust", "list") if item["id"] == identity]
    assert anchor["revocation_reason"] == "lost"
    complaint = place.wrong("publish", "app.suit", "--image", "app.bin")
    assert complaint.startswith("suitctl: authentication: ")
    assert "is a private key" in place.wrong("trust", "add", "--key", "author.pem")
    (place.folder / "key.jwk").write_text('{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}')
    assert "is a private key" in place.wrong("trust", "add", "--key", "key.jwk")


def test_credentials(place, unique):
    endpoint = unique("ctl")
    given = place.json("device", "credentials", endpoint, "--psk", "ab" * 16, "--token")
    assert given["psk"] is True and given["token"]
    place.ctl("device", "credentials", endpoint, "--delete")
    assert "psk: " in place.wrong("device", "credentials", endpoint, "--psk", "ab")


def test_signatures_add_up(place, signed):
    place.ctl("keygen", "--out", "second.pem", "--public", "second.pub.pem")
    place.ctl("manifest", "sign", "app.suit", "--key", "second.pem", "--out", "both.suit")
    for key in ("author.pub.pem", "second.pub.pem"):
        place.ctl("manifest", "verify", "--key", key, "both.suit")
    complaint = place.wrong("manifest", "verify", "--key", "second.pub.pem", "app.suit")
    assert complaint == "suitctl: no signature holds under this key\n"


def test_a_key_is_not_overwritten(place):
    place.ctl("keygen", "--out", "a.pem")
    before = (place.folder / "a.pem").read_bytes()
    assert (place.folder / "a.pem").stat().st_mode & 0o777 == 0o600
    assert "a.pem: is there already" in place.wrong("keygen", "--out", "a.pem")
    assert (place.folder / "a.pem").read_bytes() == before
    assert "none of p256" in place.wrong("keygen", "--out", "b.pem", "--type", "rsa")


def test_a_description_with_every_member(place, product):
    """docs/manifest.md lists them; what is described is what the manifest then shows."""
    place.describe(product)
    place.ctl("keygen", "--out", "author.pem", "--public", "author.pub.pem")
    place.ctl("manifest", "create", "app.json", "--key", "author.pem", "--out", "part.suit")
    content = (place.folder / "app.bin").read_bytes()
    described = {
        "sequence_number": 9,
        "version": "1.3-rc.1",
        "vendor_domain": "example.com",
        "class_name": "meter-v2",
        "components": [
            {"id": "['app']", "image": "app.bin", "requires_version": ">= 1.0"},
            {"id": "[h'00']", "digest": suit.digest_text(b"x"), "size": 1, "uri": "/fw/x"},
            {"id": "['in']", "image": "app.bin", "integrated": True},
            {"id": "['ab']", "slots": [{"slot": 0, "image": "app.bin", "uri": "/fw/a"},
                                       {"slot": 1, "image": "app.bin", "uri": "/fw/b"}]},
        ],
        "dependencies": [
            {"manifest": "part.suit", "integrated": True, "prefix": "['part']"},
            {"manifest": "part.suit", "uri": "/blob/x"},
        ],
        "update_priority": -2,
        "use_before": "2040-01-01T00:00:00Z",
        "minimum_battery_mwh": 500,
        "wait_info": {"authorization": 1, "power_state": 1, "time": 1900000000},
        "reference_uri": "https://example.com/full.suit",
        "manifest_component_id": "['main.suit']",
        "text": {"en-US": {"description": "d", "update_description": "u", "components": {
            "['app']": {"vendor_name": "v", "model_name": "m"}}}},
        "sever": ["text", "install"],
        "fetch_early": True,
        "digest_algorithm": "sha256",
    }  # fmt: skip
    documented = (TOP / "docs" / "manifest.md").read_text()
    table = documented.split("## Components")[0]
    words = set(re.findall(r"^\| (.+?) \|", table, re.M)) - {"member", "---"}
    names = {name for word in words for name in re.findall(r"`(\w+)`", word)}
    assert names == set(described) | {"vendor_id", "class_id"}
    (place.folder / "all.json").write_text(json.dumps(described))
    place.ctl("manifest", "create", "all.json", "--key", "author.pem", "--out", "all.suit")
    place.ctl("manifest", "verify", "--key", "author.pub.pem", "all.suit")
    shown = place.json("manifest", "show", "all.suit")
    vendor = suit.uuid.uuid5(suit.uuid.NAMESPACE_DNS, "example.com")
    assert shown["vendor_ids"] == [str(vendor)]
    assert shown["class_ids"] == [str(suit.uuid.uuid5(vendor, "meter-v2"))]
    assert shown["update_priority"] == -2
    assert shown["use_before"].startswith("2040-01-01T00:00:00")
    assert shown["reference_uri"] == "https://example.com/full.suit"
    images = [(image["component"], image["uri"], image["size"]) for image in shown["images"]]
    blob = "/blob/" + hashlib.sha256(content).hexdigest()
    for wanted in (
        ("['app']", blob, 2000), ("[h'00']", "/fw/x", 1), ("['in']", "#app.bin", 2000),
        ("['ab']", "/fw/a", 2000), ("['ab']", "/fw/b", 2000),
    ):  # fmt: skip
        assert wanted in images
    assert len(shown["dependencies"]) == 2
    assert {member["match"] for member in shown["severed"].values()} == {True}
    assert len(shown["severed"]) == 2


@pytest.mark.parametrize(
    "members, complaint",
    [
        ({"colour": 1}, "colour: "),
        ({"sequence_number": "x"}, "sequence_number: "),
        ({"version": "one"}, "version: "),
        ({"class_name": "x"}, "class_name: stands beside class_id"),
        ({"components": []}, "components: must be a list"),
        ({"components": [{"id": "['a']"}]}, "components[0].image: is missing"),
        ({"components": [{"id": "['a']", "image": "none"}]}, "none: cannot be opened"),
        ({"components": [{"id": "a", "image": "app.bin"}]}, "components[0].id"),
        ({"components": [{"id": "['a']", "digest": "x", "size": 1}]}, "components[0].digest"),
        ({"components": [{"id": "['a']", "slots": [{"image": "app.bin"}]}]},
         "components[0].slots[0].slot: is required"),
        ({"components": [{"id": "['a']", "image": "app.bin", "requires_version": ">= x"}]},
         "components[0].requires_version"),
        ({"dependencies": {}}, "dependencies: must be a list"),
        ({"dependencies": [{"uri": "#a"}]}, "dependencies[0].manifest: is required"),
        ({"dependencies": [{"manifest": "app.bin", "uri": "/a"}]}, "dependencies[0].app.bin"),
        ({"use_before": "tomorrow"}, "use_before: "),
        ({"sever": "text"}, "sever: must be a list"),
        ({"wait_info": {"weather": 1}}, "wait_info.weather: "),
        ({"text": {"en": {"colour": "x"}}}, "text.en.colour: "),
        ({"digest_algorithm": "md5"}, "digest_algorithm: "),
    ],
)  # fmt: skip
def test_descriptions_that_are_wrong(place, product, members, complaint):
    place.ctl("keygen", "--out", "author.pem")
    place.describe(product, **members)
    said = place.wrong("manifest", "create", "app.json", "--key", "author.pem", "--out", "x.suit")
    assert complaint in said
    assert not (place.folder / "x.suit").exists()


def test_mistakes_are_explained(sandbox, place, signed):
    (place.folder / "bad.suit").write_bytes(b"\xd8\x6b\xa1")
    wrong = place.wrong
    assert "nofile: cannot be opened: No such file" in wrong("publish", "nofile")
    assert "nofile: cannot be opened" in wrong("publish", "app.suit", "--image", "nofile")
    assert "(HTTP 400)" in wrong("publish", "bad.suit")
    assert "kind: must be one of" in wrong("publish", "app.suit", "--kind", "a&b")
    assert "labels: " in wrong("publish", "app.suit", "--labels", "x")
    assert "bad.suit: " in wrong("manifest", "show", "bad.suit")
    assert "is no digest" in wrong("release", "show", "1.2.0")
    assert "(HTTP 404)" in wrong("release", "show", "sha256:" + "0" * 64)
    assert "there is no such device" in wrong("device", "show", "nobody")
    assert "--role is required" in wrong("token", "create", "x")
    assert "unknown option --colour" in wrong("status", "--colour", status=2)
    assert "unknown command" in wrong("frobnicate", status=2)
    assert "missing argument: ENDPOINT" in wrong("device", "show", status=2)
    assert "Couldn't connect" in wrong("status", "--server", "http://127.0.0.1:1")

    def bare(**env):
        done = run(sandbox.env["SUITCTL"], "status", env=env, check=False)
        assert done.returncode == 1
        return done.stderr.decode()

    assert "Give --server URL or set SUITD_HTTP" in bare()
    assert "give --token-file FILE or set SUITD_TOKEN" in bare(SUITD_HTTP=sandbox.http)
    wrong_token = bare(SUITD_HTTP=sandbox.http, SUITD_TOKEN="wrong")
    assert "the token is unknown (HTTP 401)" in wrong_token


def test_help_of_every_command(place):
    commands = re.findall(r"^  (\w+(?: \w+)?)  ", place.ctl("--help"), re.M)
    assert len(commands) == 28
    for command in commands:
        text = place.ctl(*command.split(), "--help")
        assert text.startswith(f"Usage: suitctl {command} ")


def test_a_large_image_needs_no_memory(place, signed):
    """128 MiB through an address space that has no room for them."""
    path = place.folder / "large.bin"
    with path.open("wb") as out:
        out.truncate(128 << 20)
    hashed = hashlib.sha256()
    for _ in range(128):
        hashed.update(bytes(1 << 20))

    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))

    said = place.ctl("publish", "app.suit", "--image", "large.bin", preexec_fn=limit)
    assert f"sha256:{hashed.hexdigest()}  {128 << 20} bytes" in said
