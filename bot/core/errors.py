"""Three ways a thing goes wrong, by what happens next. Whatever else is raised is a bug and is left alone."""


class Refused(Exception):
    """The asker can mend it: the message is said to them, word for word."""


class ToolFailed(Exception):
    """A tool ended badly: `output` is its last words, masked, shown folded under the message.

    `where` is the file and line of its first error as the tool names them, `main.tf:12`, which the message tells too.
    """

    def __init__(self, message: str, output: str = "", where: str = "") -> None:
        super().__init__(f"{message} ({where})" if where else message)
        self.output, self.where = output, where


class Transient(Exception):
    """Nobody's fault and passing: the job is tried again, after `after` seconds where the other side named a time."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class Unwelcome(Transient):
    """A forge does not take our token. Its operator can mend that; jobs wait for it, and the shell is refused."""
