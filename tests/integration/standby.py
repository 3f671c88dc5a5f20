# SPDX-License-Identifier: Apache-2.0
"""A synchronous standby of a sandbox's PostgreSQL, and a suitd that knows of both servers."""

import contextlib
import os
import re
import shutil
import tempfile

import psycopg2

from sandbox import PG_CLUSTER, eventually, run

SETTINGS = ("fsync=off", "max_connections=200")


class Standby:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.folder = tempfile.mkdtemp(prefix="suitd-pg.", dir="/tmp")
        run(PG_CLUSTER, "standby", self.folder, sandbox.folder / "pg", *SETTINGS)
        self.pg = run(PG_CLUSTER, "conninfo", self.folder).stdout.decode().strip()
        self.tell_suitd()
        self.make_synchronous()

    def tell_suitd(self):
        """One connection string with both servers: the one that takes writes is the one to use."""
        hosts = ",".join(f"{folder}/run" for folder in (os.path.realpath(self.sandbox.folder / "pg"), self.folder))
        both = f"host={hosts} port=5432,5432 user=suitd dbname=suitd target_session_attrs=read-write"
        text = self.sandbox.config_path.read_text()
        self.sandbox.config_path.write_text(re.sub(r"(?m)^conninfo = .*$", f"conninfo = {both}", text))
        self.sandbox.restart()

    def make_synchronous(self):
        connection = psycopg2.connect(self.sandbox.pg)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            cursor.execute("SELECT pg_reload_conf()")
        eventually(self.is_synchronous)

    def is_synchronous(self):
        states = self.sandbox.sql("SELECT sync_state FROM pg_stat_replication")
        return states == [("sync",)]

    def stop(self):
        run(PG_CLUSTER, "stop", self.folder, "immediate")

    def start(self):
        """Goes on where it was: its settings are kept."""
        primary = os.path.realpath(self.sandbox.folder / "pg")
        follow = f"primary_conninfo=host={primary}/run user=suitd application_name=standby"
        run(PG_CLUSTER, "start", self.folder, *SETTINGS, follow)

    def promote(self):
        """From now on it is the database of the sandbox's sql()."""
        run(PG_CLUSTER, "promote", self.folder)
        self.sandbox.pg = self.pg

    def close(self):
        run(PG_CLUSTER, "remove", self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
