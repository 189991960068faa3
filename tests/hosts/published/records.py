"""Where sandboxes write down what the bot asked of them, for `fixture.py` to compare with what GitHub publishes."""

import atexit
import itertools
import shutil
import tempfile
from pathlib import Path

RECORDS = Path(tempfile.mkdtemp(prefix="gitops-bot-records-"))
atexit.register(shutil.rmtree, RECORDS, ignore_errors=True)

_NUMBERS = itertools.count(1)


def new_record() -> Path:
    """A file for one sandbox."""
    return RECORDS / f"{next(_NUMBERS)}.jsonl"
