"""Whether a machine wrote a mail (RFC 3834 and what is done besides): such a mail is never answered by one."""

from __future__ import annotations

from typing import Final

from channels.email.anatomy.headers import Headers
from channels.email.anatomy.word_sets import words
from channels.email.mail import Named

_BULK: Final = frozenset(("bulk", "list", "junk", "auto_reply", "auto-reply"))
_LIST_HEADERS: Final = ("list-id", "list-unsubscribe", "list-post", "list-help", "mailing-list", "x-mailing-list")
_REPLY_HEADERS: Final = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-autoreply-from",
    "x-mail-autoreply",
    "x-vacation",
    "x-ms-exchange-inbox-rules-loop",
    "x-php-autoresponder",
    "feedback-id",
    "x-failed-recipients",
    "x-cron-env",
    "x-amazon-auto-reply",
)
_DAEMONS: Final = words(
    "mailer-daemon mailerdaemon mail-daemon postmaster mdaemon mail-delivery-subsystem noreply no-reply no_reply "
    "donotreply do-not-reply do_not_reply bounce bounces mailer autoresponder auto-reply autoreply nobody"
)
_SUBJECTS: Final = (
    "auto:",
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "autoresponse",
    "out of office",
    "out-of-office",
    "out of the office",
    "away from",
    "vacation",
    "on holiday",
    "abwesenheit",
    "automatische antwort",
    "réponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "risposta automatica",
    "fuori sede",
    "automatisch antwoord",
    "afwezigheid",
    "resposta automática",
    "automatická odpověď",
    "mimo kancelář",
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "odpowiedź automatyczna",
    "automatyczna odpowiedź",
    "poza biurem",
    "автоматический ответ",
    "автоответ",
    "вне офиса",
    "автоматична відповідь",
    "автовідповідь",
    "відсутній",
    "自动回复",
    "自動回覆",
    "自動返信",
    "不在",
    "otomatik yanıt",
)


def is_automatic(headers: Headers, senders: list[Named], subject: str) -> bool:
    """One sure sign, or a subject that says so together with a weaker one; a subject alone is only words."""
    submitted = headers.flat("auto-submitted").partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if headers.flat("precedence") in _BULK or headers.first("x-switchboard-loop") is not None:
        return True
    if any(headers.first(name) is not None for name in (*_LIST_HEADERS, *_REPLY_HEADERS)):
        return True
    suppress = headers.flat("x-auto-response-suppress")
    says_all = any(word.strip() in {"all", "oof", "autoreply"} for word in suppress.split(","))
    if headers.flat("return-path") in {"<>", "<mailer-daemon>"} or _is_daemon(senders):
        return True
    bare = subject.strip().lower()
    is_said = bare.startswith(_SUBJECTS)
    # Exchange writes the header into mails of people as well: together with what a reply has not, it is a machine.
    return (says_all and (is_said or headers.first("in-reply-to") is None)) or (is_said and _answers(headers))


def _is_daemon(senders: list[Named]) -> bool:
    locals_ = {s.address.lower().rpartition("@")[0] or s.address.lower() for s in senders}
    return bool(locals_ & _DAEMONS)


def _answers(headers: Headers) -> bool:
    """It refers to another mail, as answers do."""
    return headers.first("in-reply-to") is not None or headers.first("references") is not None
