"""What a person recorded is played instead of a synthetic voice, to whoever hears just those words."""

from __future__ import annotations

import pytest

from crm_core.accounts import actions as accounts
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.files import actions as files
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind, Role
from crm_core.work import music
from hub.desk import channel_accounts
from hub.desk.calls import plans
from hub.desk.manners import CallManner, Manner
from tests.hub.desk.scene import Scene

BOSS = Actor(77, "Boss", Role.ADMINISTRATOR)
SAID = {"en": "Welcome.", "uk": "Вітаємо."}


def upload(tx: Tx, kind: str) -> int:
    new = files.NewFile(
        name="a", type=kind, size=9, sha256="0" * 64, stored_as=kind,
        uploader_kind=AuthorKind.AGENT, uploader_id=BOSS.agent_id,
    )  # fmt: skip
    return files.add(tx, new).id


@pytest.mark.parametrize(("language", "played"), [("en", 5), ("en-GB", 5), ("uk", None), ("de", 5), ("", 5)])
def test_a_recording_goes_with_the_words_of_its_language(language: str, played: int | None) -> None:
    calls = CallManner(greeting=SAID, recorded={"greeting": {"en": 5}, "voicemail_greeting": {"en": 6}})
    plan = plans.plan(Manner(calls=calls), None, language, 0)
    [greeting] = [prompt for prompt in plan.opening if prompt.code == "greeting"]
    assert greeting.file_id == played
    assert greeting.text == SAID["uk" if language == "uk" else "en"]
    # Nobody worded this one: the house's own words are not what was recorded.
    assert plan.voicemail_prompt is not None
    assert plan.voicemail_prompt.file_id is None


async def test_recorded_words_are_kept_while_an_account_has_them_and_are_sounds(scene: Scene) -> None:
    sound, picture = [await scene.db.write(upload, kind) for kind in ("audio/wav", "image/png")]
    new = NewAccount(kind="webchat", name="Shop")
    account_id = (await scene.db.write(accounts.add, None, Sealer(b"k" * 32), new)).id

    def manner(file_id: int) -> dict[str, object]:
        return {"calls": {"greeting": SAID, "recorded": {"greeting": {"en": file_id}}}}

    for wrong in (picture, 404):
        with pytest.raises(Invalid):
            await scene.db.write(channel_accounts.set_manner, BOSS, account_id, manner(wrong))
    await scene.db.write(channel_accounts.set_manner, BOSS, account_id, manner(sound))
    assert await scene.db.read(music.file_ids) == {sound}
    scene.clock.advance(DAY + 1)
    assert await scene.db.write(files.sweep_unused) == ["image/png"]
    await scene.db.write(channel_accounts.set_manner, BOSS, account_id, {"calls": {"greeting": SAID}})
    assert await scene.db.write(files.sweep_unused) == ["audio/wav"]
