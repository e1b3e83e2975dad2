"""When will the answer change by time alone? By brute force: judge at every instant at which anything could happen."""

from tests.reference.times import duration, instant

_LENGTHS = ("last", "until", "within", "gte", "lt", "value")


def next_change(world, rule, id, now, made, segments):
    answer = world.member(rule, id, now, made=made, segments=segments)
    for moment in candidates(world, rule, id, segments):
        if moment > now and world.member(rule, id, moment, made=made, segments=segments) != answer:
            return moment
    return None


def candidates(world, rule, id, segments):
    """Every time that is written anywhere, plus every length that is, each a millisecond around, in order."""
    times = set()
    for record in world.history(id):
        times.add(record.time)
        times |= set(_instants(record.traits))
    lengths = {0} | {length for asked in _asked(rule, segments) for length in _lengths(asked)}
    return sorted({time + length + around for time in times for length in lengths for around in (-1, 0, 1)})


def _asked(rule, segments):
    """The rule and those of all segments that it refers to, through others too."""
    asked, ahead = [], [rule]
    while ahead:
        node = ahead.pop()
        asked.append(node)
        ahead += [segments[id] for id in _references(node) if segments[id] not in asked]
    return asked


def _references(node):
    if isinstance(node, list):
        return {id for part in node for id in _references(part)}
    if not isinstance(node, dict):
        return set()
    return {node["segment"]} if "segment" in node else {id for part in node.values() for id in _references(part)}


def _instants(value):
    """Every date in a value, however deep."""
    if isinstance(value, str):
        return [] if instant(value) is None else [instant(value)]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [time for part in parts for time in _instants(part)]


def _lengths(node):
    """Every duration in a rule; of `periods`, where each of them begins."""
    if isinstance(node, list):
        return [length for part in node for length in _lengths(part)]
    if not isinstance(node, dict):
        return []
    lengths = [length for part in node.values() for length in _lengths(part)]
    if "every" in node:
        lengths += [duration(node["every"]) * back for back in range(node["of_last"] + 1)]
    return lengths + [duration(node[key]) for key in _LENGTHS if is_duration(node.get(key))]


def is_duration(value):
    return isinstance(value, str) and value[-1:] in set("smhdw") and value[:-1].isdecimal()
