# SPDX-License-Identifier: Apache-2.0
"""A small file system over a folder, that can be full and read-only."""

import os
import shutil
import tempfile

import paths  # noqa: F401
from sandbox import eventually, run


def can_mount():
    """Only who may mount can have a disk that is full."""
    folder = tempfile.mkdtemp(prefix="suitd-mount.")
    try:
        if run("mount", "-t", "tmpfs", "tmpfs", folder, check=False).returncode != 0:
            return False
        run("umount", folder)
        return True
    finally:
        os.rmdir(folder)


class SmallDisk:
    """Takes over what the folder has. Nobody may use the folder meanwhile."""

    BALLAST = "ballast"

    def __init__(self, folder, size="256m"):
        self.folder, owner = folder, folder.stat()
        kept = f"{folder}.kept"
        os.rename(folder, kept)
        os.mkdir(folder)
        options = f"size={size},uid={owner.st_uid},gid={owner.st_gid},mode={owner.st_mode & 0o777:o}"
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder)
        run("cp", "-a", f"{kept}/.", folder)
        shutil.rmtree(kept)

    @property
    def ballast(self):
        return self.folder / self.BALLAST

    def fill(self):
        """To the last byte."""
        with open(self.ballast, "ab", buffering=0) as file:
            try:
                while file.write(bytes(65536)):
                    pass
            except OSError:
                pass

    def has_room(self):
        return os.statvfs(self.folder).f_bavail > 0

    def make_room(self):
        self.ballast.unlink()

    def make_read_only(self):
        """Not while a file is open for writing."""
        eventually(lambda: run("mount", "-o", "remount,ro", self.folder, check=False).returncode == 0)

    def make_writable(self):
        run("mount", "-o", "remount,rw", self.folder)

    def close(self):
        run("umount", "-l", self.folder)
