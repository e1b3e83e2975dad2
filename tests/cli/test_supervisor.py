"""Restarts with a growing pause, tried on small children that die when they are told to."""

import sys
import time
from collections.abc import Iterator

import pytest

from cli import supervisor as module
from cli.ports import wait_until
from cli.supervisor import PAUSES, Child, Supervisor
from schemas.errors import StartError

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
DIES = (sys.executable, "-c", "raise SystemExit(7)")


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor()
    yield made
    made.shut_down()


def kept(supervisor: Supervisor) -> module._Kept:
    return supervisor._kept[0]


def dies(supervisor: Supervisor) -> None:
    """Its child is killed, and the death is noticed."""
    process = kept(supervisor).process
    assert process is not None
    process.kill()
    process.wait()
    supervisor.check()


def starts_again(supervisor: Supervisor) -> None:
    kept(supervisor).again_at = 0.0
    supervisor.check()
    assert kept(supervisor).process is not None


def test_the_pause_grows_and_stays_under_five_seconds(
    supervisor: Supervisor, capfd: pytest.CaptureFixture[str]
) -> None:
    supervisor.start(Child(name="child", command=SLEEPS))
    pauses = []
    for _ in range(len(PAUSES) + 2):
        dies(supervisor)
        pauses.append(round(kept(supervisor).again_at - time.monotonic(), 1))
        starts_again(supervisor)
    assert pauses == [0.2, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    told = capfd.readouterr().err.splitlines()
    assert told[0] == "shoal: child ended (killed by signal 9); it is started again in 0.2 s"


def test_a_healthy_while_resets_the_pause(supervisor: Supervisor) -> None:
    supervisor.start(Child(name="child", command=SLEEPS))
    for _ in range(3):
        dies(supervisor)
        starts_again(supervisor)
    kept(supervisor).started -= module.HEALTHY + 1.0
    dies(supervisor)
    assert kept(supervisor).deaths == 1


def test_check_says_when_it_wants_to_be_called(supervisor: Supervisor) -> None:
    supervisor.start(Child(name="child", command=SLEEPS))
    assert supervisor.check() == 1.0
    dies(supervisor)
    assert 0.0 < supervisor.check() <= 0.2


def test_the_death_of_one_that_cannot_be_replaced(supervisor: Supervisor) -> None:
    supervisor.start(Child(name="child", command=DIES, if_lost="All is lost"))
    process = kept(supervisor).process
    assert process is not None
    process.wait()
    with pytest.raises(StartError, match=r"child ended \(exit status 7\)\. All is lost"):
        supervisor.check()


def test_giving_up(supervisor: Supervisor) -> None:
    supervisor.give_up_after = 2
    supervisor.start(Child(name="child", command=DIES))

    def gives_up() -> bool:
        try:
            supervisor.check()
        except StartError as error:
            return "2 times before" in str(error)
        return False

    assert wait_until(gives_up, 5.0)


def test_front_ends_before_backing(supervisor: Supervisor, tmp_path) -> None:
    """The broker hears of the end only when the worker, which still writes, is gone."""
    order = tmp_path / "order"
    script = """
import signal, sys, time
def end(*_):
    time.sleep(float(sys.argv[2]))
    with open(sys.argv[3], "a") as order:
        order.write(sys.argv[1] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, end)
open(sys.argv[3] + sys.argv[1], "w").close()
time.sleep(60)
"""
    for name, pause, backing in (("broker", "0", True), ("worker", "0.5", False)):
        command = (sys.executable, "-c", script, name, pause, str(order))
        supervisor.start(Child(name=name, command=command, backing=backing))
        assert wait_until((tmp_path / f"order{name}").exists, 10.0)
    supervisor.shut_down()
    assert order.read_text().split() == ["worker", "broker"]


def test_what_a_child_started_dies_with_it(supervisor: Supervisor, tmp_path) -> None:
    from tests.support.system import alive

    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open(sys.argv[1] + '.tmp', 'w').write(str(child.pid))\n"
        "import os; os.rename(sys.argv[1] + '.tmp', sys.argv[1])\n"
        "time.sleep(60)\n"
    )
    told = tmp_path / "pid"
    supervisor.start(Child(name="child", command=(sys.executable, "-c", script, str(told))))
    assert wait_until(told.exists, 10.0)
    dies(supervisor)
    assert wait_until(lambda: not alive(int(told.read_text())), 2.0)
