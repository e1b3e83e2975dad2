"""Opening RocksDB for a partition's store: its options, and what happens when it cannot be opened or read.

A store is a cache of its changelog. So one that is damaged is thrown away and recovered, never repaired: at opening at
once, when reading by a mark that the next opening finds. One that another process holds is left alone.
"""

import logging
import shutil
from pathlib import Path
from types import TracebackType

from rocksdict import BlockBasedOptions, DBCompressionType, Options, Rdict, WriteOptions

log = logging.getLogger(__name__)

WRITE_BUFFER = 8 << 20
"""A partition holds at most three of these in memory, mostly one."""

DAMAGED = "DAMAGED"
"""Name of the file that says: destroy this store when it is opened next."""


class StoreInUseError(Exception):
    """Another process, or another handle of this one, has the store open."""


class StoreDamagedError(Exception):
    """What is on disk cannot be read. The store is marked: opened again it is empty and to be recovered."""


def options() -> Options:
    """Measured with 250,000 rows of 330 bytes, compacted: a get from mapped, uncompressed tables with 1 KB blocks takes
    2.1 µs, with 4 KB 2.4 (what is checked and pulled from memory is the block), with a block cache 3 to 4. One writer,
    so no concurrent memtable.
    """
    tables = BlockBasedOptions()
    tables.set_bloom_filter(10, False)
    tables.set_format_version(5)
    tables.set_block_size(1024)
    tables.disable_cache()
    made = Options(raw_mode=True)
    made.create_if_missing(True)
    made.set_block_based_table_factory(tables)
    made.set_compression_type(DBCompressionType.none())
    made.set_allow_mmap_reads(True)
    made.set_write_buffer_size(WRITE_BUFFER)
    made.set_memtable_whole_key_filtering(True)
    made.set_memtable_prefix_bloom_ratio(0.05)
    made.set_max_write_buffer_number(3)
    made.set_allow_concurrent_memtable_write(False)
    made.set_skip_stats_update_on_db_open(True)
    made.set_keep_log_file_num(2)
    made.set_max_log_file_size(1 << 20)
    return made


def write_options() -> WriteOptions:
    """No write-ahead log: a batch carries its changelog offset, so a crash loses rows and offset together, a tail of at
    most three write buffers (some 50,000 rows, 0.2 s to recover), and a batch costs a third less.
    """
    made = WriteOptions()
    made.disable_wal = True  # type: ignore[method-assign, assignment]  # a property that its stub calls a method
    return made


def open_or_destroy(path: Path) -> Rdict:
    """The store at `path`, made if it is not there, emptied (with a warning) if it cannot be opened or is marked.

    Raises StoreInUseError if another process or handle has it open.
    """
    if (path / DAMAGED).exists():
        log.warning("store %s is marked as damaged: destroyed, to be recovered from its changelog", path)
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Rdict(str(path), options())
    except Exception as error:  # rocksdict has no finer class
        if "lock file" in str(error) or "lock hold by" in str(error):
            raise StoreInUseError(f"{path} is open elsewhere: {error}") from error
        log.warning("store %s cannot be opened (%s): destroyed, to be recovered from its changelog", path, error)
    shutil.rmtree(path)
    return Rdict(str(path), options())


class DamageGuard:
    """`with` it around reads and writes: corruption that RocksDB reports marks the store and is a StoreDamagedError.

    Other errors pass as they are. A class, as a generator would cost more than the read in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if error is not None and str(error).startswith("Corruption"):
            (self._path / DAMAGED).touch()
            raise StoreDamagedError(f"{self._path}: {error}") from error
