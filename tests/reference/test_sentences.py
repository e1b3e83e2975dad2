"""The table of README.md: every sentence of the contract's section 5 has a test, which is there."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
ROWS = re.findall(r"^\| (.+) \| `(\S+\.py)::(test_\w+)` \|$", (HERE / "README.md").read_text(), re.MULTILINE)


def test_each_sentence_has_a_test():
    assert len(ROWS) > 50
    for sentence, file, name in ROWS:
        tests = {node.name for node in ast.parse((HERE / file).read_text()).body if isinstance(node, ast.FunctionDef)}
        assert name in tests, sentence


def test_each_test_is_one_sentences_own():
    own = [(file, name) for _, file, name in ROWS]
    assert len(set(own)) == len(own)
