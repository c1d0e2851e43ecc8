"""An open account of calls: what Twilio asks and reports, and what the hub wants of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Any, Final

import structlog

from channels.contract import (
    Account,
    CallArrived,
    Calling,
    CallReported,
    Capabilities,
    Channel,
    ChannelEvent,
    Deliver,
    Finding,
    NotUnderstood,
    PhonePass,
    PhoneSocket,
    PhoneWanted,
    Refused,
    Tools,
    WebhookReply,
    WebhookRequest,
)
from channels.together import together
from channels.twilio.calls import CallsApi, voice_token
from channels.twilio.forms import form_of
from channels.twilio.signature import genuine_fields
from channels.voice import parse
from channels.voice.arranging import Arranging
from channels.voice.asked import Asked
from channels.voice.dialler import Dialler, softphone
from channels.voice.examining import examine
from channels.voice.library import Library
from channels.voice.reconciling import Reconciler
from channels.voice.render import Ways, document, patience, spot
from channels.voice.settings import VoiceSettings
from channels.voice.standing import Stand, Stands, our_key
from crm_core.words.calls import Scene
from crm_core.words.clock import HOUR, Moment
from crm_core.words.content import ExternalId, FileRef
from crm_core.words.errors import StoreUnavailable
from crm_core.words.values.marks import Direction

PATIENCE: Final = 8.0
"""Seconds that the hub may take; Twilio gives up after 15, and a caller hears nothing meanwhile."""
LENT: Final[Moment] = HOUR
"""How long a softphone's token is good."""

log = structlog.get_logger(__name__)


class TwilioVoice:
    """Answers Twilio by what the scene says, and tells the hub what Twilio says."""

    def __init__(self, account: Account, settings: VoiceSettings, tools: Tools) -> None:
        self._account = account
        self._settings = settings
        self._tools = tools
        self._api = CallsApi(tools.http, settings)
        self._stands = Stands()
        self._dialler = Dialler(account.id, settings, account.region, tools.now)
        self._library = Library(self._api, settings, tools)
        self._reconciler = Reconciler(self._api, settings, tools, self._stands, self)
        self._turns = count()

    @property
    def capabilities(self) -> Capabilities:
        """Carries no messages."""
        return Capabilities()

    @property
    def calling(self) -> Calling:
        """All of it."""
        return Calling(
            media="twilio",
            number=self._settings.number,
            more_numbers=self._settings.further,
            dial_plan=self._settings.dial_plan(self._account.region),
            dials_numbers=True,
        )

    @property
    def dialler(self) -> Dialler:
        """What was called lately, and whether that is alarming."""
        return self._dialler

    # --- what Twilio asks and reports ----------------------------------------------------------------

    async def receive(self, request: WebhookRequest, deliver: Deliver, /) -> WebhookReply:
        """Tell the hub what happened; to a question, answer with what the caller shall hear now.

        A hub that is late or away answers all the same: the caller is asked for a moment's patience, and Twilio to
        ask again.
        """
        form = form_of(genuine_fields(request, self._settings.auth_token.get_secret_value()))
        asked = Asked.of(request, form)
        if asked.path == "leg":
            await self._leg(asked, deliver)
        elif asked.path == "status":
            await self._status(asked, deliver)
        elif asked.path == "recording":
            await self._library.told(asked, deliver)
        elif asked.is_question:
            return _twiml(await self._answer(asked, deliver))
        else:
            raise NotUnderstood("Twilio called an address of ours that means nothing.")
        return WebhookReply()

    async def _answer(self, asked: Asked, deliver: Deliver) -> str:
        stand = self._stand(asked)
        try:
            async with asyncio.timeout(PATIENCE), stand.turn:
                scene = await self._tell(asked, deliver)
                if scene is None:
                    return document(_nobody(asked), self._ways(asked.call_id, stand))
                stand.answered = max(stand.answered, scene.version)
                stand.spot, stand.sent_at = spot(scene), self._tools.now()
                return document(scene, self._ways_of(scene), answered=not asked.is_first)
        except (TimeoutError, StoreUnavailable):
            log.warning("a caller is asked for patience", account=self._account.id, call=asked.sid)
            stand.spot = "patience"
            words = "" if asked.is_again else self._settings.patience
            return patience(words, asked.again(self._account.public_url))

    async def _tell(self, asked: Asked, deliver: Deliver) -> Scene | None:
        """Hand in what the question says; the scene after it. A caller nobody knows is reported first."""
        scene: Scene | None = None
        events = asked.events(self._tools.now())
        for event in events:
            scene = (await self._deliver(event, deliver)) or scene
        if scene is None and asked.call_id is None:
            for event in (parse.arrived(asked.form, self._tools.now()), *events):
                scene = (await self._deliver(event, deliver)) or scene
        return scene

    async def _deliver(self, event: ChannelEvent, deliver: Deliver) -> Scene | None:
        stored = await deliver(event)
        if isinstance(event, CallArrived):
            self._stands.met.put(event.external_id, True)
            if not stored.repeated:
                self._stands.of(event.external_id).whole = True
        return stored.scene

    async def _leg(self, asked: Asked, deliver: Deliver) -> None:
        """A leg that we called: it rings, was answered, or is over."""
        signal = parse.leg_signal(asked.status, asked.sid, asked.leg_id, asked.form.get("To", ""))
        if parse.is_over(asked.status):
            self._stands.over.put(asked.sid, True)
        elif asked.sid in self._stands.over:
            # What comes late changes nothing any more.
            return
        if signal is not None and asked.call_id is not None:
            at = parse.moment_of(asked.form) or self._tools.now()
            await deliver(CallReported(signal=signal, key=parse.key_of(asked.form), at=at, call_id=asked.call_id))

    async def _status(self, asked: Asked, deliver: Deliver) -> None:
        """A caller's call is over. One that never reached us gets its record now."""
        if not parse.is_over(asked.status):
            return
        self._stands.over.put(asked.sid, True)
        at = parse.moment_of(asked.form) or self._tools.now()
        over = CallReported(signal=parse.ended(asked.status), key=parse.key_of(asked.form), at=at, call=asked.external)
        if (await deliver(over)).scene is None and asked.form.get("Direction", "inbound") == "inbound":
            await deliver(parse.arrived(asked.form, at - parse.duration_of(asked.form)))
            await deliver(over)

    # --- what the hub wants ----------------------------------------------------------------------------

    async def arrange(self, scene: Scene, deliver: Deliver, /) -> None:
        """Bring Twilio to what the scene says; an older one than was brought about already changes nothing."""
        stand = self._stands.of_scene(scene)
        async with stand.turn:
            if scene.version < stand.version:
                return
            self._reconciler.saw(scene)
            work = Arranging(
                api=self._api, dialler=self._dialler, stands=self._stands, now=self._tools.now,
                scene=scene, stand=stand, ways=self._ways_of(scene), deliver=deliver,
            )  # fmt: skip
            await work.bring()
            stand.version = scene.version

    async def lend(self, wanted: PhoneWanted, /) -> PhonePass:
        """A token for one tab, good for an hour, that takes calls and makes none. Raises Refused without an API key.

        A stand-in of Twilio answers in the tab's place and needs none: `stand_in` says that the tab carries no sound.
        """
        until = self._tools.now() + LENT
        identity = softphone(wanted.agent_id, wanted.device)
        facts: dict[str, Any] = {"identity": identity}
        if self._settings.api_sid:
            facts["token"] = voice_token(self._settings, identity, until=until)
        elif self._settings.is_twilios:
            raise Refused("Talking in the browser needs an API key of the Twilio account.")
        if not self._settings.is_twilios:
            facts["stand_in"] = True
        return PhonePass(media="twilio", facts=facts, expires_at=until)

    async def connect(self, phone: PhoneSocket, /) -> None:
        """Twilio's softphones have a socket of their own."""
        raise Refused("Twilio's softphones connect to Twilio.")

    async def listen(self, deliver: Deliver, /) -> None:
        """Fetch recordings as they come; ask for what was not told: of live calls soon, of all every five minutes."""
        await together(
            partial(self._reconciler.rounds, deliver),
            partial(self._reconciler.glances, deliver),
            partial(self._library.fetching, deliver),
        )

    async def reconcile(self, deliver: Deliver) -> None:
        """One look at Twilio's lists."""
        await self._reconciler.round(deliver)

    async def glance(self, deliver: Deliver) -> None:
        """One glance at live calls, if they need one now."""
        await self._reconciler.glance(deliver)

    async def fetch_recordings(self, deliver: Deliver) -> None:
        """Fetch what has been told of, once."""
        await self._library.fetch(deliver)

    @property
    def library(self) -> Library:
        """Where recordings are fetched."""
        return self._library

    # --- addresses -------------------------------------------------------------------------------------

    def _stand(self, asked: Asked) -> Stand:
        return self._stands.of(asked.sid if asked.call_id is None else our_key(asked.call_id))

    def _ways_of(self, scene: Scene) -> Ways:
        music = self._settings.music
        if scene.music_file_id is not None:
            music = self._tools.files.link(FileRef(scene.music_file_id))
        file_id = None if scene.prompt is None else scene.prompt.file_id
        return Ways(
            public=self._account.public_url,
            room=f"{self._account.public_key}-{scene.call_id}",
            call_id=scene.call_id if scene.direction is Direction.OUT else None,
            turn=f"{self._tools.now():x}-{next(self._turns)}",
            music=music,
            prompt_sound="" if file_id is None else self._tools.files.link(FileRef(file_id)),
        )

    def _ways(self, call_id: int | None, stand: Stand) -> Ways:
        return Ways(public=self._account.public_url, room="", call_id=call_id, turn="", music="")


def _nobody(asked: Asked) -> Scene:
    """The scene of a call that nobody knows: it is over."""
    return Scene(
        call_id=asked.call_id or 0, version=0, direction=Direction.IN, external_id=ExternalId(asked.sid), over=True
    )


def _twiml(text: str) -> WebhookReply:
    return WebhookReply(text, content_type="text/xml")


@asynccontextmanager
async def open_voice(account: Account, tools: Tools) -> AsyncIterator[Channel]:
    """Open the account; there is no connection to keep."""
    yield TwilioVoice(account, _settings(account), tools)


async def examine_voice(account: Account, tools: Tools) -> Sequence[Finding]:
    """Whether the credentials work, the number is the account's, and its calls come to us."""
    return await examine(account, _settings(account), tools)


def _settings(account: Account) -> VoiceSettings:
    assert isinstance(account.settings, VoiceSettings), "the registry hands each channel its own settings"
    return account.settings
