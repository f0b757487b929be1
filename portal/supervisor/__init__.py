"""Starts the parts of the portal as child processes and keeps them running until told to stop.

Used by `handover up`; a company that has systemd or containers starts `handover web`, `handover
worker` and `handover beat` by those instead.
"""

from portal.supervisor.child import ChildSpec
from portal.supervisor.folder_lock import FolderLock, FolderLocked
from portal.supervisor.leftovers import end_leftovers
from portal.supervisor.loop import GaveUp, RestartPolicy, Supervisor

__all__ = [
    "ChildSpec",
    "FolderLock",
    "FolderLocked",
    "GaveUp",
    "RestartPolicy",
    "Supervisor",
    "end_leftovers",
]
