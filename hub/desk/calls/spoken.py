"""What the machine says on the phone where the house has not written its own words, in five languages."""

from __future__ import annotations

from typing import Final

RECORDING, VOICEMAIL, CALLBACK, GOODBYE, WAIT, LISTENING, NEXT, PLACE, MINUTES, OFFER = (
    "recording", "voicemail", "callback", "goodbye", "wait", "listening", "next", "place", "minutes", "offer",
)  # fmt: skip

WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        RECORDING: "This call is recorded.",
        VOICEMAIL: "Nobody can take your call now. Please leave a message after the tone.",
        CALLBACK: "We will call you back. You keep your place in line. Goodbye.",
        GOODBYE: "Nobody can take your call now. Please try again later. Goodbye.",
        WAIT: "One moment, please. Your call goes on right away.",
        LISTENING: "A supervisor has joined the call.",
        NEXT: "You are next.",
        PLACE: "You are number {position} in line.",
        MINUTES: "It takes about {minutes} minutes.",
        OFFER: "Press star to be called back.",
    },
    "uk": {
        RECORDING: "Розмова записується.",
        VOICEMAIL: "Зараз ніхто не може відповісти. Залиште, будь ласка, повідомлення після сигналу.",
        CALLBACK: "Ми вам зателефонуємо. Ваше місце в черзі збережено. До побачення.",
        GOODBYE: "Зараз ніхто не може відповісти. Зателефонуйте, будь ласка, пізніше. До побачення.",
        WAIT: "Хвилинку, будь ласка. Зараз вас з'єднають.",
        LISTENING: "До розмови долучився керівник.",
        NEXT: "Ви наступні.",
        PLACE: "Ваш номер у черзі: {position}.",
        MINUTES: "Чекати близько {minutes} хвилин.",
        OFFER: "Натисніть зірочку, і ми вам зателефонуємо.",
    },
    "ru": {
        RECORDING: "Разговор записывается.",
        VOICEMAIL: "Сейчас никто не может ответить. Пожалуйста, оставьте сообщение после сигнала.",
        CALLBACK: "Мы вам перезвоним. Ваше место в очереди сохранено. До свидания.",
        GOODBYE: "Сейчас никто не может ответить. Пожалуйста, позвоните позже. До свидания.",
        WAIT: "Одну минуту, пожалуйста. Сейчас вас соединят.",
        LISTENING: "К разговору присоединился руководитель.",
        NEXT: "Вы следующий.",
        PLACE: "Ваш номер в очереди: {position}.",
        MINUTES: "Ждать около {minutes} минут.",
        OFFER: "Нажмите звёздочку, и мы вам перезвоним.",
    },
    "pl": {
        RECORDING: "Rozmowa jest nagrywana.",
        VOICEMAIL: "Teraz nikt nie może odebrać. Prosimy zostawić wiadomość po sygnale.",
        CALLBACK: "Oddzwonimy. Państwa miejsce w kolejce zostaje zachowane. Do widzenia.",
        GOODBYE: "Teraz nikt nie może odebrać. Prosimy zadzwonić później. Do widzenia.",
        WAIT: "Chwileczkę, zaraz nastąpi połączenie.",
        LISTENING: "Do rozmowy dołączył przełożony.",
        NEXT: "Jest to następne połączenie w kolejce.",
        PLACE: "Miejsce w kolejce: {position}.",
        MINUTES: "Czas oczekiwania to około {minutes} minut.",
        OFFER: "Prosimy nacisnąć gwiazdkę, a oddzwonimy.",
    },
    "zh-CN": {
        RECORDING: "本次通话将被录音。",
        VOICEMAIL: "现在无人接听。请在提示音后留言。",
        CALLBACK: "我们会给您回电,您的排队位置将保留。再见。",
        GOODBYE: "现在无人接听,请稍后再拨。再见。",
        WAIT: "请稍候,马上为您接通。",
        LISTENING: "一位主管已加入通话。",
        NEXT: "下一位就是您。",
        PLACE: "您排在第{position}位。",
        MINUTES: "大约需要等待{minutes}分钟。",
        OFFER: "按星号键,我们会给您回电。",
    },
}


def words(code: str, language: str, **facts: object) -> str:
    """The words of a code in a language, or its main part, or English."""
    for wanted in (language, language.partition("-")[0]):
        if wanted in WORDS:
            return WORDS[wanted][code].format(**facts)
    return WORDS["en"][code].format(**facts)


def position(language: str, place: int, minutes: int | None) -> str:
    """The place in line, and how long it takes where that can be told: never less than a minute, and rounded up."""
    told = words(NEXT, language) if place == 1 else words(PLACE, language, position=place)
    return told if minutes is None else f"{told} {words(MINUTES, language, minutes=max(1, minutes))}"
