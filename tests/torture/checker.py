# SPDX-License-Identifier: Apache-2.0
"""Compares what was promised with the database, the files and what suitd says; while nobody steps."""

import collections
import hashlib
import json
import pathlib
import stat

import paths  # noqa: F401
import psycopg2
from sandbox import Rest, eventually

SHOWN = 20
# What the history of a deployment has at least, when its device is given a command.
STATES_OF_COMMANDS = ("offered", "accepted", "downloading", "downloaded", "installing")
BEFORE = {"install": ("downloaded",)}


class Checker:
    def __init__(self, world):
        self.world, self.ledger, self.sandbox = world, world.ledger, world.sandbox
        self.faults, self.hashed, self.checks = [], {}, 0
        self.found = collections.Counter()

    def fault(self, text, kind="wrong"):
        self.found[kind] += 1
        self.faults.append(text)

    def missing(self, text):
        self.fault(text, "missing")

    def twice(self, text):
        self.fault(text, "twice")

    def rows(self, statement):
        self.cursor.execute(statement)
        return self.cursor.fetchall()

    def check(self):
        """Everything; raises with what is wrong."""
        self.checks += 1
        connection = eventually(lambda: psycopg2.connect(self.sandbox.pg))
        # What is spoken to moves on by itself: all is to be seen at one moment.
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        try:
            with connection, connection.cursor() as cursor:
                self.compare(cursor)
        finally:
            connection.close()
        shown = "\n".join(self.faults[:SHOWN])
        assert not self.faults, f"{len(self.faults)} faults in {self.sandbox.folder}:\n{shown}"

    def compare(self, cursor):
        """What is wrong, as this transaction sees it."""
        self.faults, self.cursor = [], cursor
        self.found.clear()
        for name in sorted(vars(Checker)):
            if name.startswith("check_"):
                getattr(self, name)()
        return self.faults

    # Devices

    def check_devices(self):
        rows = self.rows(
            "SELECT d.endpoint, c.digest FROM device d LEFT JOIN device_component c"
            " ON c.device_id = d.id AND c.digest IS NOT NULL WHERE d.removed_at IS NULL"
        )
        runs = collections.defaultdict(list)
        for endpoint, digest in rows:
            runs[endpoint].append(digest)
        for endpoint, (digest,) in self.ledger.latest("registered").items():
            if endpoint not in runs:
                self.missing(f"{endpoint}: its registration was acknowledged and is gone")
            elif runs[endpoint] != [digest]:
                self.missing(f"{endpoint} runs {digest}, the database says {runs[endpoint]}")

    def check_transitions(self):
        """One row of history for each, which begin where the last one ended."""
        self.deployments, self.answers = collections.defaultdict(list), collections.Counter()
        states = {}
        for endpoint, release, deployment, state in self.rows(
            "SELECT d.endpoint, r.digest, p.id, p.state FROM deployment p"
            " JOIN device d ON d.id = p.device_id JOIN release r ON r.id = p.release_id ORDER BY p.id"
        ):
            self.deployments[endpoint, release].append(deployment)
            states[deployment] = state
        at, self.reached = {}, collections.defaultdict(collections.Counter)  # times, by deployment and state
        for deployment, left, state, event, detail in self.rows(
            "SELECT deployment_id, from_state, to_state, event, detail FROM deployment_history ORDER BY id"
        ):
            if event in ("accept", "defer") and detail:
                self.answers[deployment, detail.split(";")[0]] += 1
            if deployment in at and at[deployment] != left:
                self.fault(f"deployment {deployment}: history goes from {at[deployment]} to {left}")
            if left != state:
                self.reached[deployment][state] += 1
            at[deployment] = state
        for deployment, state in states.items():
            if at.get(deployment) != state:
                self.fault(f"deployment {deployment} is {state}, its history ends {at.get(deployment)}")
        self.states = states
        self.compare_once()
        self.compare_what_was_said()
        self.compare_commands()

    def compare_once(self):
        said = collections.Counter()
        for endpoint, release, state in self.ledger.sent_states:
            said[endpoint, release, state] += 1
        for (endpoint, release), ids in self.deployments.items():
            for state in {state for id in ids for state in self.reached[id]}:
                times = max(self.reached[id][state] for id in ids)
                # To two of them, the answer of one being late: then the message may overtake the next ones.
                late = len(self.world.victims) > 1 and said[endpoint, release, state] >= times
                if times > 1 and not late:
                    self.twice(f"{endpoint} became {state} {times} times: {self.biographies(ids)}")
            if len(ids) > 1 and not self.may_come_again(endpoint, release, ids):
                self.twice(f"{endpoint} has {len(ids)} deployments of {release}: {self.biographies(ids)}")

    def may_come_again(self, endpoint, digest, deployments):
        """What took its place was withdrawn, or came to nothing: then it is the newest one again."""
        release = self.world.releases[digest]
        newer = {
            other.digest
            for other in self.world.releases.values()
            if other.klass == release.klass and other.sequence_number > release.sequence_number
        }
        ended = {self.states[id] for id in deployments[:-1]}
        failed = {
            other
            for other in newer
            for id in self.deployments.get((endpoint, other), ())
            if self.states[id] in ("failed", "cancelled")
        }
        withdrawn = {other for other in newer if ("withdraw", other) in self.world.tried}
        return ended == {"superseded"} and bool(failed | withdrawn)

    def biographies(self, deployments):
        """How each came about and ended."""
        return "; ".join(
            ", ".join(
                f"{at:%H:%M:%S.%f} {event} to {state} by {actor} ({detail})"
                for at, event, state, actor, detail in self.rows(
                    "SELECT at, event, to_state, actor, detail FROM deployment_history"
                    f" WHERE deployment_id = '{deployment}' ORDER BY id"
                )
            )
            for deployment in deployments
        )

    def compare_what_was_said(self):
        for endpoint, release, state in set(self.ledger.of("state")):
            ids = self.deployments[endpoint, release]
            # Whose deployment was cancelled meanwhile may end it as it likes.
            cancelled = any(self.states[id] == "cancelled" for id in ids)
            if not cancelled and not any(self.reached[id][state] for id in ids):
                self.missing(f"{endpoint} said {state} about {release}: no history has it")
        for endpoint, release in set(self.ledger.of("offered")):
            if not self.deployments[endpoint, release]:
                self.missing(f"{endpoint} was offered {release}: there is no deployment")
        for endpoint, release in self.ledger.of("runs"):
            ends = {self.states[id] for id in self.deployments[endpoint, release]}
            moved_on = ("withdraw", release) in self.world.tried or any(
                ("cancel", id) in self.world.tried for id in self.deployments[endpoint, release]
            )
            if "confirmed" not in ends and not moved_on:
                self.missing(f"{endpoint} runs {release}: its deployments are {ends}")
        for (deployment,) in self.ledger.of("cancelled"):
            if self.states.get(deployment) != "cancelled":
                self.missing(f"deployment {deployment} was cancelled, and is {self.states.get(deployment)}")

    def compare_commands(self):
        """Each was written down before it was sent, and each answer is counted once."""
        for endpoint, release, deployment, kind in self.ledger.of("command"):
            if deployment not in self.deployments[endpoint, release]:
                self.missing(f"{endpoint} was told to {kind} {deployment}, which is not there")
            elif not any(self.reached[deployment][state] for state in BEFORE.get(kind, STATES_OF_COMMANDS)):
                self.fault(f"{endpoint} was told to {kind} {deployment}, whose history does not come to that")
        promised = set(self.ledger.of("answer"))
        for endpoint, deployment, answer in promised:
            if not self.answers[deployment, answer]:
                self.missing(f"{endpoint} answered {answer} about {deployment}: no history has it")
        for (deployment, answer), times in self.answers.items():
            if times > 1:
                self.twice(f"deployment {deployment}: the answer {answer} was taken {times} times")

    def check_policies(self):
        promised = {version: json.loads(text) for version, text in self.ledger.of("policy")}
        if not promised:
            return
        stored = self.rows("SELECT version, text FROM policy_document ORDER BY version")
        saved = {version: json.loads(text) for version, text in stored if version >= min(promised)}
        for version, document in promised.items():
            if saved.get(version) != document:
                self.missing(f"policy {version} was acknowledged, and is {saved.get(version)}")
        for version in saved.keys() - promised.keys():
            self.fault(f"policy {version}: nobody was told of it")

    def check_reports(self):
        rows = self.rows(
            "SELECT d.endpoint, r.payload, count(*) FROM report r JOIN device d ON d.id = r.device_id"
            " GROUP BY d.endpoint, r.payload"
        )
        stored = {(endpoint, bytes(payload)): n for endpoint, payload, n in rows}
        own = set(self.ledger.latest("registered"))
        for promised in self.ledger.of("report"):
            if promised not in stored:
                self.missing(f"{promised[0]}: a report that was acknowledged is gone")
        for (endpoint, payload), times in stored.items():
            if times > 1:
                self.twice(f"{endpoint}: one report is there {times} times")
            if endpoint in own and payload not in self.ledger.sent_reports:
                self.fault(f"{endpoint}: a report that nobody sent")

    def check_counters(self):
        """Kept in the transactions of what they count."""
        counted = {
            "devices": "SELECT 'devices', count(*) FROM device WHERE removed_at IS NULL",
            "deployments": "SELECT 'deployments.' || state, count(*) FROM deployment GROUP BY state",
            "releases": "SELECT 'releases.' || state, count(*) FROM release GROUP BY state",
            "images": "SELECT 'images', count(*) FROM image",
            "image_bytes": "SELECT 'image_bytes', coalesce(sum(size_bytes), 0) FROM image",
            "reports": "SELECT CASE WHEN success THEN 'reports.success' ELSE 'reports.failure' END,"
            " count(*) FROM report GROUP BY 1",
        }
        kept = dict(self.rows("SELECT name, sum(value)::bigint FROM counter GROUP BY name"))
        for statement in counted.values():
            for name, count in self.rows(statement):
                if kept.get(name, 0) != count:
                    self.fault(f"counter {name} says {kept.get(name, 0)}, there are {count}")
        summary = self.world.rest.get("/api/v1/fleet/summary").json()
        if summary["devices"] != kept.get("devices", 0):
            self.fault(f"the summary says {summary['devices']} devices, not {kept.get('devices', 0)}")

    # Releases and images

    def check_releases(self):
        rows = self.rows("SELECT digest, state FROM release")
        states = dict(rows)
        wanted = {"approve": ("approved",), "withdraw": ("withdrawn",)}
        for digest, envelope in self.ledger.of("release"):
            if digest not in states:
                self.missing(f"release {digest} was acknowledged and is gone")
                continue
            self.look_at_blob(hashlib.sha256(envelope).hexdigest(), len(envelope))
        for (digest,) in self.ledger.of("withdrawn"):
            if states.get(digest) != "withdrawn":
                self.missing(f"release {digest} was withdrawn, and is {states.get(digest)}")
        for (digest,) in self.ledger.of("approved"):
            allowed = wanted["approve"] + wanted["withdraw"] * (("withdraw", digest) in self.world.tried)
            if states.get(digest) not in allowed:
                self.missing(f"release {digest} was approved, and is {states.get(digest)}")
        for digest, times in self.rows(
            "SELECT subject, count(*) FROM audit WHERE action = 'release.approve'"
            " GROUP BY subject HAVING count(*) > 1"
        ):
            self.twice(f"release {digest} was approved {times} times")

    def check_images(self):
        sizes = dict(self.rows("SELECT digest, size_bytes FROM image"))
        for digest, size in self.ledger.of("image"):
            if sizes.get(digest) != size:
                self.missing(f"image {digest} of {size} bytes: the database says {sizes.get(digest)}")
        for digest, size in sizes.items():
            self.look_at_blob(digest.removeprefix("sha256:"), size)

    def look_at_blob(self, name, size):
        """Its bytes are there; read once for each version of the file."""
        path = self.sandbox.storage / "blob" / name[:2] / name
        try:
            now = path.stat()
        except OSError as error:
            self.missing(f"blob {name}: {error.strerror}")
            return
        version = (now.st_ino, now.st_size, now.st_mtime_ns)
        if self.hashed.get(name) != version:
            self.hashed[name] = version
            if now.st_size != size or hashlib.sha256(path.read_bytes()).hexdigest() != name:
                self.fault(f"blob {name} has {now.st_size} bytes, and not its own digest")

    def check_storage(self):
        """No file that nobody knows of."""
        known = {row[0].removeprefix("sha256:") for row in self.rows(
            "SELECT digest FROM image UNION SELECT envelope FROM release"
            " UNION SELECT severed_envelope FROM release"
            " UNION SELECT blob FROM release_image WHERE blob IS NOT NULL")}  # fmt: skip
        for path in self.files("blob"):
            if path.name not in known:
                self.fault(f"{path} belongs to nothing")
        for path in self.files("temp"):
            if self.world.no_temp_files:
                self.fault(f"{path} was left behind")
        ids = {str(row[0]) for row in self.rows("SELECT id FROM upload WHERE finished IS NULL")}
        for path in self.files("upload"):
            if path.name not in ids:
                self.fault(f"{path} belongs to no upload")

    def files(self, name):
        folder = pathlib.Path(self.sandbox.storage / name)
        return [path for path in folder.rglob("*") if stat.S_ISREG(path.stat().st_mode)]

    def check_uploads(self):
        ends = dict(self.rows("SELECT id::text, finished FROM upload"))
        for path, (offset,) in self.ledger.latest("offset").items():
            name = path.rsplit("/", 1)[1]
            if name not in ends:
                self.missing(f"upload {name} was promised and is gone")
            elif ends[name] is None:
                file = self.sandbox.storage / "upload" / name
                length = file.stat().st_size if file.exists() else 0
                if length < offset:
                    self.missing(f"upload {name} has {length} bytes, {offset} were promised")

    # What people laid down

    def check_tokens(self):
        revoked = {facts[0] for facts in self.ledger.of("revoked")}
        stored = dict(self.rows("SELECT id::text, revoked_at IS NOT NULL FROM api_token"))
        for token, _ in self.ledger.of("token"):
            if token not in stored:
                self.missing(f"token {token} was given out and is gone")
            elif stored[token] != (token in revoked):
                self.fault(f"token {token}: revoked is {stored[token]}")
        for token, secret in self.ledger.of("token")[-2:]:
            status = Rest(self.world.rest.base, secret).get("/api/v1/devices?limit=1", None).status_code
            if status != (401 if token in revoked else 200):
                self.fault(f"token {token} is answered with {status}")

    def check_provisions(self):
        stored = dict(self.rows("SELECT endpoint, site FROM device_provision"))
        for endpoint, (site,) in self.ledger.latest("provision").items():
            if stored.get(endpoint) != site:
                self.missing(f"{endpoint}: {site} was laid down, the database says {stored.get(endpoint)}")
