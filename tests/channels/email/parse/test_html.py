"""HTML of strangers: what of it is kept, and how it reads without it."""

from __future__ import annotations

import pytest

from channels.email.anatomy.html import cleaned
from channels.email.anatomy.html_text import roughly, text_of
from channels.email.parse import parse
from tests.channels.email.parse.corpora import email_corpus, files_of
from tests.channels.email.parse.writing import mail


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p>one<p>two", "<p>one</p><p>two</p>"),
        ("<b>bold <i>both</b> rest", "<b>bold <i>both</i></b> rest"),
        (
            '<a href="mailto:o@x.org">o</a>',
            '<a href="mailto:o@x.org" target="_blank" rel="noopener noreferrer nofollow">o</a>',
        ),
        ('<a href="/in/here" onclick="x()">o</a>', '<a target="_blank" rel="noopener noreferrer nofollow">o</a>'),
        ('<p style="color: red; position: fixed">x</p>', '<p style="color:red">x</p>'),
        ('<p style="width:expression(1)" class="a" id="b">x</p>', "<p>x</p>"),
        ('<img src="CID:logo@x" width="10">', '<img src="cid:logo@x" width="10">'),
        ('<img src="//t.example/p.gif">', '<img data-remote-src="https://t.example/p.gif">'),
        ('<img src="data:image/png;base64,AA">', "<img>"),
        ('<img data-remote-src="javascript:x">', "<img>"),
        ("<table><tr><td>a<td>b</table>", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"),
        ("<head><title>t</title></head><body>x</body>", "x"),
        ("<!-- secret --><!--[if mso]>x<![endif]-->y", "y"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ('<p title="a&quot;b">x</p>', '<p title="a&quot;b">x</p>'),
        ('<p title="never closed>x</p>', '<p title="never closed">x</p>'),
    ],
)
def test_html_is_kept_as_far_as_it_is_harmless(html: str, clean: str) -> None:
    assert cleaned(html) == clean


def test_cleaning_what_is_clean_changes_nothing() -> None:
    seen = 0
    for path in files_of(email_corpus()):
        html = parse(path.read_bytes()).html
        if html is not None:
            seen += 1
            assert cleaned(html) == html, path
    assert seen > 50


def test_cleaning_the_html_of_other_corpora_twice_changes_nothing() -> None:
    for path in sorted(email_corpus().rglob("*.html")):
        once = cleaned(path.read_text(errors="replace")) or ""
        assert cleaned(once) == once, path


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "- a\n- b\n  - c"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        (
            "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Chair</td><td>5</td></tr></table>",
            "Item\tPrice\nChair\t5",
        ),
        ('see <a href="https://x.org/a">this</a>', "see this (https://x.org/a)"),
        ('<a href="https://x.org/">https://x.org</a>', "https://x.org"),
        ('<a href="mailto:o@x.org">o@x.org</a>', "o@x.org"),
        ("<blockquote>old<br>words</blockquote>new", "> old\n> words\n\nnew"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a&nbsp;b &lt;c&gt; &amp; &#1087;", "a b <c> & п"),
        ("<style>p{}</style><script>x</script><title>t</title>hello", "hello"),
        ("<p>one\n   two</p>", "one two"),
        ('look <img alt="a chair"> here', "look a chair here"),
        ("one<hr>two", "one\n---\ntwo"),
        ("", ""),
    ],
)
def test_html_reads_as_somebody_would_type_it(html: str, text: str) -> None:
    assert text_of(html) == text


def test_html_that_is_not_read_in_time_still_has_its_words() -> None:
    assert roughly("<p>one <b>two</b></p>&amp; <unclosed").split() == ["one", "two", "&"]


def test_a_mail_of_html_alone_has_a_text() -> None:
    found = parse(mail("Content-Type: text/html; charset=koi8-u", body="<p>Привіт</p>", charset="koi8-u"))
    assert (found.text, found.html) == ("Привіт", "<p>Привіт</p>")


def test_html_says_its_charset_where_the_header_does_not() -> None:
    body = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Привіт, друже</p>'
    assert parse(mail("Content-Type: text/html", body=body.encode("cp1251"))).text == "Привіт, друже"
