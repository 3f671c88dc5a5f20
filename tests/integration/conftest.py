# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a sandbox that tests share, one of their own for those that break things, and keys."""

import itertools
import shutil
import tempfile

import pytest

import suit_oracle
from sandbox import Sandbox

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sandbox():
    """Shared by all tests: use names of your own in it, and leave it running."""
    folder = tempfile.mkdtemp(prefix="suitd-test.")
    running = Sandbox(folder)
    yield running
    running.close()
    shutil.rmtree(folder)


@pytest.fixture
def make_sandbox():
    """make_sandbox(section__option="value", ...): fresh ones, to stop, kill and break at will."""
    made = []

    def make(**options):
        folder = tempfile.mkdtemp(prefix="suitd-test.")
        try:
            made.append(Sandbox(folder, **options))
        except BaseException:
            shutil.rmtree(folder)
            raise
        return made[-1]

    yield make
    for running in made:
        running.close()
        shutil.rmtree(running.folder)


@pytest.fixture
def fresh(make_sandbox):
    """A sandbox of the test's own."""
    return make_sandbox()


@pytest.fixture
def rest(sandbox):
    """The administrator of the shared sandbox."""
    return sandbox.rest


@pytest.fixture(scope="session")
def author_key():
    return suit_oracle.Key()


@pytest.fixture(scope="session")
def trusted(sandbox, author_key):
    """A key that the shared sandbox trusts for every vendor and class."""
    sandbox.rest.trust(author_key, "shared-author")
    return author_key


@pytest.fixture
def unique():
    """unique("lamp") is a name that no other test uses."""
    return lambda stem: f"{stem}-{next(_numbers)}"


@pytest.fixture
def product(unique):
    """A class identifier of the test's own, so that releases of other tests never fit its devices."""
    import uuid

    return uuid.uuid5(suit_oracle.VENDOR, unique("product"))
