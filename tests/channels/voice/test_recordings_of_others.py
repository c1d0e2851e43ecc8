"""A Twilio account may serve other programs, whose recordings are none of ours."""

from __future__ import annotations

from channels.twilio.calls import RecordingRecord
from crm_core.calls.rules.call import CallPlan
from crm_core.words.values.calls import KeptState
from tests.channels.calling import QUEUE, CallDesk
from tests.channels.voice.bench import town

RECORDED = CallPlan(queue_id=QUEUE, record=True)


async def test_a_recording_is_fetched_only_once_its_call_is_known_to_be_ours() -> None:
    async with town(plan=RECORDED) as it:
        caller, _, call = await it.talks()
        await it.wait(5)
        it.cloud.exchange.habits.silent = True
        await it.does(caller.hang_up())
        await it.restart()
        [kept] = it.cloud.exchange.recordings
        listed = RecordingRecord(sid=kept.sid, call=kept.call.sid, status="completed", source="", duration=5_000)
        strangers = CallDesk(it.clock)
        await it.channel.library.missed([listed], strangers)
        await it.channel.fetch_recordings(strangers)
        assert not it.bench.files.contents
        assert not any(path.endswith(".wav") for _, path, _ in it.cloud.asked)
        await it.channel.library.missed([listed], it.desk)
        await it.channel.fetch_recordings(it.desk)
        assert it.desk.calls[call.id].recordings[0].state is KeptState.STORED
