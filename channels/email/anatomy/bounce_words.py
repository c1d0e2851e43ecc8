"""The words of mail systems that report in sentences of their own instead of RFC 3464."""

from __future__ import annotations

from typing import Final

DAEMONS: Final = (
    "mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "postmaster", "post_master", "mdaemon",
    "mail delivery", "mailer daemon",
    "mail administrator", "delivery subsystem", "delivery system", "system administrator", "mail deliver",
    "mail system",
    "smtpd-report", "microsoftexchange", "administrator@", "bounce", "nonexistent", "mail-error", "mailsystem",
    "complaints@",
    "bounce-notify", "mmdf", "noreply@googlegroups", "daemon@", "mail router", "mailbox daemon", "symantec",
)  # fmt: skip

SUBJECTS: Final = (
    "undeliver", "delivery status", "delivery report", "delivery fail", "delivery notification", "delivery has failed",
    "delivery error", "delivery problem", "delivery delay", "failure notice", "mail fail", "failed mail", "mail error",
    "returned mail", "mail returned", "return to sender", "returned to sender", "returned message", "message returned",
    "could not be delivered", "could not be sent", "not delivered", "cannot be delivered", "unable to deliver",
    "undeliverable", "unzustellbar", "zustellung", "nicht zugestellt", "non remis", "échec de la remise",
    "no se puede entregar",
    "non recapitabile", "onbestelbaar", "niet bezorgd", "não entregue", "nedoručiteln", "kan inte levereras",
    "kunne ikke leveres",
    "niedostarcz", "не доставлен", "недоставлен", "невозможно доставить", "не может быть доставлен",
    "не вдалося доставити",
    "неможливо доставити", "недоставка", "退信", "系统退信", "無法傳遞", "无法送达", "未能送达", "投递失败",
    "配信不能", "送信できません",
    "warning: could not send", "warning: message", "delayed", "nondeliverable", "non-delivery", "nondelivery",
    "user unknown",
    "unknown user", "permanent error", "permanent delivery", "mail system error", "bounced", "notification d'échec",
    "message delivery",
    "mail delivery", "email delivery", "rejected", "message status", "delivery attempt", "notification: ", "failure",
    "dsn:", "undelivered",
)  # fmt: skip

FAILURES: Final = (
    "could not be delivered", "couldn't be delivered", "could not deliver", "couldn't deliver", "cannot be delivered",
    "was not delivered", "not been delivered", "wasn't able to deliver", "unable to deliver", "failed to deliver",
    "unable to send", "not able to deliver", "were not delivered", "was undeliverable", "is undeliverable",
    "are undeliverable",
    "undeliverable to", "did not reach the following", "failed permanently", "permanent fatal errors", "fatal errors",
    "permanent error", "delivery failed", "delivery to the following", "delivery has failed", "delivery failure",
    "delivery error",
    "the following address", "failed address", "failed recipient", "unsuccessful delivery", "has been returned",
    "have been returned",
    "returned to sender", "is being returned", "returned the following", "message returned", "being returned to you",
    "user unknown",
    "unknown user", "no such user", "unknown address", "invalid recipient", "recipient rejected", "unrouteable address",
    "mailbox is full", "mailbox full", "quota exceeded", "over quota", "unknown recipient", "recipient unknown",
    "account is disabled",
    "host unknown", "host not found", "had permanent", "giving up on", "we were unable", "reason for the problem",
    "reason for failure", "could not be found", "was rejected", "message was refused", "mail was refused",
    "would exceed",
    "message not delivered", "mail not delivered", "will be retried", "will keep trying", "delayed for",
    "not yet been delivered",
    "delivery attempts will continue", "retry timeout", "not listed in", "does not exist",
    "the transaction was refused",
    "konnte nicht zugestellt", "nicht zugestellt werden", "n'a pas pu être", "no se ha podido entregar",
    "no se pudo entregar",
    "non è stato possibile", "kon niet worden", "não pôde ser", "nepodařilo se doručit", "nie można dostarczyć",
    "nie udało się dostarczyć",
    "не было доставлено", "не может быть доставлено", "не удалось доставить", "не вдалося доставити",
    "не доставлено", "не найден",
    "无法投递", "无法送达", "退回", "投递失败", "地址不存在", "配信できません", "送信できません", "存在しません",
    "hop count exceeded", "too many hops", "exceeds size", "message exceeds", "address rejected", "access denied",
    "error transferring", "errors occurred", "error occurred", "smtp error", "smtp session", "the remote server",
    "the remote mail",
    "remote host said", "said: 5", "said: 4", "<<< 5", "<<< 4", "host or domain name not found",
)  # fmt: skip

DELAYS: Final = (
    "will be retried", "will keep trying", "delayed", "not yet been delivered", "attempts will continue",
    "this is a warning",
    "warning message only", "do not need to resend", "will continue trying", "still being retried",
    "temporarily deferred",
)  # fmt: skip

REASONS: Final = (
    ( "mailbox_full", ( "mailbox is full", "mailbox full", "quota", "over limit", "storage", "insufficient disk",
    "space" )),
    ( "too_large", ( "too large", "message size", "exceeds size", "size limit", "max message size",
    "exceeds the max", "too big" )),
    ("no_such_user", (
        "user unknown", "unknown user", "no such user", "no mailbox", "unknown address", "invalid recipient",
        "does not exist",
        "doesn't exist", "recipient unknown", "unknown recipient", "no such recipient", "not a valid",
        "mailbox unavailable",
        "unrouteable address", "address rejected", "not listed in", "no account", "not found in",
        "unknown or illegal", "invalid address",
        "mailbox not found", "recipient rejected", "no such mailbox", "unknown account", "no longer",
        "couldn't be found", "isn't found",
        "could not be found", "not our customer", "addressee unknown", "address unknown", "recipient not found",
        "not exist", "bad destination",
        "user not found", "invalid mailbox", "does not have an account", "not known", "no_such_user", "存在しません",
        "не найден", "не існує", "不存在",
    )),
    ( "no_such_host", ( "host unknown", "host not found", "domain not found", "name or service not known",
    "unknown host", "no mx",
                      "nxdomain", "unrouteable mail domain", "couldn't find any host", "name service error",
                      "domain name not found",
                      "bad destination host", "dns error", "null mx", "domain does not exist")),
    ("suspended", ("disabled", "suspended", "inactive", "not active", "deactivated", "expired account")),
    ("spam", ("spam", "spamhaus", "junk", "bulk mail", "content rejected", "message content")),
    ( "blocked", ( "blocked", "blacklist", "black list", "rbl", "blocklist", "reputation", "poor ip", "banned",
    "denied by ip" )),
    ("rate_limited", ("too many", "rate limit", "throttl", "try again later", "greylist", "deferred")),
    ( "policy", ( "policy", "dmarc", "spf", "dkim", "authentication", "relay", "not permitted", "access denied",
    "not authorized",
                "rejected", "refused", "tls", "ssl", "restricted", "not allowed", "prohibited", "virus")),
    ("loop", ("too many hops", "hop count", "mail loop", "loops back", "loop detected")),
    ("expired", ("expired", "retry timeout", "queue too long", "retry time", "too long in queue", "timeout exceeded")),
    ( "network", ( "connection refused", "connection timed out", "timed out", "no route to host", "network",
    "connection", "unreachable",
                 "lost connection", "timeout")),
)  # fmt: skip
"""Words of a diagnostic, lower case, and what they mean; the first that is found counts."""

ORIGINALS: Final = (
    "original message", "original mail", "copy of the message", "copy of your message", "original headers",
    "message header", "headers of",
    "unsent message", "undelivered message", "returned message", "message text follows", "message follows",
    "your message",
    "transcript of session", "first part of the", "-- message --", "header of the original", "begin message",
    "received headers",
)  # fmt: skip
