from __future__ import annotations

import asyncio

import pytest

from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.signals import HungUp, RecordingWished, TransferDone, TransferWished
from crm_core.words.values.calls import CallOutcome, CallState, KeptState, RecordingState
from tests.channels.asterisk.house import QUIET, House, loudness
from tests.peers.sipp import caller, telephone

pytestmark = pytest.mark.long

SECOND = 1_000


class TestRecordings:
    @pytest.fixture
    def plan(self) -> CallPlan:
        return CallPlan(queue_id=1, record=True)

    async def test_both_sides_are_recorded_and_the_recording_is_kept_by_us_alone(self, house: House) -> None:
        with telephone(talks=True) as desk, caller(house.asterisk.sip_port, "+380445556677", stays=7_000):
            house.asterisk.make_telephone("401", desk.port)
            await house.take(930, "401")
            await house.until(lambda: house.call.outcome is CallOutcome.ANSWERED)
            await house.until(lambda: [one.state for one in house.call.recordings] == [KeptState.STORED])
            kept = house.call.recordings[0]
            assert kept.file_id is not None
            assert loudness(house.bench.files.contents[kept.file_id]) > QUIET
            assert kept.duration is not None
            assert abs(kept.duration - house.call.talk) < 1_500
            assert await house.ari("GET", "/recordings/stored") == []

    async def test_a_pause_is_not_in_it_and_a_transfer_does_not_end_it(self, house: House) -> None:
        with telephone() as first, house.trunk(), caller(house.asterisk.sip_port, "+380445556677"):
            house.asterisk.make_telephone("402", first.port)
            contact, agent = await house.take(931, "402")
            await house.until(lambda: house.call.recordings[0].external_id)
            label = house.call.recordings[0].external_id
            house.do(RecordingWished(agent_id=3, on=False))
            await house.until_recording(label, "paused")
            assert house.call.recording is RecordingState.PAUSED
            house.do(RecordingWished(agent_id=3, on=True))
            await house.until_recording(label, "recording")
            house.do(TransferWished(agent_id=3, leg_id=932, attended=True, to_number="+380671112233"))
            third = house.named("leg", 932)
            await house.until_in(house.named("room"), agent, third)
            house.do(TransferDone(agent_id=3))
            await house.until_in(house.named("room"), contact, third)
            await house.until_recording(label, "recording")
            assert len(house.call.recordings) == 1

    async def test_a_recording_that_cannot_be_stored_now_is_brought_later(self, house: House) -> None:
        with telephone(talks=True) as desk, caller(house.asterisk.sip_port, "+380445556677"):
            house.asterisk.make_telephone("403", desk.port)
            await house.take(933, "403")
            await house.until(lambda: house.call.recordings[0].external_id)
            label = house.call.recordings[0].external_id
            await house.connection_lost()
            house.do(HungUp(agent_id=3))
            await house.ari("POST", f"/recordings/live/{label}/stop")
            await house.connection_back()
            await house.until(lambda: [one.state for one in house.call.recordings] == [KeptState.STORED])
            await house.until_gone()


class TestVoicemail:
    @pytest.fixture
    def plan(self) -> CallPlan:
        return CallPlan(then="voicemail")

    async def test_after_the_prompt_and_the_tone_a_message_is_taken(self, house: House) -> None:
        with caller(house.asterisk.sip_port, "+380445556677"):
            await house.until_state(CallState.VOICEMAIL)
            seq = house.call.prompt_seq
            await house.until_recording(house.named("mail", seq), "recording")
            # They speak.
            await asyncio.sleep(2)
        # The caller lost power; Asterisk is told what any provider would tell it.
        await house.ari("DELETE", f"/channels/{house.call.external_id}")
        await house.until(lambda: [one.state for one in house.call.recordings] == [KeptState.STORED])
        assert house.call.recordings[0].is_voicemail
        assert house.bench.files.names[house.call.recordings[0].file_id or 0] == "voice-message.wav"
        assert house.call.outcome is CallOutcome.VOICEMAIL
