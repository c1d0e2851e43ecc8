"""The page on which a contact says how it went. Small, without scripts, in their browser's language."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Final

from aiohttp import hdrs, web

from crm_core.words.errors import Invalid, NotFound
from hub.desk import surveys
from hub.keys import HOUSE

PATH: Final = "/rate/{token}"
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 16px;color:#1a1d21;"
    "background:#fff}@media(prefers-color-scheme:dark){body{background:#16181c;color:#e8eaed}textarea{background:#22262c;"
    "color:inherit}}.s{display:flex;gap:8px;margin:16px 0}.s label{flex:1}.s input{position:absolute;opacity:0}"
    ".s span{display:block;text-align:center;font-size:28px;padding:12px 0;border:2px solid #c9ced6;border-radius:10px}"
    ".s input:checked+span{border-color:#2f5bea}.s input:focus-visible+span{outline:3px solid #2f5bea}"
    "textarea,button{width:100%;box-sizing:border-box;font:inherit;padding:12px;border-radius:10px;"
    "border:1px solid #c9ced6}button{background:#2f5bea;color:#fff;border:0;margin-top:12px}"
)
_FACES: Final = ("😞", "🙁", "😐", "🙂", "😀")
_WORDS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "en": ("How did we do?", "Anything to add?", "Send", "Thank you!"),
    "uk": ("Як ми впоралися?", "Бажаєте щось додати?", "Надіслати", "Дякуємо!"),
    "ru": ("Как мы справились?", "Хотите что-то добавить?", "Отправить", "Спасибо!"),
    "pl": ("Jak nam poszło?", "Czy chcesz coś dodać?", "Wyślij", "Dziękujemy!"),
    "zh": ("您对我们的服务满意吗?", "还有什么想说的吗?", "发送", "谢谢!"),
}


def mount(app: web.Application) -> None:
    """Add `/rate/{token}`."""
    app.router.add_get(PATH, _ask)
    app.router.add_post(PATH, _answer)


async def _ask(request: web.Request) -> web.Response:
    _conversation(request)
    title, more, send, _ = _words(request)
    choices = "".join(
        f'<label><input type="radio" name="score" value="{score}" required aria-label="{score}/5">'
        f"<span>{face}</span></label>"
        for score, face in enumerate(_FACES, 1)
    )
    form = (
        f'<form method="post"><div class="s" role="radiogroup" aria-label="{title}">{choices}</div>'
        f'<textarea name="words" rows="3" maxlength="500" placeholder="{more}" aria-label="{more}"></textarea>'
        f"<button>{send}</button></form>"
    )
    return _page(title, form)


async def _answer(request: web.Request) -> web.Response:
    house = request.app[HOUSE]
    conversation_id = _conversation(request)
    form = await request.post()
    score, words = form.get("score"), form.get("words", "")
    if not isinstance(score, str) or not isinstance(words, str) or not score.isdecimal():
        raise Invalid("A score is 1 to 5.")
    await house.db.write(surveys.rate, conversation_id, int(score[:3]), words)
    return _page(_words(request)[3], "")


def _conversation(request: web.Request) -> int:
    found = request.app[HOUSE].surveys.read(request.match_info["token"])
    if found is None:
        raise NotFound
    return found


def _words(request: web.Request) -> tuple[str, str, str, str]:
    asked = request.headers.get(hdrs.ACCEPT_LANGUAGE, "").lower().replace(";", ",").split(",")
    known = (language.strip().partition("-")[0] for language in asked)
    return next((_WORDS[language] for language in known if language in _WORDS), _WORDS["en"])


def _page(title: str, body: str) -> web.Response:
    head = f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
    text = (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex">{head}</head><body><h1>{html.escape(title)}</h1>{body}</body></html>'
    )
    headers = {
        hdrs.CONTENT_SECURITY_POLICY: _POLICY,
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)
