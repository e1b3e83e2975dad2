"""Faults in measures, `first`, `periods`, `sequence`, `for`, and in what is kept for them."""

from tests.mutants.fault import Fault

MEASURES, WINDOWED, PAIRS, MERGED = (
    "streams/measures.py",
    "streams/windowed.py",
    "streams/pairs.py",
    "streams/merged.py",
)
PERIODS, SEQUENCES, HELD = "streams/periods.py", "streams/sequences.py", "streams/held.py"
TRAITS, VISITS, FIRSTS, SERIES = (
    "streams/trait_series.py",
    "streams/visit_series.py",
    "streams/firsts.py",
    "streams/series.py",
)
LEAVES = "streams/leaves.py"

MEASURED = (
    Fault(
        "a sum over n takes n",
        MEASURES,
        '"gt": lambda number, cmp: number > cmp.value',
        '"gt": lambda number, cmp: number >= cmp.value',
    ),
    Fault(
        "a measure between leaves out its high end",
        MEASURES,
        "cmp.value <= number <= (cmp.value if",
        "cmp.value <= number < (cmp.value if",
    ),
    Fault(
        "no number is none of them",
        MEASURES,
        "return number is not None and _ACCEPTS",
        "return number is None or _ACCEPTS",
    ),
    Fault(
        "the average of none is 0", MEASURES, "merged)], count) if count else None", "merged)], count) if count else 0"
    ),
    Fault(
        "an average is of one event more",
        MEASURES,
        "*(each.total for each in merged)], count) if count",
        "*(each.total for each in merged)], count + 1) if count",
    ),
    Fault(
        "a sum is rounded at every step",
        MEASURES,
        "        return fsum(values) / count",
        "        return sum(values) / count",
    ),
    Fault("the least is the greatest", MEASURES, "return min([*values,", "return max([*values,"),
    Fault("distinct counts all", MEASURES, "return len(set(values)) +", "return len(values) +"),
    Fault(
        "a numeral is no number",
        PAIRS,
        "    number = number_of(field)\n",
        "    number = None if isinstance(field, str) else number_of(field)\n",
    ),
    Fault(
        "a longer text has the name of its beginning",
        PAIRS,
        'return "\\0" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()',
        "return text[:_LONGEST]",
    ),
    Fault(
        "a late pair is put at the end",
        PAIRS,
        "    place = bisect_right(times, time)\n    while place and times[place - 1] == time",
        "    place = len(times)\n    while place and times[place - 1] == time",
    ),
    Fault(
        "joining keeps one's values",
        PAIRS,
        "sorted([*zip(ours, profile.values.get(key, []), strict=True), *zip(times, values, strict=True)])",
        "sorted([*zip(times, values, strict=True)])",
    ),
    Fault(
        "a text came last when it came first",
        PAIRS,
        "            if times[place] >= time:",
        "            if times[place] <= time:",
    ),
    Fault(
        "a late lesser number is left out",
        PAIRS,
        "if place < len(times) and self._beats(values[place], value):",
        "if place < len(times):",
    ),
    Fault(
        "a later number always beats",
        PAIRS,
        "        while place and self._beats(value, values[place - 1]):",
        "        while place:",
    ),
    Fault(
        "a measure changes only when events leave",
        WINDOWED,
        "edges = self.span.edges(times, now)",
        "edges = self.span.edges(times[-1:], now)",
    ),
    Fault(
        "a distinct count is settled by one text fewer",
        LEAVES,
        "need = max(accepted_counts(cmp).need, SHOWN) if measure.counts else None",
        "need = max(accepted_counts(cmp).need - 1, 1) if measure.counts else None",
    ),
    Fault(
        "visits that move are kept as others are",
        LEAVES,
        'if not span.open or (did.selector.event == VISIT and kind != "count"):',
        "if not span.open:",
    ),
    Fault("the first is the first of all times", FIRSTS, "place = bisect_left(times, self.start)", "place = 0"),
    Fault(
        "the first is the last",
        SERIES,
        "places = {bisect_left(times, start) for start in self.starts}",
        "places = {len(times) - 1 for start in self.starts}",
    ),
    Fault(
        "a period holds its old end too",
        PERIODS,
        "oldest, low = now - (back + 1) * every, high - 1",
        "oldest, low = now - (back + 1) * every - 1, high - 1",
    ),
    Fault(
        "one period more is looked at",
        PERIODS,
        "oldest = now - self.periods.every * self.periods.of_last",
        "oldest = now - self.periods.every * (self.periods.of_last + 1)",
    ),
    Fault(
        "periods without events do not count",
        PERIODS,
        "return met + (self.periods.of_last - seen) * inside.meets(0, 0)",
        "return met",
    ),
    Fault(
        "more than at least so many periods",
        PERIODS,
        "self.found(profile, now) >= self.periods.at_least",
        "self.found(profile, now) > self.periods.at_least",
    ),
    Fault(
        "a period begins a millisecond late",
        PERIODS,
        "distance = (back + 1) * periods.every",
        "distance = (back + 1) * periods.every + 1",
    ),
    Fault(
        "periods change in their first round only",
        PERIODS,
        "return instant or max(inside.times[0] + reach, now + self.periods.every)",
        "return instant or NEVER",
    ),
    Fault(
        "what passes into an older period stays in its own",
        PERIODS,
        "= (place + 1, high), (older[0], place + 1)",
        "= (place, high), (older[0], place + 1)",
    ),
    Fault(
        "steps may be at the same time",
        SEQUENCES,
        "                place = bisect_left(times, first)",
        "                place = bisect_right(times, first)",
    ),
    Fault(
        "the last step is within less than so long",
        SEQUENCES,
        "if self.within is None or last - first <= self.within:\n                return first",
        "if self.within is None or last - first < self.within:\n                return first",
    ),
    Fault(
        "only the newest last step is tried",
        SEQUENCES,
        "        for last in reversed(steps[-1]):",
        "        for last in steps[-1][-1:]:",
    ),
    Fault(
        "a sequence ends when its last step leaves",
        SEQUENCES,
        "return NEVER if newest is None else newest + self.span.last",
        "return NEVER if newest is None else self._times(profile, self.steps[-1])[-1] + self.span.last",
    ),
    Fault(
        "a sequence may begin before its window",
        SEQUENCES,
        "steps.append(times[low:high] if high - low < len(times) else times)",
        "steps.append(times[:high] if high < len(times) else times)",
    ),
    Fault(
        "it has held a millisecond longer",
        HELD,
        "(now - since >= self.held.duration) is",
        "(now - since > self.held.duration) is",
    ),
    Fault("less than so long is at least so long", HELD, 'is (self.held.op == "gte")', 'is (self.held.op == "lt")'),
    Fault(
        "a break is none",
        HELD,
        "            if not holds:\n                return since",
        "            if not holds:\n                continue",
    ),
    Fault("the same again begins anew", HELD, "            since = time\n", "            since = since or time\n"),
    Fault(
        "what was never set holds since no time",
        HELD,
        "return profile.known_at if self._condition.unset and",
        "return None if self._condition.unset and",
    ),
    Fault(
        "a trait's value of before the window is forgotten",
        TRAITS,
        "first = min(bases.values(), default=0) if len(bases) == len(self.condition.names) else 0",
        "first = before",
    ),
    Fault(
        "of values set at once the first counts",
        TRAITS,
        "yield arrival * 4 + place * 2 +",
        "yield -arrival * 4 + place * 2 +",
    ),
    Fault("an older log hides the newest value", TRAITS, "in chain(newest, zip(", "in chain((), zip("),
    Fault(
        "the first visit is a returning one", VISITS, '"new" if new else "returning"', '"returning" if new else "new"'
    ),
    Fault(
        "a visit's fields are its first event's only",
        VISITS,
        "if self._head is not None and self._head(event):",
        'if self._head is not None and event.type != "page" and self._head(event):',
    ),
    Fault(
        "a visit without a page has any landing page",
        VISITS,
        "            if visit.landing is None:\n                if not all(",
        "            if visit.landing is None:\n                if any(",
    ),
    Fault(
        "a count of visits that held is not asked again",
        VISITS,
        "self.up, self.down, self.both = 0, 0, sum(self.leaves)",
        "pass",
    ),
    Fault(
        "a visit that no longer matches stays",
        VISITS,
        "            times.pop()\n",
        "            times[-1:] = times[-1:]\n",
    ),
    Fault(
        "a visit lends a value of another event",
        VISITS,
        "visit.landing if of == LANDING else visit.head",
        "visit.landing if of != LANDING else visit.head",
    ),
    Fault(
        "merged events leave with their first",
        MERGED,
        "return [each for each in buckets if span.takes_in(each.last, now)] if buckets else ()",
        "return [each for each in buckets if span.takes_in(each.first, now)] if buckets else ()",
    ),
    Fault(
        "two buckets become one of the first's number",
        MERGED,
        "number = one.number + other.number",
        "number = one.number",
    ),
    Fault(
        "joining forgets what was merged",
        MERGED,
        "sorted([*buckets_of(profile, series), *theirs], key=_by_last)",
        "sorted(theirs, key=_by_last)",
    ),
)
