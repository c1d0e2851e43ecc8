"""Whether the host page really vouches for a person. Pure."""

from __future__ import annotations

import hashlib
import hmac

from channels.webchat.protocol import User
from crm_core.words.addresses import EXTERNAL, Address
from crm_core.words.clock import SECOND, Moment
from crm_core.words.text import one_line


def proven(user: User | None, secret: str, *, scope: str, now: Moment) -> Address | None:
    """The identity a host page proves, or none: no secret, no or a wrong hash, expired, an unusual id.

    The hash is compared in constant time. An id of more than one line is refused, since the line feed parts the
    id from its expiry in what is signed. `scope` is the account: the same id on another site is somebody else.
    """
    if user is None or not secret or not user.id or one_line(user.id, most=200) != user.id:
        return None
    signed = user.id if user.expires is None else f"{user.id}\n{user.expires}"
    right = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), user.hash.encode("utf-8", "replace")):
        return None
    if user.expires is not None and user.expires * SECOND <= now:
        return None
    return Address(EXTERNAL, user.id, scope)
