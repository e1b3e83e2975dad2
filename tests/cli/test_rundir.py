"""The directories of a running system: whose state lies in them, and what is swept away."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from cli.rundir import RunDirectories


def test_state_of_another_broker_is_removed(tmp_path: Path) -> None:
    state = tmp_path / "worker-0" / "rows"
    for owner, kept in (("a shop", False), ("a shop", True), ("b shop", False), ("b other", False)):
        state.parent.mkdir(exist_ok=True)
        state.write_text("")
        with RunDirectories(str(tmp_path)) as directories:
            directories.claim_state(owner)
        assert state.exists() == kept


def test_what_a_killed_system_left_is_swept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, young = tmp_path / "shoal-up-left", tmp_path / "shoal-up-young"
    for directory in (left, young):
        directory.mkdir()
    with RunDirectories(None) as running:
        for directory in (left, running.temporary):
            os.utime(directory, (time.time() - 3600,) * 2)
        with RunDirectories(None):
            assert not left.exists()
            assert young.exists()
            assert running.temporary.exists()
    assert not running.temporary.exists()
