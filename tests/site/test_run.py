"""`manage.py run`: one command and one process tree, of which either everything or nothing runs."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pasteur_site.startup import EX_CONFIG
from tests import repository
from tests.servers.pasteur import ROOT, Pasteur
from tests.servers.process import wait_until

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def shared() -> Iterator[Pasteur]:
    """Return a site for the tests in this file."""
    with Pasteur() as site:
        yield site


@pytest.fixture
def running(shared: Pasteur) -> Pasteur:
    """Return the site, restarted if another test has stopped it."""
    return shared.start() if shared.has_ended() else shared


def terminate(site: Pasteur, number: int = signal.SIGTERM) -> float:
    """Send the site a signal, like a terminal or an init system, and return how many seconds it takes to exit."""
    assert site.process is not None
    started = time.monotonic()
    site.process.send_signal(number)
    site.process.wait(timeout=15)
    return time.monotonic() - started


def site_processes(site: Pasteur) -> list[str]:
    """Return the command lines of all processes that have the site's data folder in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"PASTEUR_DATA_DIR={site.data}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # It has just exited.
    return found


def test_a_new_user_creates_a_paste_and_clones_the_mirror(running: Pasteur, tmp_path: Path) -> None:
    text = Path(__file__).read_bytes()
    key = running.paste(text, "test_run.py")
    running.wait_until_mirrored(key)

    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(running.mirror), str(clone)], check=True)

    (found,) = clone.glob(f"?/?/?/{key}/test_run.py")
    assert found.read_bytes() == text
    assert running.read(key)["mirror"]["commit"] == repository.tip(running.mirror)
    assert running.manage("resync_git", "--check").returncode == 0
    repository.assert_sound(running.mirror)


def test_each_drain_is_logged(running: Pasteur) -> None:
    key = running.paste("told")
    running.wait_until_mirrored(key)
    commit = running.read(key)["mirror"]["commit"]

    line = re.compile(rf"drained settled=\d+ commits=\d+ .* seconds=[0-9.]+ range=[0-9a-f]*\.\.{commit[:10]}")
    wait_until(lambda: line.search(running.log.read_text()) is not None, "the log tells of the drain", 10)

    assert line.search(running.manage("mirror_status").stdout)


def test_it_prints_its_address_the_mirror_and_how_to_stop(running: Pasteur) -> None:
    said = running.log.read_text()

    assert f"http://127.0.0.1:{running.port}/" in said
    assert f"git clone {running.mirror}" in said
    assert "Ctrl-C" in said


def test_a_second_site_on_the_same_data_is_refused(running: Pasteur) -> None:
    second = running.manage("run", check=False)

    assert second.returncode == 1
    assert "already running" in second.stderr


def test_a_port_in_use_is_reported_in_one_line(running: Pasteur) -> None:
    other = Pasteur(PORT=str(running.port))

    done = other.manage("run", check=False)

    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{running.port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_every_process_and_leaves_no_lock(running: Pasteur, number: int) -> None:
    running.wait_until_mirrored(running.paste("x"))

    assert terminate(running, number) < 10

    assert site_processes(running) == []
    assert not list(running.data.rglob("*.lock/*"))
    assert not list((running.data / "clone.git").glob("**/*.lock"))
    running.start()
    running.wait_until_mirrored(running.paste("after a second start"))


@pytest.mark.alone
def test_a_second_start_is_ready_in_five_seconds(running: Pasteur) -> None:
    terminate(running)
    started = time.monotonic()

    running.start()

    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_process_that_crashes_is_restarted(running: Pasteur, name: str) -> None:
    wait_until(lambda: len(running.children()) == 3, "three processes run")
    old = running.children()[name]
    os.kill(old, signal.SIGKILL)

    wait_until(lambda: running.children().get(name, old) != old, f"{name} is started again", 10)
    running.http.clear()  # Browsers also open a new connection if the old one was closed.
    wait_until(running.is_ready, "the site answers")
    running.wait_until_mirrored(running.paste("still here"))


@pytest.mark.alone
@pytest.mark.timeout(180)
def test_a_worker_that_keeps_crashing_stops_nothing_else_and_operators_see_it(running: Pasteur) -> None:
    """The worker is killed six times within a minute while visitors create pastes."""
    for _ in range(6):
        wait_until(lambda: "worker" in running.children(), "the worker is started again", 40)
        os.kill(running.children()["worker"], signal.SIGKILL)
        wait_until(lambda: "worker" not in running.children(), "the worker has ended")
        running.paste("the web server goes on")

    assert running.process is not None
    assert running.process.poll() is None
    details = json.loads(running.http.request("GET", f"{running.url}/readyz").data)
    assert details["ready"] is True
    assert "SIGKILL" in details["failing_programs"]["worker"]
    assert "worker ended (killed by SIGKILL); restarting it in 16 s" in running.log_tail()
    terminate(running)
    assert running.process.returncode == 0
    assert not (running.data / "programs.json").exists()


def test_killing_the_parent_terminates_the_tree(running: Pasteur) -> None:
    assert running.process is not None
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()

    wait_until(lambda: not site_processes(running), "every process has ended", 10)


def test_a_python_without_the_libraries_switches_to_the_virtual_environment(tmp_path: Path) -> None:
    bare = [sys.executable, "-S", "-E", str(ROOT / "manage.py"), "check"]
    environment = {"PATH": os.environ["PATH"], "PASTEUR_DATA_DIR": str(tmp_path)}

    done = subprocess.run(bare, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_an_invalid_mirror_is_refused_before_anything_starts() -> None:
    site = Pasteur(GITSYNC_REMOTE="ext::sh -c 'touch /tmp/owned'")
    try:
        done = site.manage("run", check=False)
    finally:
        site.stop()

    assert done.returncode == EX_CONFIG
    assert "GITSYNC_REMOTE" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_invalid_deploy_key_is_refused_before_anything_starts(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("no key at all\n")
    key.chmod(0o600)
    site = Pasteur(GITSYNC_REMOTE="git@host:pastes.git", GITSYNC_SSH_KEY_FILE=str(key))

    try:
        done = site.manage("run", check=False)
    finally:
        site.stop()

    assert done.returncode == 78
    assert str(key) in done.stderr


def test_a_data_folder_that_others_can_open_is_refused_before_anything_starts() -> None:
    site = Pasteur()
    site.data.mkdir(mode=0o755)
    for mode in (0o755, 0o710, 0o701):
        site.data.chmod(mode)
        for command in ("check", "run"):
            done = site.manage(command, check=False)
            assert done.returncode == (EX_CONFIG if command == "run" else 1)
            assert f"pasteur_site.E001) PASTEUR_DATA_DIR: other accounts can open {site.data}" in done.stderr
            assert f"chmod 700 {site.data}" in done.stderr
    site.data.chmod(0o700)
    site.manage("check")


def test_the_web_process_does_not_need_git(tmp_path: Path) -> None:
    code = "import sys, pasteur_site.wsgi; sys.exit(any(m == 'git' or m.startswith('git.') for m in sys.modules))"
    site = Pasteur()
    python = Path(site.command()[0])
    (tmp_path / "bin").mkdir()
    environment = {**site.environment(), "PATH": str(tmp_path / "bin")}

    done = subprocess.run([python, "-c", code], env=environment, cwd=site.command()[1].rpartition("/")[0], check=False)

    assert done.returncode == 0


def test_the_site_and_its_commands_work_in_any_folder(tmp_path: Path) -> None:
    """The folder contains modules with the same names as ours, and the data folder is relative."""
    for name in ("gunicorn", "celery", "pasteur_site", "gitsync", "django"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the current folder')")
    site = Pasteur()
    data = Path(os.path.relpath(site.data, ROOT))
    environment = {**site.environment(), "PASTEUR_DATA_DIR": str(data)}
    site.process = subprocess.Popen(site.command(), env=environment, cwd=tmp_path, start_new_session=True)
    try:
        wait_until(site.is_ready, "the site answers", 60)
        site.wait_until_mirrored(site.paste("from elsewhere"))
        command = [*site.command()[:2], "mirror_status"]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert site.mirror.is_dir()
        assert sorted(path.suffix for path in tmp_path.iterdir()) == [".py"] * 5
    finally:
        terminate(site)
        site.stop()


@pytest.mark.alone
@pytest.mark.timeout(180)
def test_a_worker_killed_in_the_middle_of_a_thousand_pastes(pasteur: Pasteur) -> None:
    keys = []
    for number in range(1_000):
        keys.append(pasteur.paste(f"text {number}\n", f"{number}.txt"))
        if number in {200, 500, 800}:
            wait_until(lambda: "worker" in pasteur.children(), "the worker runs")
            os.kill(pasteur.children()["worker"], signal.SIGKILL)
    terminate(pasteur)
    pasteur.start()

    wait_until(lambda: pasteur.manage("resync_git", "--check", check=False).returncode == 0, "all is mirrored", 60)

    assert sorted(repository.changes(pasteur.mirror)) == sorted(f"{key}.1" for key in keys)
    repository.assert_sound(pasteur.mirror)
