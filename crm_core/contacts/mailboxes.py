"""What an e-mail address says about whom it belongs to: a person, a role, a firm, or nobody in particular."""

from __future__ import annotations

from typing import Final

from crm_core.words.addresses import MAILTO, Address

_ROLE_WORDS: Final = """
abuse accounting accounts admin billing biuro booking contact enquiries finance hello help helpdesk hr info invoice
invoices jobs kontakt mail marketing no-reply noc noreply office order orders postmaster press reception root sales
security service shop support team webmaster zakaz
"""
_FREE_DOMAINS: Final = """
gmail.com googlemail.com outlook.com hotmail.com live.com msn.com icloud.com me.com mac.com aol.com proton.me
protonmail.com pm.me zoho.com mail.com fastmail.com tutanota.com gmx.com gmx.net gmx.de gmx.at web.de t-online.de
freenet.de mail.ru bk.ru list.ru inbox.ru internet.ru rambler.ru yandex.ru yandex.com ya.ru yandex.ua ukr.net i.ua
meta.ua bigmir.net email.ua wp.pl o2.pl onet.pl onet.eu interia.pl op.pl tlen.pl poczta.onet.pl gazeta.pl vp.pl
qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com 139.com 189.cn naver.com daum.net
orange.fr free.fr laposte.net wanadoo.fr libero.it virgilio.it seznam.cz centrum.cz abv.bg mail.kz comcast.net
verizon.net att.net
"""
_ROLES: Final = frozenset(_ROLE_WORDS.split())
_FREE: Final = frozenset(_FREE_DOMAINS.split())
"""Where anybody gets a mailbox: the same domain says nothing of the same firm."""


def is_role_box(address: Address) -> bool:
    """Whether an address is a firm's rather than a person's: `info@`, `sales@`."""
    if address.scheme != MAILTO:
        return False
    local = address.value.rpartition("@")[0].partition("+")[0]
    return local in _ROLES


def domain_of(address: Address) -> str:
    """The domain of an e-mail address; empty for other kinds."""
    return address.value.rpartition("@")[2] if address.scheme == MAILTO else ""


def firm_domain(address: Address) -> str:
    """The domain, where it says for which firm somebody works; empty where anybody may have a mailbox."""
    domain = domain_of(address)
    return "" if domain in _FREE or domain.startswith(("yahoo.", "hotmail.", "outlook.", "live.")) else domain
