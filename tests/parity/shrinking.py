"""A case that fails, made as small as it will go while it still fails: for cases that came from a seed.

Owns what may be left out of a case. Knows nothing of what fails: `fails(case)` is asked of every smaller one.
"""

from dataclasses import replace

from tests.strategies import Arrival, Case, Define

KEPT = ("type", "userId", "anonymousId", "previousId", "event", "timestamp")
"""What a call needs in order to be one."""


def smallest(case, fails, tries=4000):
    """The smallest case that was found within so many tries; `case` must fail."""
    left = [tries]

    def still(smaller):
        left[0] -= 1
        return left[0] >= 0 and fails(smaller)

    while True:
        found = next((smaller for smaller in _smaller(case) if still(smaller)), None)
        if found is None:
            return case
        case = found


def _smaller(case):
    """Cases with one thing less, those that lose most first."""
    half = len(case.steps) // 2
    if half > 4:
        yield from (_with(case, steps) for steps in (case.steps[half:], case.steps[:half]))
    for id in case.segments:
        segments = {other: rule for other, rule in case.segments.items() if other != id}
        if segments and f"{{'segment': '{id}'}}" not in str(segments):
            yield replace(case, segments=segments)
    for place, step in enumerate(case.steps):
        if not isinstance(step, Define):
            yield _with(case, case.steps[:place] + case.steps[place + 1 :])
    for id, rule in case.segments.items():
        yield from (replace(case, segments={**case.segments, id: less}) for less in _less_of_rule(rule))
    for place, step in enumerate(case.steps):
        if isinstance(step, Arrival) and isinstance(step.call, dict):
            for call in _less_of_call(step.call):
                yield _with(case, [*case.steps[:place], replace(step, call=call), *case.steps[place + 1 :]])


def _with(case, steps):
    defined = [step for step in steps if isinstance(step, Define)] or [
        Define(min((getattr(step, "at", None) or step.received for step in steps), default=0))
    ]
    return Case(case.segments, steps if any(isinstance(step, Define) for step in steps) else [*defined, *steps])


def _less_of_rule(rule):
    """A part instead of the whole, or the whole without a part; all that come out are rules."""
    for join in ("all", "any"):
        if join in rule:
            yield from rule[join]
            if len(rule[join]) > 1:
                yield from ({join: rule[join][:place] + rule[join][place + 1 :]} for place in range(len(rule[join])))
            for place, part in enumerate(rule[join]):
                for less in _less_of_rule(part):
                    yield {join: [*rule[join][:place], less, *rule[join][place + 1 :]]}
    if "not" in rule:
        yield rule["not"]
        yield from ({"not": less} for less in _less_of_rule(rule["not"]))
    yield from (
        {key: value for key, value in rule.items() if key != name}
        for name in ("window", "within", "for")
        if name in rule
    )
    if "where" in rule.get("did", {}):
        yield {**rule, "did": {"event": rule["did"]["event"]}}
    for place, step in enumerate(rule.get("sequence", [])):
        without = rule["sequence"][:place] + rule["sequence"][place + 1 :]
        if len(without) > 1:
            yield {**rule, "sequence": without}
        if "where" in step:
            plain = {"event": step["event"]}
            yield {**rule, "sequence": [*rule["sequence"][:place], plain, *rule["sequence"][place + 1 :]]}


def _less_of_call(call):
    yield from ({other: value for other, value in call.items() if other != key} for key in call if key not in KEPT)
    for key in ("properties", "traits", "context"):
        inner = call.get(key)
        if isinstance(inner, dict):
            for name in inner:
                yield {**call, key: {other: value for other, value in inner.items() if other != name}}
