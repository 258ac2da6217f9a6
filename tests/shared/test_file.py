"""A store of files is its user's alone, and does without what it cannot trust."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import pytest

from gitlab_completions import ConfigurationError
from gitlab_completions.shared import DetailsStore, FileStore
from gitlab_completions.shared._file import MOST_ASIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import filelock

    from gitlab_completions.shared import Release

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="modes and owners are POSIX's"),
    pytest.mark.real_time,
]

KEY, OTHER = "a" * 64, "b" * 64
NOBODY = 65_534


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "runtime" / "ours"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def modes(directory: Path) -> set[int]:
    return {mode(path) for path in directory.iterdir()}


def old_files(directory: Path, *called: str) -> None:
    directory.mkdir(parents=True)
    for name in called:
        (directory / name).write_text("")
        os.utime(directory / name, (0, 0))


async def test_another_store_of_the_directory_reads_what_one_wrote(
    directory: Path,
) -> None:
    await FileStore(directory).write(KEY, b"one", keep_s=60)
    other = FileStore(directory)
    reading = await other.read([OTHER, KEY])
    assert reading.entries == (None, b"one")
    assert other.problem is None
    assert isinstance(other, DetailsStore)


async def test_a_later_entry_takes_the_place_of_the_one_before(directory: Path) -> None:
    store = FileStore(directory)
    await store.write(KEY, b"one", keep_s=60)
    await store.write(KEY, b"two", keep_s=60)
    assert (await store.read([KEY])).entries == (b"two",)
    assert names(directory) == {f"{KEY}.entry"}


async def test_only_the_user_can_read_directory_file_and_lock(directory: Path) -> None:
    store = FileStore(directory)
    previous = os.umask(0)
    try:
        await store.write(KEY, b"one", keep_s=60)
        release = await store.claim(KEY, lease_s=1)
    finally:
        os.umask(previous)
    assert release is not None
    await release()
    assert mode(directory) == 0o700
    assert modes(directory) == {0o600}


async def test_its_clock_is_the_machines_and_goes_on(directory: Path) -> None:
    stores = FileStore(directory), FileStore(directory)
    first, second = [await store.read([]) for store in stores]
    assert first.clock == second.clock
    assert 0 <= second.now - first.now < 60


# Files that are not believed.


async def test_a_file_that_others_may_read_is_not_read(directory: Path) -> None:
    store = FileStore(directory)
    await store.write(KEY, b"one", keep_s=60)
    open_to_the_group(directory / f"{KEY}.entry")
    assert (await store.read([KEY])).entries == (None,)


def open_to_the_group(path: Path) -> None:
    path.chmod(0o640)


def another_users(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
    os.chown(path, NOBODY, NOBODY)


def a_link(path: Path, content: bytes) -> None:
    target = path.with_name("target")
    target.write_bytes(content)
    target.chmod(0o600)
    path.symlink_to(target)


def a_pipe(path: Path, _: bytes) -> None:
    os.mkfifo(path, 0o600)


def a_directory(path: Path, _: bytes) -> None:
    path.mkdir(0o600)


def too_long(path: Path, content: bytes) -> None:
    path.write_bytes(content * 300_000)
    path.chmod(0o600)


@pytest.mark.parametrize(
    "put",
    [another_users, a_link, a_pipe, a_directory, too_long],
    ids=lambda f: f.__name__,
)
async def test_a_file_that_is_not_as_it_should_be_is_not_read(
    directory: Path, put: Callable[[Path, bytes], None]
) -> None:
    if put is another_users and os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    store = FileStore(directory)
    await store.read([])
    put(directory / f"{KEY}.entry", b"one")
    assert (await store.read([KEY])).entries == (None,)


async def test_a_key_cannot_lead_out_of_the_directory(directory: Path) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        await FileStore(directory).write("../a", b"one", keep_s=60)


# Directories that cannot be used.


def of_nobody(directory: Path) -> None:
    directory.mkdir(parents=True)
    os.chown(directory, NOBODY, NOBODY)


def below_nobody(directory: Path) -> None:
    directory.mkdir(parents=True)
    os.chown(directory.parent, NOBODY, NOBODY)


def below_what_is_open_to_all(directory: Path, mode: int = 0o777) -> None:
    directory.mkdir(parents=True)
    directory.parent.chmod(mode)


def open_to_all(directory: Path) -> None:
    directory.mkdir(parents=True)
    directory.chmod(0o777)


def no_directory(directory: Path) -> None:
    directory.parent.mkdir()
    directory.write_text("")


def linked(directory: Path) -> None:
    target = directory.parent / "elsewhere"
    target.mkdir(parents=True)
    directory.symlink_to(target)


def removed(directory: Path) -> None:
    directory.rmdir()


def below_a_file(directory: Path) -> None:
    directory.parent.write_text("")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (of_nobody, "belongs to another user"),
        (below_nobody, "is in a directory that others may change"),
        (below_what_is_open_to_all, "is in a directory that others may change"),
        (open_to_all, "can be written to by others; it must be the user's alone"),
        (no_directory, "is not a directory"),
        (linked, "is not a directory"),
        (below_a_file, "cannot be made: Not a directory"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
async def test_where_the_directory_cannot_be_used_memory_serves(
    directory: Path,
    spoil: Callable[[Path], None],
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if spoil in {of_nobody, below_nobody} and os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    spoil(directory)
    store, other = FileStore(directory), FileStore(directory)
    await store.write(KEY, b"one", keep_s=60)
    assert [why in record.getMessage() for record in caplog.records] == [True]
    assert (await store.read([KEY])).entries == (b"one",)
    assert (await other.read([KEY])).entries == (None,)
    assert store.problem is not None
    assert why in store.problem
    told = [record.getMessage() for record in caplog.records]
    assert told == [f"Sharing in this process only: {store.problem}."] * 2
    release = await store.claim(KEY, lease_s=1)
    assert release is not None
    assert await store.claim(KEY, lease_s=1) is None


async def test_without_a_runtime_directory_memory_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(platformdirs, "user_runtime_path", refuse)
    store = FileStore()
    await store.write(KEY, b"one", keep_s=60)
    assert (await store.read([KEY])).entries == (b"one",)
    assert store.problem == "the system has no runtime directory for this user"


def test_the_users_runtime_directory_is_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    directory = FileStore().directory
    assert directory is not None
    assert directory.name == "gitlab_completions"


@pytest.mark.parametrize("package", ["filelock", "platformdirs"])
def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "gitlab_completions.shared._file.find_spec",
        lambda name: None if name == package else found(name),
    )
    with pytest.raises(
        ConfigurationError, match=rf"{package}: pip install .*\[shared\]"
    ):
        FileStore()


@pytest.mark.parametrize("given", [7, "", b"x"])
def test_what_is_no_path_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="directory must be a path, not"):
        FileStore(given)


# Atomic, and swept.


async def test_a_write_that_fails_leaves_the_entry_as_it_was(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(directory)
    await store.write(KEY, b"one", keep_s=60)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(OSError, match="No space"):
            await store.write(KEY, b"two", keep_s=60)
    assert (await store.read([KEY])).entries == (b"one",)
    assert names(directory) == {f"{KEY}.entry"}


async def test_readers_beside_a_writer_see_whole_entries(directory: Path) -> None:
    store = FileStore(directory)
    entries = [bytes([letter]) * 50_000 for letter in b"abcdefgh"]
    await store.write(KEY, entries[0], keep_s=60)

    async def write() -> None:
        for entry in entries * 5:
            await store.write(KEY, entry, keep_s=60)

    writing = asyncio.create_task(write())
    seen: set[bytes | None] = set()
    while not writing.done():
        seen.update((await store.read([KEY])).entries)
    await writing
    assert seen <= set(entries)


async def test_what_is_old_is_swept_and_what_is_not_ours_stays(directory: Path) -> None:
    old = [f"{OTHER}.entry", f"{OTHER}.lock", ".gitlab-completions-x1"]
    others = ["diary", ".profile", "a.entry"]
    old_files(directory, *old, *others)
    await FileStore(directory).write(KEY, b"one", keep_s=60)
    assert names(directory) == {f"{KEY}.entry", *others}


async def test_a_directory_below_one_that_is_open_but_sticky_is_used(
    directory: Path,
) -> None:
    below_what_is_open_to_all(directory, 0o1777)
    store = FileStore(directory)
    await store.write(KEY, b"one", keep_s=60)
    assert store.problem is None


@pytest.mark.parametrize("by", ["write", "claim"])
async def test_a_directory_that_the_system_removed_is_made_anew(
    directory: Path, by: str
) -> None:
    store = FileStore(directory)
    await store.read([KEY])
    removed(directory)
    if by == "write":
        await store.write(KEY, b"one", keep_s=60)
    else:
        assert await store.claim(KEY, lease_s=1) is not None
    assert mode(directory) == 0o700


async def test_nothing_is_put_where_a_directory_has_been_replaced(
    directory: Path,
) -> None:
    store = FileStore(directory)
    await store.read([KEY])
    removed(directory)
    linked(directory)
    with pytest.raises(PermissionError, match="is not a directory"):
        await store.write(KEY, b"one", keep_s=60)
    with pytest.raises(PermissionError, match="is not a directory"):
        await store.claim(KEY, lease_s=1)
    assert names(directory.with_name("elsewhere")) == set()


@pytest.fixture
def stuck(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileStore]:
    """A store on a disk that does not answer before the test ends."""
    store, over = FileStore(directory), threading.Event()
    monkeypatch.setattr(store, "_read", lambda _: over.wait(30))
    yield store
    over.set()


async def given_up(store: FileStore) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await store.read([KEY])


async def test_a_disk_that_hangs_keeps_no_thread_of_the_loop_and_no_exit(
    stuck: FileStore,
) -> None:
    before = set(threading.enumerate())
    await stuck.write(KEY, b"one", keep_s=60)
    for _ in range(40):
        await given_up(stuck)
    async with asyncio.timeout(20):  # names are resolved in these threads
        await asyncio.to_thread(int)
    left = set(threading.enumerate()) - before
    assert [one for one in left if not one.daemon and "asyncio" not in one.name] == []


async def test_a_disk_that_hangs_is_given_up_before_it_has_many_threads(
    stuck: FileStore,
) -> None:
    await stuck.write(KEY, b"one", keep_s=60)
    for _ in range(MOST_ASIDE):
        await given_up(stuck)
    with pytest.raises(TimeoutError, match="does not answer"):
        await stuck.read([KEY])


# Claims.


async def test_one_claims_at_a_time_over_all_stores_of_the_directory(
    directory: Path,
) -> None:
    release = await FileStore(directory).claim(KEY, lease_s=1)
    assert release is not None
    assert await FileStore(directory).claim(KEY, lease_s=1) is None
    assert await FileStore(directory).claim(OTHER, lease_s=1) is not None
    await release()
    again = await FileStore(directory).claim(KEY, lease_s=1)
    assert again is not None
    await again()


async def test_who_leaves_while_it_claims_leaves_no_claim(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(directory)
    await store.read([])
    go_on, ended = threading.Event(), threading.Event()
    lock = store._lock

    def slowly(key: str) -> filelock.BaseFileLock | None:
        go_on.wait(10)
        try:
            return lock(key)
        finally:
            ended.set()

    monkeypatch.setattr(store, "_lock", slowly)
    claiming: asyncio.Task[Release | None] = asyncio.create_task(
        store.claim(KEY, lease_s=1)
    )
    await asyncio.sleep(0)
    claiming.cancel()
    assert await asyncio.gather(claiming, return_exceptions=True)
    assert claiming.cancelled()
    go_on.set()
    await asyncio.to_thread(ended.wait, 10)
    # The thread's result comes to the loop, which has it unlocked.
    for _ in range(1000):
        release = await FileStore(directory).claim(KEY, lease_s=1)
        if release is not None:
            return await release()
    pytest.fail("the claim was left")


def test_it_shows_where_it_is(directory: Path) -> None:
    assert repr(FileStore(directory)) == f"FileStore({str(directory)!r})"
