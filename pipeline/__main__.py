"""The command `tollbook`: calls the verbs, turns errors into one clear line and an exit code."""

from __future__ import annotations

import errno
import gc
import os
import sys
from pathlib import Path
from typing import NoReturn

from pipeline.errors import TollbookError


def main() -> None:
    """Run the command line. Exit codes: see `tollbook --help`."""
    # imports make objects that stay: looking through them for garbage took a tenth of a short run
    gc.set_threshold(50_000, 20, 20)
    from pipeline.cli import app  # noqa: PLC0415  imported here so that its errors are ours, too

    # a statement may begin with an SQL comment, which is not an option
    words = [f" {word}" if word[:3] in {"-- ", "--\n"} else word for word in sys.argv[1:]]
    try:
        app(words, prog_name="tollbook")
    except TollbookError as error:
        _fail(error)
    except PermissionError as error:
        from pipeline.storage.permissions import may_not_use  # noqa: PLC0415  as above

        _fail(may_not_use(Path(error.filename or ".")))
    except KeyboardInterrupt:
        print("tollbook: interrupted; the next run carries on", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"tollbook: the output cannot be written: {error.strerror}.", file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _fail(error: TollbookError) -> NoReturn:
    from pipeline.cli.context import fail  # noqa: PLC0415  as above

    fail(error)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
