"""The words by which mail programs introduce quotes, forwards and signatures, in the languages of their users."""

from __future__ import annotations

from typing import Final

ATTRIBUTION_ENDS: Final = (
    "wrote:", "writes:", "wrote :", "said:",
    "schrieb:", "geschrieben:", "schrieb :",
    "a écrit :", "a écrit:", "a écrit\xa0:", "écrivait :",
    "escribió:", "escribió :", "ha escrit:",
    "ha scritto:", "scriveva:", "ha scritto :",
    "schreef:", "het volgende geschreven:", "schreef het volgende:",
    "escreveu:", "escreveu :", "escrito:",
    "napsal:", "napsala:", "napsal(a):", "napsal/a:", "píše:", "napísal:", "napísala:", "napísal(a):",
    "skrev:", "skrev følgende:", "kirjoitti:", "ritaði:",
    "napisał:", "napisała:", "napisał(a):", "napisał/a:", "napisali:", "pisze:", "napisał(-a):",
    "пише:", "написав:", "написала:", "написав(ла):", "написав(-ла):", "писав:", "писала:", "писав(ла):",
    "пишет:", "написал:", "написал(а):", "написал(-а):", "писал:", "писал(а):", "напісаў:",
    "написа:", "написао:", "је написао/ла:", "piše:", "je napisao/la:", "je napisao:", "je napisala:",
    "写道：", "写道:", "寫道：", "寫道:", "写道", "寫道", "wrote：", "撰写：", "來信：",
    "のメール:", "のメール：", "書きました:", "書きました：", "作成:", "님이 작성:", "작성:", "님이 씀:",
    "이(가) 작성:",
    "yazdı:", "şunu yazdı:", "şunları yazdı:", "a scris:", "írta:", "έγραψε:", "viết:", "menulis:", "เขียน:",
    "rašė:", "rakstīja:", "kirjutas:", "כתב:", "כתב/ה:", "כתבה:", "‏כתב:", "كتب:",
)  # fmt: skip
"""The end of the line before a quote, lower case."""

ATTRIBUTION_STARTS: Final = (
    "on ", "am ", "le ", "el ", "il ", "op ", "em ", "dne ", "dňa ", "den ", "w dniu ", "dnia ", "от ", "від ",
    "в ", "у ", "на ", "在 ", "在", "于", "於", "pe ", "în ", "på ", "la ", "στις ", "vào ", "pada ", "a ", "date: ",
)  # fmt: skip

ORIGINAL: Final = frozenset(
    (
        "original message", "original appointment", "original email", "reply message", "original",
        "ursprüngliche nachricht", "originalnachricht", "ursprünglicher termin", "original-nachricht",
        "message d'origine", "message d’origine", "message original", "message initial", "mail original",
        "courriel original",
        "mensaje original", "correo original", "missatge original", "messaggio originale", "messaggio originario",
        "oorspronkelijk bericht", "origineel bericht", "mensagem original",
        "původní zpráva", "původní e-mail", "pôvodná správa",
        "ursprungligt meddelande", "originalmeddelande", "oprindelig meddelelse", "original besked",
        "opprinnelig melding", "alkuperäinen viesti",
        "oryginalna wiadomość", "wiadomość oryginalna", "wiadomość oryginalna e-mail", "treść oryginalnej wiadomości",
        "исходное сообщение", "оригинальное сообщение", "первоначальное сообщение", "исходное письмо",
        "оригінальне повідомлення", "початкове повідомлення", "вихідне повідомлення", "оригінал повідомлення",
        "原始邮件", "原始信息", "原始郵件", "原邮件", "原始訊息", "回复的原邮件", "元のメッセージ",
        "원본 메시지", "원본 메일",
        "orijinal mesaj", "özgün ileti", "eredeti üzenet", "mesajul original", "αρχικό μήνυμα",
    )
)  # fmt: skip
"""What stands between hyphens above a quoted mail, lower case."""

FORWARDED: Final = (
    "forwarded message", "begin forwarded message", "forwarded by", "forwarded mail", "start of forwarded message",
    "weitergeleitete nachricht", "anfang der weitergeleiteten", "weitergeleitet von",
    "message transféré", "message transmis", "début du message transféré", "début du message réexpédié",
    "mensaje reenviado", "inicio del mensaje reenviado", "missatge reenviat",
    "messaggio inoltrato", "inizio messaggio inoltrato", "inizio del messaggio inoltrato",
    "doorgestuurd bericht", "begin doorgestuurd bericht", "mensagem encaminhada", "mensagem reencaminhada",
    "início da mensagem encaminhada", "přeposlaná zpráva", "začátek přeposílané zprávy", "preposlaná správa",
    "vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat mejl", "videresendt meddelelse",
    "videresendt besked", "videresendt melding", "start på videresendt", "välitetty viesti",
    "przekazana wiadomość", "wiadomość przekazana", "przesłana dalej wiadomość", "początek przekazywanej wiadomości",
    "treść przekazanej wiadomości", "пересылаемое сообщение", "пересланное сообщение", "пересланное письмо",
    "пересылаемое письмо", "начало переадресованного сообщения", "начало пересылаемого сообщения",
    "переслане повідомлення", "переслане сообщение", "пересланий лист", "початок листа, що пересилається",
    "початок пересланого повідомлення", "переадресоване повідомлення",
    "转发的邮件", "转发邮件", "轉寄的郵件", "轉寄郵件", "轉寄信件", "转发邮件信息", "转发信息", "開始轉寄郵件",
    "开始转发邮件",
    "転送メッセージ", "転送されたメッセージ", "전달된 메시지", "전달된 메일", "iletilen mesaj", "yönlendirilmiş ileti",
    "mesaj redirecționat", "továbbított üzenet", "προωθημένο μήνυμα",
)  # fmt: skip
"""The beginning of a line above a forwarded mail, hyphens before it left out, lower case."""

FORWARD_SUBJECTS: Final = (
    "fw:", "fwd:", "wg:", "tr:", "rv:", "enc:", "res: fw", "i:", "vb:", "vs:", "vl:", "pd:", "doorst:", "fs:", "ilt:",
    "转发:", "转发：", "轉寄:", "轉寄：", "пересл:", "переслати:", "fw：", "fwd：",
)  # fmt: skip

FROM: Final = frozenset(
    (
        "from", "von", "de", "od", "från", "fra", "van", "da", "від", "от", "от кого", "від кого", "отправитель",
        "відправник", "发件人", "寄件者", "寄件人", "odesílatel", "odosielateľ", "lähettäjä", "kimden", "mittente",
        "差出人", "送信者", "보낸 사람", "nadawca", "feladó", "din", "de la", "expéditeur", "από", "gönderen", "від:",
    )
)  # fmt: skip
DATED: Final = frozenset(
    (
        "sent", "date", "gesendet", "datum", "envoyé", "envoyé le", "enviado", "enviado el", "enviada em", "enviado em",
        "fecha", "data", "inviato", "verzonden", "verzonden op", "skickat", "sendt", "dato", "wysłano", "wysłane",
        "odesláno", "odoslané", "отправлено", "дата", "дата:", "надіслано", "відправлено", "发送时间", "发送日期",
        "日期", "時間", "时间", "傳送時間", "寄件日期", "送信日時", "日付", "날짜", "보낸 날짜", "lähetetty",
        "päivämäärä",
        "gönderildi", "tarih", "küldve", "dátum", "trimis", "ημερομηνία", "when", "wann",
    )
)  # fmt: skip
ADDRESSED: Final = frozenset(
    (
        "to", "an", "à", "a", "para", "aan", "till", "til", "do", "komu", "кому", "до", "收件人", "收件者", "宛先",
        "받는 사람", "vastaanottaja", "kime", "alıcı", "címzett", "către", "προς", "destinataire", "adresat", "pour",
        "required", "odbiorca", "destinatario",
    )
)  # fmt: skip
SUBJECTS: Final = frozenset(
    (
        "subject", "betreff", "objet", "sujet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "temat",
        "předmět", "predmet", "тема", "主题", "主題", "主旨", "件名", "제목", "aihe", "konu", "tárgy",
        "subiect", "θέμα",
    )
)  # fmt: skip

SENT_FROM: Final = (
    "sent from my ", "sent from mail for ", "sent from yahoo", "sent from outlook", "sent via ", "sent with ",
    "sent by ",
    "get outlook for ", "sent using ", "sent from the ", "sent on the go",
    "von meinem ", "gesendet von ", "gesendet mit ", "diese nachricht wurde von mein", "outlook für ",
    "envoyé de mon ", "envoyé depuis ", "envoyé à partir de ", "envoyé d'un ", "envoyé de ", "télécharger outlook",
    "enviado desde mi ", "enviado desde ", "enviado do meu ", "enviado a partir do ", "enviado do ", "enviado de ",
    "obtener outlook para", "inviato da ", "inviato dal mio ", "inviato con ", "scarica outlook",
    "verstuurd vanaf ", "verzonden vanaf ", "verzonden met ", "odesláno z ", "odoslané z ", "posláno z ",
    "skickat från ", "sendt fra ", "lähetetty ", "wysłane z ", "wysłano z ", "pobierz aplikację outlook",
    "отправлено с ", "отправлено из ", "послано с ", "надіслано з ", "надіслано із ", "відправлено з ",
    "надіслано через ",
    "отправлено через ", "отримайте outlook", "发自我的", "發自我的", "从我的", "從我的", "发送自", "來自我的",
    "来自我的",
    "获取 outlook", "取得 outlook", "iphoneから送信", "나의 iphone", "iphone'umdan gönderildi", "trimis de pe ",
)  # fmt: skip
"""How a device signs, lower case."""

DEVICES: Final = (
    "iphone", "ipad", "android", "blackberry", "samsung", "galaxy", "huawei", "xiaomi", "phone", "mobile", "tablet",
    "outlook",
    "mail", "device", "handy", "smartphone", "handheld", "telefon", "telefoon", "телефон", "пристро", "устройств",
    "смартфон",
    "手机", "手機", "mobil", "móvil", "cellulare", "téléphone", "celular", "telemóvel", "pixel", "nokia", "windows",
    "proton",
    "sparrow", "spark", "yahoo", "gmail", "bb", "nexus", "htc", "torch", "app", "t-mobile", "verizon", "wireless",
    "iphon", "планшет",
)  # fmt: skip
