"""A Dovecot of the test run's own: IMAP plain and encrypted, XOAUTH2, any user with the password `secret`."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from tests.peers.certificates import make_authority
from tests.peers.children import Child, free_port, unavailable

PASSWORD = "secret"

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 0
mail_max_userip_connections = 100
passdb {{
  driver = static
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
  chroot =
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


class Dovecot:
    """A running server. Each test takes a mailbox of its own by `new_user`."""

    def __init__(self) -> None:
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            unavailable("Dovecot is not installed (apt-get install dovecot-imapd)")
        self.port, self.tls_port, self.introspection_port = free_port(), free_port(), free_port()
        self._users = count(1)
        folder = self._folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        folder.chmod(0o755)
        self._furnish(folder)
        self.child = Child([program, "-F", "-c", folder / "dovecot.conf"], folder=folder)
        self.child.wait_until(self._answers)

    def new_user(self) -> str:
        """A mailbox that only one test knows."""
        return f"user{next(self._users)}@hub.example"

    def put(self, user: str, raw: bytes, *, folder: str = "INBOX", came: datetime | None = None) -> None:
        """Lay a mail into a folder, as if it had come then."""
        with self.visit(user) as imap:
            when = f'"{came or datetime.now(UTC):%d-%b-%Y %H:%M:%S +0000}"'
            _good(imap.append(folder, "", when, raw))

    def remove(self, user: str, uid: int) -> None:
        """Somebody else deletes a mail."""
        with self.visit(user) as imap:
            _good(imap.select("INBOX"))
            _good(imap.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)"))
            _good(imap.expunge())

    def flags(self, user: str, uid: int) -> str:
        """The flags of a mail as the server writes them."""
        with self.visit(user) as imap:
            _good(imap.select("INBOX", readonly=True))
            return str(_good(imap.uid("FETCH", str(uid), "(FLAGS)")))

    def make_folder(self, user: str, name: str) -> None:
        """A folder, by its name as IMAP writes it."""
        with self.visit(user) as imap:
            _good(imap.create(name))

    def count(self, user: str, folder: str = "INBOX") -> int:
        """Mails in a folder."""
        with self.visit(user) as imap:
            return int(_good(imap.select(folder, readonly=True))[0] or b"0")

    def renumber(self, user: str, *, validity: int) -> None:
        """All UIDs are worth nothing any more."""
        self._doveadm("mailbox", "update", "--uid-validity", str(validity), "-u", user, "INBOX")

    def skip_to(self, user: str, uid: int) -> None:
        """The next mail gets this UID at least: a gap."""
        self._doveadm("mailbox", "update", "--min-next-uid", str(uid), "-u", user, "INBOX")

    def stop(self) -> None:
        self.child.stop()

    @contextmanager
    def visit(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A connection of somebody else's mail program."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as imap:
            imap.login(user, PASSWORD)
            yield imap

    def _furnish(self, folder: Path) -> None:
        authority = make_authority("localhost")
        self.authority = authority.authority_pem
        (folder / "certificate.pem").write_bytes(authority.certificate_pem)
        (folder / "key.pem").write_bytes(authority.key_pem)
        (folder / "mail").mkdir()
        (folder / "run").mkdir()
        is_root = os.geteuid() == 0
        owner = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
        shutil.chown(folder / "mail", owner.pw_uid, owner.pw_gid) if is_root else None
        (folder / "oauth2.conf").write_text(
            f"introspection_mode = auth\nintrospection_url = http://127.0.0.1:{self.introspection_port}/\n"
            "username_attribute = email\nactive_attribute = active\nactive_value = true\n"
        )
        words = {
            "folder": folder,
            "internal": "dovecot" if is_root else owner.pw_name,
            "group": "dovecot" if is_root else _group(owner.pw_gid),
            "login": "dovenull" if is_root else owner.pw_name,
            "password": PASSWORD,
            "uid": owner.pw_uid,
            "gid": owner.pw_gid,
            "imap": self.port,
            "imaps": self.tls_port,
        }
        (folder / "dovecot.conf").write_text(_CONFIGURATION.format(**words))

    def _doveadm(self, *words: str) -> None:
        program = shutil.which("doveadm") or "/usr/bin/doveadm"
        done = subprocess.run(
            [program, "-c", str(self._folder / "dovecot.conf"), *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"doveadm failed: {done.stderr[-2000:]}")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as plug:
                return plug.recv(4) == b"* OK"
        except OSError:
            return False


def _good(answer: tuple[str, list[bytes]]) -> list[bytes]:
    if answer[0] != "OK":
        raise RuntimeError(f"Dovecot said {answer}")
    return answer[1]


def _group(gid: int) -> str:

    return grp.getgrgid(gid).gr_name
