"""What of a reply is new, in the languages and mail programs of customers."""

from __future__ import annotations

import pytest

from channels.email.anatomy.quoting import fold
from channels.email.parse import parse
from tests.channels.email.parse.writing import mail, multipart, part

ATTRIBUTIONS = [
    "On Mon, 3 Mar 2026 at 09:12, Shop <shop@example.com> wrote:",
    "On Mar 3, 2026, at 9:12 AM, Shop\n<shop@example.com>\nwrote:",
    "Am 03.03.2026 um 09:12 schrieb Shop:",
    "Am Mo., 3. März 2026 um 09:12 Uhr schrieb Shop <shop@example.com>:",
    "Le lun. 3 mars 2026 à 09:12, Shop <shop@example.com> a écrit :",
    "El lun, 3 mar 2026 a las 9:12, Shop (<shop@example.com>) escribió:",
    "Il giorno lun 3 mar 2026 alle ore 09:12 Shop <shop@example.com> ha scritto:",
    "Op ma 3 mrt 2026 om 09:12 schreef Shop <shop@example.com>:",
    "Em seg., 3 de mar. de 2026 às 09:12, Shop <shop@example.com> escreveu:",
    "Dne po 3. 3. 2026 9:12 uživatel Shop <shop@example.com> napsal:",
    "Den mån 3 mars 2026 kl 09:12 skrev Shop <shop@example.com>:",
    "Den man. 3. mar. 2026 kl. 09.12 skrev Shop <shop@example.com>:",
    "pon., 3 mar 2026 o 09:12 Shop <shop@example.com> napisał(a):",
    "W dniu 03.03.2026 o 09:12, Shop pisze:",
    "пн, 3 бер. 2026 р. о 09:12 Shop <shop@example.com> пише:",
    "03.03.26 09:12, Shop пише:",
    "пн, 3 мар. 2026 г. в 09:12, Shop <shop@example.com>:",
    "3 марта 2026 г., 09:12, Shop написал(а):",
    "Понедельник, 3 марта 2026, 9:12 +03:00 от Shop <shop@example.com>:",
    "Shop <shop@example.com> 于2026年3月3日周一 09:12写道：",
    "在 2026年3月3日，09:12，Shop <shop@example.com> 写道：",
    "2026年3月3日(月) 9:12 Shop <shop@example.com>:",
    "Shop <shop@example.com>, 3 Mar 2026 Pzt, 09:12 tarihinde şunu yazdı:",
]

BLOCKS = [
    ("From", "Sent", "To", "Subject"),
    ("Von", "Gesendet", "An", "Betreff"),
    ("De", "Envoyé", "À", "Objet"),
    ("De", "Enviado el", "Para", "Asunto"),
    ("Da", "Inviato", "A", "Oggetto"),
    ("Van", "Verzonden", "Aan", "Onderwerp"),
    ("De", "Enviada em", "Para", "Assunto"),
    ("Od", "Odesláno", "Komu", "Předmět"),
    ("Från", "Skickat", "Till", "Ämne"),
    ("Fra", "Sendt", "Til", "Emne"),
    ("Od", "Wysłano", "Do", "Temat"),
    ("Від", "Надіслано", "Кому", "Тема"),
    ("От", "Отправлено", "Кому", "Тема"),
    ("发件人", "发送时间", "收件人", "主题"),
    ("寄件者", "傳送時間", "收件者", "主旨"),
]

SIGNATURES = [
    "-- \nOlena Koval\n+380 44 123 45 67",
    "--\nOlena",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Enviado do meu iPhone",
    "Odesláno z iPhonu",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Wysłane z iPhone'a",
    "Надіслано з мого iPhone",
    "Отправлено с iPhone",
    "发自我的iPhone",
    "發自我的 iPhone",
    "Get Outlook for Android",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_a_quote_is_folded_with_the_line_that_introduces_it(attribution: str) -> None:
    found = fold(f"Дякую, so be it.\n\n{attribution}\n\n> Old words.\n> More.\n")
    assert found.trimmed == "Дякую, so be it."
    assert found.folded.startswith(attribution)
    assert found.folded.endswith("> More.")


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_a_quote_without_marks_is_folded_too(attribution: str) -> None:
    found = fold(f"Thanks.\n\n{attribution}\n\nOld words.\n\nKind regards\nShop\n")
    assert found.trimmed == "Thanks."


@pytest.mark.parametrize(("sender", "sent", "to", "subject"), BLOCKS)
def test_the_header_of_the_mail_that_outlook_quotes_begins_the_quote(
    sender: str, sent: str, to: str, subject: str
) -> None:
    block = f"{sender}: Shop <shop@example.com>\n{sent}: 3.3.2026 9:12\n{to}: Olena\n{subject}: Order\n\nOld words."
    assert fold(f"Thanks.\n\n{block}").trimmed == "Thanks."
    assert fold(f"Thanks.\n\n{'_' * 32}\n{block}").trimmed == "Thanks."


@pytest.mark.parametrize(
    "line",
    [
        "-----Original Message-----", "----- Original Message -----", "-----Ursprüngliche Nachricht-----",
        "-----Message d'origine-----", "-----Mensaje original-----", "-----Messaggio originale-----",
        "-----Oorspronkelijk bericht-----", "-----Mensagem original-----", "-----Původní zpráva-----",
        "-----Ursprungligt meddelande-----", "-----Oprindelig meddelelse-----", "-----Oryginalna wiadomość-----",
        "-----Исходное сообщение-----", "-----Оригінальне повідомлення-----", "-----原始邮件-----",
        "------------------ 原始邮件 ------------------",
    ],
)  # fmt: skip
def test_what_stands_below_original_message_is_folded(line: str) -> None:
    assert fold(f"Thanks.\n\n{line}\n\nOld words.").trimmed == "Thanks."


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_is_folded(signature: str) -> None:
    found = fold(f"I agree.\n\n{signature}\n")
    assert (found.trimmed, found.folded) == ("I agree.", signature)


@pytest.mark.parametrize(
    "line",
    [
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "-------- Weitergeleitete Nachricht --------",
        "-------- Пересланное сообщение --------",
        "---------- Переслане повідомлення ----------",
        "---------- Przekazana wiadomość ---------",
        "---------- 转发的邮件 ---------",
    ],
)
def test_a_forwarded_mail_is_what_is_said_and_stays(line: str) -> None:
    header = "From: Ivan <i@x.org>\nDate: 3 Mar 2026\nSubject: Chair\nTo: Olena"
    text = f"Please look.\n\n{line}\n{header}\n\nIt broke.\n\n> so?"
    assert fold(text).trimmed == text


def test_a_mail_that_outlook_forwards_stays_by_its_subject() -> None:
    text = "FYI\n\nFrom: Ivan\nSent: 3 Mar 2026\nTo: Olena\nSubject: Chair\n\nIt broke."
    assert fold(text, "FW: Chair").trimmed == text
    assert fold(text, "RE: Chair").trimmed == "FYI"


def test_answers_between_the_lines_of_a_quote_keep_it() -> None:
    text = "On 3 Mar 2026, Shop wrote:\n\n> Red or blue?\n\nRed.\n\n> How many?\n\nTwo."
    assert fold(text).trimmed == text


def test_an_answer_below_the_quote_is_the_message() -> None:
    assert fold("On 3 Mar 2026, Shop wrote:\n> Red or blue?\n\nRed, please.").trimmed == "Red, please."


def test_a_mail_of_nothing_but_quotes_is_shown_whole() -> None:
    text = "> one\n> two"
    assert fold(text).trimmed == text


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote:\n\nplease send it\n\nand nothing came.",
        "The order has:\n\n- a chair\n- a table",
        "From: me to you, with love",
        "He said -- and I agree -- no.",
        "5 > 3, as you know",
        "Sent from my desk, is much easier there.",
    ],
)
def test_words_that_only_look_like_a_quote_stay(text: str) -> None:
    assert fold(text) == (text, "")


def test_what_is_folded_and_what_is_shown_are_the_whole_text() -> None:
    text = "Hi\n\nOn 3 Mar 2026, Shop wrote:\n> a\n> b\n\n-- \nOlena"
    found = fold(text)
    assert sorted((found.trimmed + "\n" + found.folded).split()) == sorted(text.split())


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote">3/3/26, Shop: <blockquote class="gmail_quote">Old words.</blockquote></div>',
        '<div id="appendonsend"></div><div id="divRplyFwdMsg">Shop, yesterday</div><div>Old words.</div>',
        '<div class="yahoo_quoted">Shop, yesterday: Old words.</div>',
        '<blockquote type="cite">Old words.</blockquote>',
        '<div class="protonmail_quote">Shop: Old words.</div>',
    ],
)
def test_the_containers_of_mail_programs_begin_a_quote(quote: str) -> None:
    found = parse(mail("Content-Type: text/html", body=f"<div>New words.</div>{quote}"))
    assert found.trimmed == "New words."
    assert "Old words." in found.text
    assert "Old words." in found.folded


def test_the_plain_text_decides_where_there_is_one() -> None:
    plain = "New.\n\nOn 3 Mar 2026, Shop wrote:\n> Old."
    found = parse(multipart("alternative", part("text/plain", plain), part("text/html", "<p>New.</p>")))
    assert found.trimmed == "New."
    assert found.text.rstrip() == plain


def test_an_introduction_without_a_date_is_one_when_a_quote_follows() -> None:
    text = "Thank you.\n\nFern & Clay <hello@shop.example> wrote:\n> With pleasure.\n"
    assert fold(text).trimmed == "Thank you."
