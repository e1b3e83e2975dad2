"""Faults in how rules are judged: windows, counts, operators, selectors, and when time alone changes the answer."""

from tests.mutants.fault import Fault

THRESHOLDS, SERIES, RULESET, LIVE = (
    "streams/thresholds.py",
    "streams/series.py",
    "streams/ruleset.py",
    "streams/live.py",
)
SPANS, USER = "streams/spans.py", "streams/user_leaves.py"
OPERATORS, MATCHING, PATHS = "streams/operators.py", "streams/matching.py", "streams/paths.py"

RULES = (
    Fault(
        "a count's window holds its old end too",
        THRESHOLDS,
        "(bisect_right(times, now - self.last) if self.last else bisect_left(times, self.start))\n        return (self",
        "(bisect_left(times, now - self.last) if self.last else bisect_left(times, self.start))\n        return (self",
    ),
    Fault(
        "a window leaves out its new end",
        SPANS,
        "bisect_right(times, now - self.last), bisect_right(times, now - self.until)",
        "bisect_right(times, now - self.last), bisect_left(times, now - self.until)",
    ),
    Fault(
        "a fixed window leaves out its start",
        SPANS,
        "return bisect_left(times, self.start), ",
        "return bisect_right(times, self.start), ",
    ),
    Fault(
        "a count's fixed window leaves out its start",
        THRESHOLDS,
        "if self.last else bisect_left(times, self.start))\n        return (self",
        "if self.last else bisect_right(times, self.start))\n        return (self",
    ),
    Fault("a fixed window leaves out its end", SPANS, "bisect_right(times, self.end)", "bisect_left(times, self.end)"),
    Fault("more than n takes n", THRESHOLDS, "Counts(math.floor(n) + 1, EVERY)", "Counts(math.floor(n), EVERY)"),
    Fault("less than n takes n", THRESHOLDS, "Counts(0, math.ceil(n) - 1)", "Counts(0, math.ceil(n))"),
    Fault(
        "between leaves out its high end",
        THRESHOLDS,
        "Counts(math.ceil(n), math.floor(high))",
        "Counts(math.ceil(n), math.ceil(high) - 1)",
    ),
    Fault("not n is n", THRESHOLDS, "others=True", "others=False"),
    Fault(
        "one leaves a millisecond late",
        THRESHOLDS,
        "return times[oldest + leaving - 1] + self.last",
        "return times[oldest + leaving - 1] + self.last + 1",
    ),
    Fault(
        "one leaves with an event too late",
        THRESHOLDS,
        "leaving = count - low + 1",
        "leaving = count - low + 2 if count > low else 1",
    ),
    Fault(
        "one enters with an event too late",
        THRESHOLDS,
        "leaving = count - high\n",
        "leaving = count - high + (high > 0)\n",
    ),
    Fault(
        "one event too few is kept", THRESHOLDS, "else max(self.low, self.high + 1)", "else max(self.low, self.high)"
    ),
    Fault(
        "a window's new end moves nobody",
        SPANS,
        "        if not self.until:\n            return leaving",
        "        if self.until:\n            return leaving",
    ),
    Fault(
        "a window holds its old end too",
        SPANS,
        "bisect_right(times, now - self.last), bisect_right(times, now - self.until)",
        "bisect_left(times, now - self.last), bisect_right(times, now - self.until)",
    ),
    Fault(
        "the first is in a window at its old end",
        SPANS,
        "return now - self.last < time <= now - self.until",
        "return now - self.last <= time <= now - self.until",
    ),
    Fault(
        "a change is missed where two come at once",
        SPANS,
        "        before = instant\n",
        "        before = instant + 1\n",
    ),
    Fault(
        "more events make at most n true",
        THRESHOLDS,
        "-1 if self.counts.low == 0 else 0",
        "1 if self.counts.low == 0 else 0",
    ),
    Fault(
        "ever reaches back for ever",
        SPANS,
        "start = covers_from if fixed.start is None",
        "start = 0 if fixed.start is None",
    ),
    Fault(
        "seen within the last takes the old end",
        USER,
        "now - self.duration < instant <= now",
        "now - self.duration <= instant <= now",
    ),
    Fault(
        "first seen within the last is settled",
        USER,
        'return self.inside if self.group == "last_seen" else None',
        "return self.inside",
    ),
    Fault("a late event is put at the end", SERIES, "        if time >= times[-1]:", "        if time:"),
    Fault(
        "a series forgets a millisecond early",
        SERIES,
        "drop = bisect_right(times, now - self.age) if self.age else 0",
        "drop = bisect_right(times, now - self.age + 1) if self.age else 0",
    ),
    Fault(
        "a series forgets what ever needs",
        SERIES,
        "self.age = max(ages) if ages and all(ages) else 0",
        "self.age = max(ages) if ages else 0",
    ),
    Fault("a series keeps the oldest", SERIES, "            del times[:drop]", "            del times[-drop:]"),
    Fault(
        "a reference follows by half",
        LIVE,
        "                ranks |= self.set_leaf(rules.refs[slot], holds)",
        "                self.set_leaf(rules.refs[slot], holds)",
    ),
    Fault(
        "events still to come are forgotten",
        LIVE,
        "self.due = min((time for time, _, _ in profile.parked), default=NEVER)",
        "self.due = NEVER",
    ),
    Fault(
        "what time makes false is not waited for",
        LIVE,
        "(rules.falls if self.truth >> index & 1 else rules.rises) >> index & 1",
        "(0 if self.truth >> index & 1 else rules.rises) >> index & 1",
    ),
    Fault(
        "nobody is kept waiting for a new count", LIVE, "            if leaf.last:\n", "            if leaf.until:\n"
    ),
    Fault(
        "all is any",
        RULESET,
        '(" and " if isinstance(rule, All) else " or ")',
        '(" or " if isinstance(rule, All) else " or ")',
    ),
    Fault(
        "not is left out",
        RULESET,
        'return f"(not {self._code(compiler, spec, rule.rule)})"',
        'return f"({self._code(compiler, spec, rule.rule)})"',
    ),
    Fault("new users begin with nothing true", RULESET, "if leaf.holds(nobody, 0, 0))", "if i < 0)"),
    Fault(
        "a fill does not ask for visits",
        "streams/brought.py",
        "if self.visit_series or self.match(event):",
        "if self.match(event):",
    ),
    Fault(
        "judging anew forgets which events lend fields",
        "streams/keeping.py",
        "if keeps(key.rstrip(MARKS))}\n    if profile.values:",
        "if keeps(key)}\n    if profile.values:",
    ),
    Fault(
        "a complement is false for what is missing",
        OPERATORS,
        "return (found is not None and holds(found, against)) is wanted",
        "return found is not None and holds(found, against) is wanted",
    ),
    Fault(
        "a selector's complement is false for what is missing",
        OPERATORS,
        "        return not self.wanted",
        "        return False",
    ),
    Fault(
        "a future date begins to be recent unseen",
        OPERATORS,
        "for candidate in (instant, instant + value):",
        "for candidate in (instant + value,):",
    ),
    Fault(
        "a recent date grows old a millisecond late",
        OPERATORS,
        "for candidate in (instant, instant + value):",
        "for candidate in (instant, instant + value + 1):",
    ),
    Fault(
        "dates ahead are recent",
        OPERATORS,
        "return None if instant is None else at - instant",
        "return None if instant is None else abs(at - instant)",
    ),
    Fault(
        "a selector's last filter is not asked",
        MATCHING,
        "return event_test(rest) if rest else None",
        "return event_test(rest[1:]) if rest[1:] else None",
    ),
    Fault(
        "one of a selector's filters is enough",
        MATCHING,
        "return lambda event: all(test(read(event), event.time)",
        "return lambda event: any(test(read(event), event.time)",
    ),
    Fault(
        "star leaves out page calls",
        MATCHING,
        'self._pages = _plan(named.get("$page", []) + every)',
        'self._pages = _plan(named.get("$page", []))',
    ),
    Fault(
        "star takes in identifies",
        MATCHING,
        'self._identifies = _plan(named.get("$identify", []))',
        'self._identifies = _plan(named.get("$identify", []) + every)',
    ),
    Fault(
        "a complement is not asked of what is missing",
        MATCHING,
        "in complements if seen is None else hits(seen):",
        "in () if seen is None else hits(seen):",
    ),
    Fault(
        "a dotted path is one word",
        PATHS,
        '        first, dot, path = path.partition(".")',
        '        first, dot, path = path.partition("/")',
    ),
)
