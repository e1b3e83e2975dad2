"""Faults in what becomes of a call on its way: time, consent, duplicates, fences, fills, what is shared and written."""

from tests.mutants.fault import Fault

APPLY, FENCES, SHARD, DESK = "streams/apply.py", "streams/fences.py", "streams/shard.py", "streams/desk.py"
SHARING, COMPILED = "streams/sharing.py", "streams/compiled.py"
TIME, CALLS, IDS, URL = (
    "streams/normalise_time.py",
    "streams/normalise.py",
    "streams/normalise_ids.py",
    "streams/enrich_url.py",
)

FLOW = (
    Fault(
        "a sender's clock is corrected the wrong way", TIME, "time += received - sent_at", "time -= received - sent_at"
    ),
    Fault(
        "an event just an hour ahead is not believed",
        TIME,
        "<= received + MAX_AHEAD else received",
        "< received + MAX_AHEAD else received",
    ),
    Fault(
        "the batch's clock goes before the event's own",
        TIME,
        "batch_sent_at if own is None else own",
        "own if batch_sent_at is None else batch_sent_at",
    ),
    Fault(
        "who did not answer does not consent", CALLS, '.get("analytics") is False', '.get("analytics") in (False, None)'
    ),
    Fault(
        "all of $ is reserved",
        CALLS,
        'if name.startswith("$") and name not in _SENT_NAMES:',
        'if name.startswith("$"):',
    ),
    Fault(
        "clicks go to where events go",
        CALLS,
        'Topic.CLICKS if event.name == "$click" else Topic.EVENTS',
        "Topic.EVENTS",
    ),
    Fault(
        "an event is the anonymousId's",
        IDS,
        'return self.user or self.anonymous or ""',
        'return self.anonymous or self.user or ""',
    ),
    Fault("a call with both ids joins nothing", IDS, "owner = None if anonymous == user else user", "owner = None"),
    Fault("the last of equal parameters counts", URL, "query.setdefault(name, value)", "query[name] = value"),
    Fault("an event of the future counts at once", APPLY, "        if time > now:", "        if time > now + HOUR:"),
    Fault(
        "one as old as the retention is in no window",
        APPLY,
        "            if time >= event.received - live",
        "            if time > event.received - live",
    ),
    Fault(
        "one older than the retention counts",
        APPLY,
        "            if time >= event.received - live.rules.limits.retention:",
        "            if True:",
    ),
    Fault("a click is another event", APPLY, '1 if event.name == "$click" else 2', "2"),
    Fault(
        "a fill puts in what other fills have",
        "streams/ruleset.py",
        "self.by_key.values() if series.fill == fill)",
        "self.by_key.values() if series.fill <= fill)",
    ),
    Fault(
        "an event of before a fill is put in twice",
        APPLY,
        "        if series.fill <= each.fill:\n            series.insert(profile",
        "        if True:\n            series.insert(profile",
    ),
    Fault("what falls is not asked", APPLY, "(series.down & live.truth) | series.both", "series.both"),
    Fault("a fence is off by one", FENCES, "        if offset >= before[topic]:", "        if offset > before[topic]:"),
    Fault("what is read again counts again", FENCES, "before = tuple(fences)", "before = (0,) * len(fences)"),
    Fault("a fill's fence is off by one", FENCES, "    if offset < fences[topic]:", "    if offset <= fences[topic]:"),
    Fault("a fill takes in duplicates", FENCES, "return dups is None or offset not in dups[topic]", "return True"),
    Fault(
        "an older fill takes a newer one's place",
        FENCES,
        "        if profile.filled[0] > fill:\n            return False\n",
        "",
    ),
    Fault(
        "duplicates by id are counted",
        FENCES,
        "            del dups[:-limit]\n            continue",
        "            del dups[:-limit]",
    ),
    Fault("message ids are forgotten within the day", FENCES, "KEPT_HOURS = 25", "KEPT_HOURS = 20"),
    Fault(
        "the last of equal messages wins", SHARD, "run.sort(key=by_arrival)", "run.sort(key=by_arrival, reverse=True)"
    ),
    Fault(
        "the first event after a cut is left out",
        SHARD,
        "fill if record.offset >= cut else fill - 1",
        "fill if record.offset > cut else fill - 1",
    ),
    Fault("a fill reads past its cut", SHARD, "if record.offset >= cut or not", "if record.offset > cut or not"),
    Fault(
        "a redirect keeps its profile for itself",
        SHARD,
        "        identity.resend(desk, sent, row)\n        for each in run:",
        "        for each in run:",
    ),
    Fault("a fill's way over redirects is no fill's", SHARD, "row, kept, replay=True)", "row, kept)"),
    Fault(
        "a fill does not look at events that set traits",
        "streams/brought.py",
        "needles.append(b'\"traits\"')",
        "needles.append(b'\"trait\"')",
    ),
    Fault("an id that came as a userId first is none", DESK, "identified=flags.user >= 0", "identified=flags.user > 0"),
    Fault(
        "a row is not brought to the very instant",
        DESK,
        "        if live.due <= self.now:\n",
        "        if live.due < self.now:\n",
    ),
    Fault(
        "judging anew forgets an earlier due instant",
        DESK,
        "moved = (live.mask, truth) != before or live.due < due_of(value)",
        "moved = (live.mask, truth) != before",
    ),
    Fault(
        "a row that others wrote since is used again",
        "streams/recent.py",
        "if found is None or found[0] != value or found[1].rules is not rules:",
        "if found is None:",
    ),
    Fault("a user that moves leaves its sums behind", DESK, "[-count for count in counts]", "[0 for count in counts]"),
    Fault("a longer window shares what a shorter one keeps", SHARING, "0 < other.age <= self.age", "0 < other.age"),
    Fault(
        "a higher count shares what a lower one keeps",
        SHARING,
        "by_number = other.cap <= self.cap and other.merges <= self.merges",
        "by_number = True",
    ),
    Fault("a first shares what is kept from another start", SHARING, " and other.starts <= self.starts and", " and"),
    Fault(
        "a later start shares with an earlier one",
        SHARING,
        "other.covers_from >= self.covers_from",
        "other.covers_from <= self.covers_from",
    ),
    Fault(
        "what waits for its fill is looked at",
        COMPILED,
        "version.static or 0 < version.fill == latest",
        "version.static or version.fill <= latest",
    ),
)
