"""What happens to events and users: pure functions of (value, state, now). No I/O and no clock in here."""
