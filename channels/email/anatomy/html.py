"""HTML of strangers made harmless: rebuilt shallow and balanced first, then cleaned by an allow list (nh3).

The rebuilding keeps the cleaner fast: it is quadratic in the depth of nesting. What is safe is decided by the
cleaner alone, after it. Pictures of the mail keep `cid:`, others move to `data-remote-src`, so that looking at a
mail calls nobody.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final

import nh3

from channels.email.anatomy.limits import MOST_HTML
from channels.email.anatomy.tags import Tag, tokens
from channels.email.anatomy.word_sets import words

MOST_OPEN: Final = 60
"""Levels of nesting that are kept; what lies deeper stands at that level."""

_EMPTIED: Final = words("script style title textarea iframe noscript xmp noembed")
_EMPTY: Final = frozenset(("embed", "frame"))
_ENDS_PARAGRAPH: Final = words(
    "address article aside blockquote center details div dl figcaption figure footer h1 h2 h3 h4 h5 h6 header hr "
    "li main nav ol p pre section table ul dd dt tbody thead tfoot tr td th"
)
_VOID: Final = frozenset(("br", "hr", "img", "wbr", "col"))
_TAGS: Final = words(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del "
    "details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark "
    "nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead "
    "time tr tt u ul var wbr"
)
_DROPPED: Final = words(
    "script style title template noscript object embed iframe frame frameset noframes select textarea svg math applet "
    "audio video canvas map xml"
)
"""Left out with all that is in them."""

_STYLES: Final = words(
    "color background-color font-family font-size font-style font-weight font-variant text-align text-decoration "
    "text-indent text-transform line-height letter-spacing vertical-align white-space direction unicode-bidi "
    "margin margin-top margin-right margin-bottom margin-left padding padding-top padding-right padding-bottom "
    "padding-left border border-top border-right border-bottom border-left border-color border-style border-width "
    "border-collapse border-spacing border-radius width max-width height max-height min-width list-style-type "
    "table-layout"
)
_SIZES: Final = {"width", "height", "align", "valign", "bgcolor", "dir", "lang", "title", "style"}
_ATTRIBUTES: Final = {
    "*": {"dir", "lang", "title", "style", "align"},
    "a": {"href", "name", "target", "rel"},
    "img": {"src", "alt", "width", "height", "data-remote-src", "border"},
    "table": {*_SIZES, "border", "cellpadding", "cellspacing"},
    "td": {*_SIZES, "colspan", "rowspan", "nowrap"},
    "th": {*_SIZES, "colspan", "rowspan", "nowrap", "scope"},
    "tr": _SIZES,
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "font": {"color", "face", "size"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
    "blockquote": {"type"},
    "time": {"datetime"},
    "bdo": {"dir"},
}
_CSS_CALL = re.compile(r"(?i)url|expression|image|import|var|attr|env|\\|/\*|@|<|:\s*-?\d{5,}")
_RELATION: Final = "noopener noreferrer nofollow"
_FIXED: Final = {"target": "_blank", "rel": _RELATION}
_LINKS: Final = ("http://", "https://", "mailto:", "tel:")
_UNSEEN = re.compile("[\u0000-\u0020\u007f-\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_MOST_VALUE: Final = 4_000


def cleaned(html: str) -> str | None:
    """Harmless HTML; cleaning it once more changes nothing. None for more than two million characters of it."""
    rebuilt = _Rebuilding()
    for token in tokens(html):
        rebuilt.take(token)
    shallow = rebuilt.html()
    return None if len(shallow) > MOST_HTML else _clean(shallow)


def of_text(text: str) -> str:
    """Plain text as HTML that looks the same."""
    return '<div style="white-space:pre-wrap">' + escape(text, quote=False) + "</div>"


def picture(content_id: str, alt: str) -> str:
    """A picture of the mail."""
    return f'<div><img src="cid:{escape(content_id)}" alt="{escape(alt)}"></div>'


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=set(_EMPTIED),
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="deny",
        filter_style_properties=set(_STYLES),
    )


def _kept(tag: str, name: str, value: str) -> str | None:
    """What an attribute may say; None takes it out."""
    if name == "href":
        return _link(value)
    if name in _FIXED:
        return _FIXED[name]
    if name == "src":
        return value.strip() if value.strip().lower().startswith("cid:") else None
    if name == "data-remote-src":
        bare = value.strip()
        return bare if bare.lower().startswith(("http://", "https://")) else None
    if name == "style":
        return None if _CSS_CALL.search(value) else value
    if name == "title" and tag == "a":
        # A title over a link that says another address misleads.
        return None
    return value[:_MOST_VALUE]


def _link(value: str) -> str | None:
    bare = _UNSEEN.sub("", value)
    return value.strip() if bare.lower().startswith(_LINKS) else None


class _Rebuilding:
    """Writes the elements of the allow list, each closed, at most MOST_OPEN of them open."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._open: list[str] = []
        self._counts: dict[str, int] = {}
        self._dropped = ""
        self._drop_depth = 0

    def take(self, token: Tag | str) -> None:
        """One more token."""
        if isinstance(token, str):
            if not self._dropped:
                self._said.append(escape(token.replace("\0", ""), quote=False))
        elif self._dropped:
            if token.name == self._dropped:
                self._drop_depth += -1 if token.is_end else 1
                if self._drop_depth == 0:
                    self._dropped = ""
        elif token.is_end:
            self._close(token.name)
        elif token.name in _DROPPED:
            self._dropped, self._drop_depth = ("", 0) if token.name in _EMPTY else (token.name, 1)
        elif token.name in _TAGS:
            self._start(token)

    def _start(self, token: Tag) -> None:
        tag = token.name
        if tag in _ENDS_PARAGRAPH:
            self._close("p")
        if tag in {"a", "li"}:
            self._close_within(tag)
        if tag in _VOID:
            self._said.append(f"<{tag}{_attributes(token)}>")
        elif len(self._open) < MOST_OPEN:
            self._open.append(tag)
            self._counts[tag] = self._counts.get(tag, 0) + 1
            self._said.append(f"<{tag}{_attributes(token)}>")

    def html(self) -> str:
        while self._open:
            self._said.append(f"</{self._open.pop()}>")
        return "".join(self._said)

    def _close(self, tag: str) -> None:
        if not self._counts.get(tag):
            return
        while self._open:
            closed = self._open.pop()
            self._counts[closed] -= 1
            self._said.append(f"</{closed}>")
            if closed == tag:
                return

    def _close_within(self, tag: str) -> None:
        """A link ends an open link, an item its neighbour, but not across a list."""
        for opened in reversed(self._open):
            if opened == tag:
                self._close(tag)
                return
            if opened in {"ul", "ol", "table", "td"}:
                return


def _attributes(token: Tag) -> str:
    tag = token.name
    said: dict[str, str] = {}
    for name, value in token.attributes.items():
        text = value.replace("\0", "")
        if name == "src" and tag == "img":
            bare = _UNSEEN.sub("", text)
            if bare.lower().startswith("cid:"):
                said["src"] = "cid:" + bare[4:]
            elif bare.lower().startswith(("http://", "https://")):
                said["data-remote-src"] = bare
            elif bare.startswith("//"):
                said["data-remote-src"] = "https:" + bare
        elif name in _ATTRIBUTES["*"] or name in _ATTRIBUTES.get(tag, ()):
            said[name] = text
    if tag == "a":
        said |= {"target": "_blank", "rel": _RELATION}
    return "".join(f' {name}="{escape(text)}"' for name, text in said.items())
