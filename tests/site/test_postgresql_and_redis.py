"""The same code on PostgreSQL and Redis, by setting two URLs."""

import pytest

from tests import repository
from tests.servers.pasteur import Pasteur
from tests.servers.postgresql import PostgreSQL
from tests.servers.redis import Redis
from tests.servers.sshd import Sshd

pytestmark = pytest.mark.server


def test_from_curl_to_a_commit_over_ssh(postgresql: PostgreSQL, redis: Redis, sshd: Sshd) -> None:
    settings = {
        "DATABASE_URL": postgresql.url,
        "CELERY_BROKER_URL": redis.url,
        "CACHE_URL": redis.url,
        "GITSYNC_REMOTE": sshd.url,
        "GITSYNC_SSH_KEY_FILE": str(sshd.key_file),
        "GITSYNC_SSH_KNOWN_HOSTS_FILE": str(sshd.known_hosts_file),
        "GITSYNC_PUSH_INTERVAL": "1",
    }
    with Pasteur(**settings) as site:
        first = site.paste("first\n", "first.txt")
        site.wait_until_mirrored(first, seconds=10)
        keys = [first, *(site.paste(f"paste {number}\n", "a.txt") for number in range(20))]
        site.wait_until_mirrored(*keys)

        assert sorted(repository.changes(sshd.repository)) == sorted(f"{key}.1" for key in keys)
        assert repository.text(sshd.repository, first, "first.txt") == b"first\n"
        assert site.manage("resync_git", "--check").returncode == 0
        assert "cannot start" not in site.log_tail()
        assert "Traceback" not in site.log_tail()
        repository.assert_sound(sshd.repository)
