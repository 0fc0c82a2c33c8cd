"""If an address responds, but not as a Git server, no conclusion is drawn about the branch."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from gitsync.errors import DiskFullError, NotGitError, RemoteUnreachableError
from gitsync.models import Change, Mirror
from gitsync.remote import branches
from gitsync.remote.git_remote import Remote
from gitsync.repository.repository import Repository
from gitsync.sync import resync, schedule
from gitsync.sync.drain import drain
from tests import many, repository
from tests.servers.disk import Disk
from tests.servers.git_http import GitHttp

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]
PAGES = ["", "<html><body>Sign in</body></html>", "<html>\n<body>Sign in</body>\n</html>\n"]


@pytest.fixture
def over_http(settings: Settings, tmp_path: Path) -> Iterator[GitHttp]:
    """Return a server that is configured as the remote."""
    with GitHttp() as server:
        settings.GITSYNC_REMOTE = server.url
        settings.GITSYNC_IS_DEFAULT_REMOTE = False
        settings.GITSYNC_HTTP_TOKEN = server.token
        settings.GITSYNC_CLONE_DIR = tmp_path / "clone.git"
        settings.GITSYNC_PUSH_INTERVAL = 0.0
        yield server


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("is_new_clone", [False, True])
def test_a_page_with_status_200_changes_no_row(
    over_http: GitHttp, tmp_path: Path, page: str, *, is_new_clone: bool
) -> None:
    many.publish(3)
    drain()
    tip = repository.tip(over_http.repository)
    if is_new_clone:
        Repository(tmp_path / "clone.git").discard()
    over_http.answer_page(page)
    Mirror.objects.update(fetched_at=None)

    assert schedule.work_off()

    mirror = Mirror.objects.get(remote=over_http.url)
    assert mirror.error_code == "not_git"
    assert mirror.tip == tip
    assert Change.objects.exclude(settled_at=None).exclude(commit="").count() == 3
    over_http.answer_page(None)
    Mirror.objects.update(retry_at=None)
    many.publish(1)
    assert schedule.work_off() is None
    assert repository.git(over_http.repository, "rev-list", "--count", "main").strip() == b"4"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_not_mistaken_for_a_repository_by_any_command(over_http: GitHttp, tmp_path: Path, page: str) -> None:
    over_http.answer_page(page)
    clone = Repository.open(tmp_path / "other.git")
    remote = Remote.configured()

    for read in (remote.tip, remote.fetch, remote.fetch_all, lambda clone: branches.of(remote, clone)):
        with pytest.raises(NotGitError):
            read(clone)
    with pytest.raises(NotGitError):
        resync.look()


@pytest.mark.parametrize(("status", "location"), [(302, "http://127.0.0.1:9/login"), (204, ""), (503, ""), (404, "")])
def test_a_redirect_or_an_empty_response_is_not_a_repository(
    over_http: GitHttp, tmp_path: Path, status: int, location: str
) -> None:
    over_http.answer(status, location)

    with pytest.raises(RemoteUnreachableError):
        Remote.configured().tip(Repository.open(tmp_path / "other.git"))


@pytest.mark.parametrize("version", [0, 1, 2])
def test_an_empty_repository_is_empty_in_every_version_of_the_protocol(
    over_http: GitHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    environment = Remote.environment

    def with_version(remote: Remote) -> dict[str, str]:
        variables = environment(remote)
        count = int(variables["GIT_CONFIG_COUNT"])
        option = {f"GIT_CONFIG_KEY_{count}": "protocol.version", f"GIT_CONFIG_VALUE_{count}": str(version)}
        return variables | option | {"GIT_CONFIG_COUNT": str(count + 1)}

    monkeypatch.setattr(Remote, "environment", with_version)

    assert Remote.configured().tip(Repository.open(tmp_path / "other.git")) == ""


def test_a_full_disk_of_the_clone_says_nothing_about_the_remote(
    over_http: GitHttp, settings: Settings, tmp_path: Path
) -> None:
    with Disk(tmp_path / "small") as disk:
        settings.GITSYNC_CLONE_DIR = disk.folder / "clone.git"
        many.publish(1)
        drain()
        many.publish(1)
        disk.fill(free_kilobytes=0)

        with pytest.raises(DiskFullError):
            drain()

        disk.free()
        drain()
        assert len(repository.changes(over_http.repository)) == 2
