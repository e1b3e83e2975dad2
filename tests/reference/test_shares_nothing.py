"""The reference is worth something only while it shares no code with what is compared with it."""

import ast
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FOLDERS = ("reference", "strategies")
MAY_IMPORT = {"hypothesis", "pytest", "re2", "tests"}
MAY_IMPORT_OF_TESTS = ("tests.reference", "tests.strategies")

FILES = [path for folder in FOLDERS for path in sorted((TESTS / folder).glob("**/*.py"))]


def imported(path):
    """The dotted names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_imports_nothing_of_the_engine(path):
    for name in imported(path):
        top = name.partition(".")[0]
        assert top in MAY_IMPORT or top in sys.stdlib_module_names
        assert top != "tests" or name.startswith(MAY_IMPORT_OF_TESTS)
        assert top != "importlib"


def test_all_files_are_read():
    assert {"world.py", "rules.py", "cases.py"} <= {path.name for path in FILES}
    assert "re2" in set(imported(TESTS / "reference" / "operators.py"))
