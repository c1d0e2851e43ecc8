"""`hub doctor`."""

from __future__ import annotations

import sys

import uvloop

from hub import doctor as doctors
from hub.commands.database import with_database
from hub.commands.settings import configured


def doctor(*, new_epoch: bool = False) -> None:
    """Check the set-up and say in words what is wrong and what to do.

    Parameters
    ----------
    new_epoch
        After a restore from a backup: have every console start afresh.
    """
    settings = configured()
    if new_epoch:
        uvloop.run(with_database(settings, lambda db: db.write(doctors.begin_epoch)))
        print("Every console will start afresh when it comes back.")
    findings = uvloop.run(doctors.examine(settings))
    for finding in findings:
        print(finding)
    sys.exit(1 if any(f.is_wrong for f in findings) else 0)
