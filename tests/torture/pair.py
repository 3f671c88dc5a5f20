# SPDX-License-Identifier: Apache-2.0
"""A primary and its synchronous standby, below a suitd that knows of both. They may change places."""

import contextlib
import os
import pathlib
import re
import shutil
import tempfile

import paths  # noqa: F401
import psycopg2
from sandbox import PG_CLUSTER, eventually, run

SETTINGS = ("fsync=off", "max_connections=200")


def configure(pg, option, value):
    """Until the server starts again."""
    connection = psycopg2.connect(pg)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(f"ALTER SYSTEM SET {option} = '{value}'")
        cursor.execute("SELECT pg_reload_conf()")


class Pair:
    """The sandbox's own cluster is the primary at first; its link "pg" always leads to the primary."""

    def __init__(self, sandbox):
        self.sandbox, self.link = sandbox, sandbox.folder / "pg"
        self.primary = pathlib.Path(os.path.realpath(self.link))
        self.standby = pathlib.Path(tempfile.mkdtemp(prefix="suitd-pg.", dir="/tmp"))
        self.tell_suitd()
        self.copy()

    def tell_suitd(self):
        """One connection string for both: the one that takes writes is the one to use."""
        hosts = f"{self.primary}/run,{self.standby}/run"
        both = f"host={hosts} port=5432,5432 user=suitd dbname=suitd target_session_attrs=read-write"
        config = self.sandbox.config_path
        config.write_text(re.sub(r"(?m)^conninfo = .*$", f"conninfo = {both}", config.read_text()))

    def copy(self):
        """Makes the standby anew from the primary."""
        shutil.rmtree(self.standby, ignore_errors=True)
        run(PG_CLUSTER, "standby", self.standby, self.primary, *SETTINGS)
        self.make_synchronous()

    def make_synchronous(self):
        configure(self.sandbox.pg, "synchronous_standby_names", "standby")
        states = "SELECT sync_state FROM pg_stat_replication"
        eventually(lambda: self.sandbox.sql(states) == [("sync",)])

    def stop_standby(self):
        run(PG_CLUSTER, "stop", self.standby, "immediate")

    def start_standby(self):
        follow = f"primary_conninfo=host={self.primary}/run user=suitd application_name=standby"
        run(PG_CLUSTER, "start", self.standby, *SETTINGS, follow)

    def promote(self):
        """The primary is dead: the other one takes its place."""
        run(PG_CLUSTER, "promote", self.standby)
        self.primary, self.standby = self.standby, self.primary
        self.link.unlink()
        self.link.symlink_to(self.primary)
        self.sandbox.pg = run(PG_CLUSTER, "conninfo", self.primary).stdout.decode().strip()

    def close(self):
        run(PG_CLUSTER, "remove", self.standby)
