"""Files' bytes: received in a stream, named at random, typed by what they are, served by signed link.

What a sender claims (name, type) is never believed. The rows about files are `crm_core.files`.
"""

from __future__ import annotations

from hub.machinery.media.kinds import may_show, served_as
from hub.machinery.media.links import Links
from hub.machinery.media.store import FileStore, StoredFile

__all__ = ["FileStore", "Links", "StoredFile", "may_show", "served_as"]
