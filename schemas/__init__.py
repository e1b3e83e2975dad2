"""What things are: events, rules, segments, profiles, topics, settings. Data and its validation only."""
