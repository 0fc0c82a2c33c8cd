"""All faults at once, beside 20 pastes a second: nothing acknowledged is lost, and what lasts is told.

SOAK_SECONDS is the length of the long run, SOAK_SEED (which is printed) repeats the choices of an earlier one.
"""

import json
import os
import secrets
import sqlite3
import subprocess
from pathlib import Path

import pytest

from pastes.models import blob_oid
from tests import repository
from tests.faults.soak.committers import Committers
from tests.faults.soak.havoc import Havoc
from tests.faults.soak.stage import Stage
from tests.faults.soak.visitors import Promised, Visitors
from tests.servers.process import wait_until

_SECONDS = int(os.environ.get("SOAK_SECONDS", "1800"))
#: The longest pause between two tries of the worker is five minutes.
_CATCH_UP_SECONDS = 600
_CURRENT_TEXTS = """
    SELECT key, state, content FROM pastes_paste
    LEFT JOIN pastes_revision ON paste_id = pastes_paste.id AND number = head
    LEFT JOIN pastes_file ON revision_id = pastes_revision.id AND position = 0
"""

pytestmark = [pytest.mark.slow_fault, pytest.mark.fault, pytest.mark.server, pytest.mark.alone]


@pytest.mark.timeout(_SECONDS + 2 * _CATCH_UP_SECONDS)
@pytest.mark.parametrize("seconds", [60, _SECONDS], ids=["a minute", "long"])
def test_nothing_acknowledged_is_lost_and_every_lasting_fault_is_told(seconds: int) -> None:
    seed = os.environ.get("SOAK_SEED") or secrets.token_hex(4)
    print(f"SOAK_SEED={seed}")
    with Stage() as stage:
        havoc, visitors, committers = Havoc(stage, seed), Visitors(stage.site.url, seed), Committers(stage, seed)
        for actors in (visitors, committers, havoc):
            actors.start()
        try:
            havoc.wait(seconds)
        finally:
            for actors in (visitors, committers, havoc):
                actors.stop()
        print(f"{len(visitors.promised)} pastes acknowledged, {len(committers.commits)} commits of others")
        print(f"answers to visitors: {dict(sorted(visitors.answers.items()))}")
        assert not visitors.unexpected
        wait_until(lambda: is_idle(stage), "the mirror has caught up", _CATCH_UP_SECONDS)
        stage.site.manage("read_from_git")  # The last commits of others.
        wait_until(lambda: is_idle(stage), "the mirror has what was read in", _CATCH_UP_SECONDS)
        assert not lost_from_database(stage, visitors.promised)
        assert not lost_from_mirror(stage.forge.repository, visitors.promised)
        assert not complaints(stage.forge.repository, committers.commits)
        assert not differences(stage, committers.odd_keys)
        assert not havoc.untold()


def is_idle(stage: Stage) -> bool:
    """Whether nothing is pending or set aside, and no error is left."""
    status = stage.site.manage("mirror_status", "--json", check=False)
    return status.returncode == 0 and '"pending": 0' in status.stdout


def lost_from_database(stage: Stage, promised: dict[str, Promised]) -> list[str]:
    """Return the keys of pastes whose texts in the database are not what their visitors were told."""
    with sqlite3.connect(f"file:{stage.site.data}/pasteur.sqlite3?mode=ro", uri=True) as database:
        rows = {key: (state, text) for key, state, text in database.execute(_CURRENT_TEXTS)}
    lost = []
    for key, paste in promised.items():
        state, text = rows.get(key, ("", ""))
        if not state or (None if state == "removed" else text) not in paste.texts:
            lost.append(f"{key}: {state}")
    return lost


def lost_from_mirror(remote: Path, promised: dict[str, Promised]) -> list[str]:
    """Return the keys of pastes whose folder at the tip has not the text that their visitors were told."""
    blobs: dict[str, set[str]] = {}
    for row in repository.git(remote, "ls-tree", "-r", "-z", "main").decode(errors="replace").split("\0")[:-1]:
        facts, _, path = row.partition("\t")
        blobs.setdefault(path.rpartition("/")[0].rpartition("/")[2], set()).add(facts.split()[2])
    lost = []
    for key, paste in promised.items():
        oids = {blob_oid(text.encode()) for text in paste.texts if text is not None}
        if not (oids & blobs.get(key, set()) or (None in paste.texts and key not in blobs)):
            lost.append(key)
    return lost


def complaints(remote: Path, commits_of_others: set[str]) -> list[str]:
    """Return what `git fsck --strict` says of anything but the malformed commits of others."""
    process = subprocess.run(
        ["git", "-c", "safe.directory=*", f"--git-dir={remote}", "fsck", "--strict", "--no-dangling", "--no-progress"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (process.stdout + process.stderr).splitlines()
    return [line for line in lines if not any(commit in line for commit in commits_of_others)]


def differences(stage: Stage, odd_keys: set[str]) -> dict[str, list[str]]:
    """Return what `resync_git --check` says of anything but these folders."""
    report = json.loads(stage.site.manage("resync_git", "--check", "--json", check=False).stdout)
    kinds = ("missing", "differs", "extra", "waiting", "set_aside", "withheld")
    return {kind: keys for kind in kinds if (keys := [key for key in report[kind] if key not in odd_keys])}
