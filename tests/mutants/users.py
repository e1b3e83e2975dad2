"""Faults in what is known of a user: facts, visits, the joining of two histories, which ids are one user."""

from tests.mutants.fault import Fault

FACTS, VISITS, TIMELINE = "streams/facts.py", "streams/visits.py", "streams/timeline.py"
MERGE, IDENTITY = "streams/merge.py", "streams/identity.py"

USERS = (
    Fault(
        "of traits set at the same time the earlier arrival wins",
        FACTS,
        "if known is None or (time, arrival) >= (known[1], known[2]):",
        "if known is None or time > known[1]:",
    ),
    Fault(
        "a trait's latest arrival wins, whatever its time",
        FACTS,
        "if known is None or (time, arrival) >= (known[1], known[2]):",
        "if known is None or arrival >= known[2]:",
    ),
    Fault(
        "a trait of null unsets it",
        FACTS,
        "        if value is None:\n            continue",
        "        if value is ...:\n            continue",
    ),
    Fault("first_seen is the first arrival", FACTS, "or time < profile.first_seen:", "or time > profile.first_seen:"),
    Fault("a late event is the last seen", FACTS, "or time > profile.last_seen:", "or time != profile.last_seen:"),
    Fault("a group call is a sighting", FACTS, "if event.type in NO_SIGHTINGS:", 'if event.type == "upload":'),
    Fault("an upload is a sighting", FACTS, "if event.type in NO_SIGHTINGS:", 'if event.type == "group":'),
    Fault("a campaign needs no source", FACTS, 'if campaign.get("source"):', "if campaign:"),
    Fault(
        "the first campaign is the last",
        FACTS,
        "(time, arrival) < (first[1], first[2])",
        "(time, arrival) > (first[1], first[2])",
    ),
    Fault(
        "the last campaign is the last to arrive", FACTS, "(time, arrival) > (last[1], last[2])", "arrival > last[2]"
    ),
    Fault(
        "a later referrer is the first one", FACTS, "(time, arrival) < (referrer[1], referrer[2])", "time > referrer[1]"
    ),
    Fault(
        "a referrer of the same host counts",
        FACTS,
        "event.referrer_host and event.referrer_host != event.host:",
        "event.referrer_host:",
    ),
    Fault("a late event's device wins", FACTS, "if value and (not known or order > stamps[name]):", "if value:"),
    Fault("seconds without their fraction", FACTS, "else duration / 1000", "else duration // 1000"),
    Fault(
        "a visit goes on after exactly the gap",
        TIMELINE,
        "return time - last_end >= gap or",
        "return time - last_end > gap or",
    ),
    Fault(
        "a direct page call begins a visit",
        TIMELINE,
        "kind != OTHER and source != DIRECT and last_source",
        "kind != OTHER and last_source",
    ),
    Fault("another source begins no visit", TIMELINE, "last_source not in (-1, source))", "last_source == source)"),
    Fault(
        "a screen call is a visit's landing",
        TIMELINE,
        "if kind == PAGE and visit.landing is None:",
        "if visit.landing is None:",
    ),
    Fault("a visit has the fields of its last page", TIMELINE, "    if not visit.pages:\n", "    if True:\n"),
    Fault(
        "a late event is derived without the visit's first",
        TIMELINE,
        "while begin > 0 and (begin == place",
        "while begin > 1 and (begin == place",
    ),
    Fault(
        "joined timelines are ordered by time alone",
        TIMELINE,
        "key=lambda entry: (entry[0], entry[2])",
        "key=lambda entry: entry[0]",
    ),
    Fault(
        "a late page call inside a visit never changes its fields",
        VISITS,
        "return order > (last.head_at, last.head) and order > (last.landing_at, last.landing)",
        "return True",
    ),
    Fault("a late event before a visit lies in it", VISITS, "    if time <= last.start:\n        return False\n", ""),
    Fault("time on site forgets what it was", VISITS, "_duration(after) - _duration(before)", "_duration(after)"),
    Fault(
        "one's own host is a source", VISITS, 'return host if host and host != event.host else ""', 'return host or ""'
    ),
    Fault(
        "a campaign's medium tells no sources apart",
        VISITS,
        """return f"{source} / {event.campaign.get('medium', '')}\"""",
        "return source",
    ),
    Fault(
        "a visit's hour is counted anew with each late event",
        VISITS,
        "if change := now[hour] - was[hour]:",
        "if change := now[hour]:",
    ),
    Fault(
        "joining keeps the older trait",
        MERGE,
        "(stamped[1], stamped[2]) > (known[1], known[2])",
        "(stamped[1], stamped[2]) < (known[1], known[2])",
    ),
    Fault(
        "joining keeps the later first_seen",
        MERGE,
        "profile.first_seen = min(seen, default=None)",
        "profile.first_seen = max(seen, default=None)",
    ),
    Fault(
        "joining keeps the first campaign as the last",
        MERGE,
        "profile.last_campaign = max(",
        "profile.last_campaign = min(",
    ),
    Fault("joining forgets what one of both did", "streams/pairs.py", "list(merge_sorted(ours, times))", "list(times)"),
    Fault("one that shares shares for both", MERGE, "profile.share and other.share", "profile.share or other.share"),
    Fault(
        "joining forgets one's message ids",
        MERGE,
        "profile.messages.update(other.messages)",
        "profile.messages = other.messages",
    ),
    Fault(
        "joining forgets what was read for one",
        MERGE,
        "profile.fences.update(other.fences)",
        "profile.fences = other.fences",
    ),
    Fault("joined users are not judged anew", MERGE, "live.rejudge(now)", "live.look_ahead(now)"),
    Fault(
        "joining takes one source for another",
        MERGE,
        "recode.append(profile.sources.index(source) + 1)",
        "recode.append(profile.sources.index(source))",
    ),
    Fault(
        "joining forgets events still to come", MERGE, "profile.parked += other.parked", "profile.parked = other.parked"
    ),
    Fault("joining counts an hour once", MERGE, "if what != visits.VISITS:", "if what == visits.VISITS:"),
    Fault(
        "a userId joins another", IDENTITY, "record.owner != record.id and not was_user:", "record.owner != record.id:"
    ),
    Fault("an alias joins two that only came as userIds", IDENTITY, "        elif was_anonymous:", "        else:"),
    Fault("an anonymousId joins a second userId", IDENTITY, "first = not 0 <= flags.joined < offset", "first = True"),
    Fault(
        "the first alias names the user",
        "streams/live.py",
        'if (at, name) <= (profile.name_at, profile.name or ""):',
        "if profile.name:",
    ),
    Fault(
        "a user moves where others may move in",
        IDENTITY,
        "if isinstance(row, Live) and not row.profile.offered:",
        "if isinstance(row, Live):",
    ),
    Fault(
        "a profile that comes twice is joined twice",
        IDENTITY,
        "if transfer.sent not in live.profile.ids:",
        "if transfer.sent:",
    ),
    Fault(
        "what comes under a joined id overtakes its profile",
        IDENTITY,
        "if row.pending is not None and id not in desk.outcome.settled:",
        "if row.pending is None:",
    ),
    Fault(
        "an alias does not tell user_id",
        IDENTITY,
        "    if live.rename(name, at):\n        live.ask_group",
        "    if not live.rename(name, at):\n        live.ask_group",
    ),
)
