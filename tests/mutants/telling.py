"""Faults in what is told of rules and users: sentences, explanations, and when time changes an answer."""

from tests.mutants.fault import Fault

FORESIGHT, EXPLAINING, FINDINGS = "streams/foresight.py", "streams/explaining.py", "streams/findings.py"
SENTENCES, WORDS = "streams/sentences.py", "streams/words.py"

TELLING = (
    Fault(
        "an event that waits for its time is passed over",
        FORESIGHT,
        "        live.due = parked\n",
        "        live.due = NEVER\n",
    ),
    Fault("only the first change of a condition is seen", FORESIGHT, "heappush(self._agenda,", "id("),
    Fault("the last change is told, not the first", FORESIGHT, "self._waiting ^= changed", "self._waiting |= changed"),
    Fault("segments are not judged on the way", FORESIGHT, "        live.judge(ranks, at)\n", ""),
    Fault("a row is explained as it was written", EXPLAINING, "        advance(live, now)\n", ""),
    Fault("bits that another rule set left are believed", EXPLAINING, "        profile.ruleset = 0\n", ""),
    Fault("what is exact is called approximate", EXPLAINING, "not leaf.exact(", "leaf.exact("),
    Fault("what others refer to is not looked at", EXPLAINING, "ahead += sorted(references(spec.rule))", "pass"),
    Fault("what is missing is one too many", FINDINGS, "words.number(low - found)", "words.number(low - found + 1)"),
    Fault("brackets are left out", SENTENCES, 'return f"({said(rule)})" if', 'return f"{said(rule)}" if'),
    Fault(
        "a joint of one rule hides the joint in it",
        SENTENCES,
        "if isinstance(_bare(rule), All | Any)",
        "if isinstance(rule, All | Any)",
    ),
    Fault("two negations are one", SENTENCES, "            rule = opposite.rule\n", "            rule = opposite\n"),
    Fault("a window is told without its near end", WORDS, "    if over.until:\n", "    if over.until < 0:\n"),
    Fault(
        "a text is told without its quotation marks",
        WORDS,
        "return json.dumps(short, ensure_ascii=False)",
        "return short",
    ),
)
