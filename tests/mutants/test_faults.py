"""The faults fit the tree as it is, and the run of them can tell caught from survived."""

import ast
from pathlib import Path

import pytest

from tests.mutants.fault import Fault, StaleError
from tests.mutants.faults import FAULTS
from tests.mutants.run import TREE, copies, run, suites

PAST = Fault("time runs backwards", "streams/normalise_time.py", "time += received", "time -= received")
HARMLESS = Fault("nothing", "streams/normalise_time.py", "The first instant", "the first instant")


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.why for fault in FAULTS])
def test_it_fits(fault):
    """Its line is there exactly once, and with it the file is still a program, another one than before."""
    wrong = fault.applied(TREE)
    assert ast.dump(ast.parse(wrong)) != ast.dump(ast.parse((TREE / fault.file).read_text()))


def test_each_is_one_of_its_own():
    assert len(FAULTS) > 150
    assert (
        len({fault.why for fault in FAULTS})
        == len({(fault.file, fault.old, fault.new) for fault in FAULTS})
        == len(FAULTS)
    )


def test_one_that_does_not_fit_says_so(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n")
    for old in ("x = 1", "y = 1"):
        with pytest.raises(StaleError, match="why it is wrong"):
            Fault("why it is wrong", "a.py", old, "x = 2").applied(tmp_path)


def test_what_the_quickest_look_does_not_find_the_suites_may():
    with copies(1) as free:
        copy = free.get()
        (copy / PAST.file).write_text(PAST.applied(copy))
        assert "test_normalise_time.py::" in suites(copy, ["tests/streams/test_normalise_time.py"])


def test_caught_and_survived(capsys, monkeypatch):
    """On the tests of one file; the tree itself stays as it is."""
    monkeypatch.setenv("PROBE_SEEDS", "5")
    before = Path(TREE / PAST.file).read_text()
    caught, survived = run([PAST, HARMLESS], 1, ["tests/streams/test_normalise_time.py"])
    assert caught.by.startswith("scenario “")
    assert survived.by is None
    assert "time runs backwards" in capsys.readouterr().out
    assert Path(TREE / PAST.file).read_text() == before
