"""The three kinds of error, told apart by what can be done about them.

Rejected: the sender's fault, told or dead-lettered with its reason, never tried again. Unavailable: come again later.
Anything else is a bug: it crashes the process, which is started again. StartError and EndedError are for whoever runs
the system.
"""


class Rejected(Exception):
    """What was sent cannot be taken. `code` is for programs (`bad_id`), `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Unavailable(Exception):
    """The broker or the store is away or too slow just now; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class EndedError(Exception):
    """Why a process that ran has to end though nothing in it is broken, as one line: no stack trace, exit status 1.

    Whoever supervises it starts it again.
    """


class StartError(Exception):
    """Why a command cannot run, as one line for the person who typed it: no stack trace, exit status 1."""
