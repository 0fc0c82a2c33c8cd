"""Others who write to the remote: pastes of their own, edits, and commits that Git accepts and ought not to."""

from __future__ import annotations

import random
import secrets
import subprocess
import threading

from gitsync.format import tree
from tests import repository
from tests.faults.soak.stage import Stage
from tests.faults.soak.visitors import some_text

_KEY_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_AUTHORS = (
    *(
        "Eve <eve@example.org> 1700000000 +0000",
        "Eve",
        "Eve <eve@example.org>",
        "Eve <eve@example.org> yesterday +0000",
    ),
    *("E < v <e <eve@example.org> 1700000000 +0000", "<> 0 +0000", "Eve <e> -1 +0000", "Eve <e> 99999999999999 +9999"),
)


class Committers:
    """A thread that pushes every few seconds, past all hooks, as an administrator of the remote may."""

    def __init__(self, stage: Stage, seed: str) -> None:
        self.commits: set[str] = set()
        #: Keys whose folders are no pastes; `resync_git --check` names them, and leaves them alone.
        self.odd_keys: set[str] = set()
        self._repository = stage.forge.repository
        self._chance = random.Random(f"{seed} committers")
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def start(self) -> None:
        """Let them come."""
        self._thread.start()

    def stop(self) -> None:
        """Let them go."""
        self._is_over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._is_over.wait(self._chance.uniform(2, 10)):
            try:
                self._commit()
            except (AssertionError, subprocess.CalledProcessError):
                pass  # The branch has moved, is locked or gone; or the disk is full.

    def _commit(self) -> None:
        """Put a file or a malformed thing on top of the branch, in a commit with any author line."""
        git = self._repository
        old = repository.tip(git)
        path, mode, content = self._chance.choice(
            [self._new_paste, self._root_file, self._odd_folder, self._broken_metadata, self._link]
        )()
        oid = repository.git(git, "hash-object", "-w", "--stdin", stdin=content).decode().strip()
        new_tree = self._with_entry(old, path, f"{mode} blob {oid}")
        author, committer = (self._chance.choice(_AUTHORS) for _ in range(2))
        commit = f"tree {new_tree}\nparent {old}\nauthor {author}\ncommitter {committer}\n\nby others\n".encode()
        arguments = ("hash-object", "-w", "-t", "commit", "--literally", "--stdin")
        new = repository.git(git, *arguments, stdin=commit).decode().strip()
        self.commits.add(new)  # Where the branch has moved meanwhile, it stays as an unreachable object.
        repository.git(git, "update-ref", "refs/heads/main", new, old)

    def _with_entry(self, commit: str, path: str, entry: str) -> str:
        """Return the tree of a commit with one more entry; folders on the way are kept."""
        folder, _, name = path.rpartition("/")
        while True:
            row = f"{entry}\t{name}".encode()
            place = f"{commit}:{folder}"
            try:
                rows = repository.git(self._repository, "ls-tree", "-z", place).split(b"\0")[:-1]
            except AssertionError:
                rows = []
            kept = [other for other in rows if other.partition(b"\t")[2] != name.encode()]
            listing = b"".join(line + b"\0" for line in [*kept, row])
            oid = repository.git(self._repository, "mktree", "-z", stdin=listing).decode().strip()
            if not folder:
                return oid
            entry = f"040000 tree {oid}"
            folder, _, name = folder.rpartition("/")

    def _key(self) -> str:
        return "".join(self._chance.choice(_KEY_LETTERS) for _ in range(10))

    def _new_paste(self) -> tuple[str, str, bytes]:
        return f"{tree.folder(self._key())}/by-others.txt", "100644", some_text(self._chance).encode()

    def _root_file(self) -> tuple[str, str, bytes]:
        return f"{secrets.token_hex(4)}.py", "100644", some_text(self._chance).encode()

    def _odd_folder(self) -> tuple[str, str, bytes]:
        return f"x/{secrets.token_hex(4)}/y", "100644", b"\xff\xfe no text"

    def _broken_metadata(self) -> tuple[str, str, bytes]:
        content = self._chance.choice([b"{", b"[" * 5_000, b'{"key": 1}', b"\xff", b'{"created_at": "9999999-01-01"}'])
        self.odd_keys.add(key := self._key())
        return f"{tree.folder(key)}/{tree.METADATA}", "100644", content

    def _link(self) -> tuple[str, str, bytes]:
        self.odd_keys.add(key := self._key())
        return f"{tree.folder(key)}/passwd", "120000", b"/etc/passwd"
