"""A newcomer's walk: the README's curl lines, exactly as printed, give the answers printed below them.

`…` in a printed answer stands for what differs from run to run. Curl is led to the test's system by its own
configuration file, so that the lines stay as they are.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.rule_parser import parse_rule
from schemas.times import DAY
from streams.sentences import sentence
from tests.deploy.files import ROOT
from tests.support.system import SHOAL, RunningSystem, running_system

PRINTED = "127.0.0.1:8080"
PATIENCE = 15.0
"""Seconds that a question is repeated for: a segment is being filled in, an event on its way."""


def steps() -> list[tuple[str, str]]:
    """(command, printed answer) of all console blocks, in order."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = step.rstrip("\n").split("\n")
            end = next(i for i in range(1, len(lines) + 1) if complete("\n".join(lines[:i])))
            found.append(("\n".join(lines[:end]), "".join(lines[end:])))
    return found


def complete(command: str) -> bool:
    return subprocess.run(["bash", "-n", "-c", command], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """With the demo's segments and some of its people, as a newcomer has it after `make demo`."""
    with running_system(tmp_path_factory.mktemp("readme")) as running:
        people = ["--rate", "5", "--users", "50", "--history", "5m", "--duration", "0s"]
        subprocess.run([SHOAL, "simulate", "--url", running.url, *people], check=True, capture_output=True)
        yield running


def test_the_walk(system: RunningSystem, tmp_path: Path) -> None:
    (tmp_path / ".curlrc").write_text(f'connect-to = "{PRINTED}:127.0.0.1:{system.settings.port}"\n')
    assert len(steps()) >= 6
    for command, printed in steps():
        assert PRINTED in command
        follow(command, printed, tmp_path)


def test_the_sentence_is_that_of_the_rule() -> None:
    body = next(command for command, _ in steps() if "/v1/segments -d" in command).split("'")[3]
    quoted = re.findall(r"^> (.*)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    rule = parse_rule(json.loads(body)["rule"], retention=800 * DAY, exists=lambda _: False)
    assert " ".join(quoted) == sentence(rule)


def test_files_that_it_names_are_there() -> None:
    for name in re.findall(r"\]\((docs/[a-z/.]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / name).exists(), name


def follow(command: str, printed: str, home: Path) -> None:
    """A question is asked again until it is answered as printed; what is posted, once."""
    wanted = re.compile(".*".join(re.escape(part) for part in printed.split("…")), re.DOTALL)
    until = time.monotonic() + (0.0 if " -d " in command else PATIENCE)
    while wanted.fullmatch(answer := run(command, home)) is None:
        assert time.monotonic() < until, f"$ {command}\n{answer}\ninstead of\n{printed}"
        time.sleep(0.2)


def run(command: str, home: Path) -> str:
    environment = os.environ | {"HOME": str(home), "CURL_HOME": str(home)}
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, f"$ {command}\n{done.stderr}"
    return done.stdout.rstrip("\n")
