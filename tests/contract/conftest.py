"""One running system for the whole folder, and somebody who only has its address."""

from collections.abc import Iterator

import pytest

from tests.contract.outsider import Outsider
from tests.support.system import running_system


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one test process, so that one system does for all of them."""
    for item in items:
        if "tests/contract/" in item.path.as_posix():
            item.add_marker(pytest.mark.xdist_group("contract"))


@pytest.fixture(scope="session")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outsider]:
    with running_system(tmp_path_factory.mktemp("contract")) as system:
        yield Outsider(system.url)
