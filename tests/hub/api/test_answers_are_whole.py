"""The API says of a thing what the live socket says of it: a console may read either."""

from __future__ import annotations

import msgspec
import pytest

from crm_core.words import values
from hub.api.models import agents, calls, configuration, conversations
from hub.api.models.shapes import Shown


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (agents.Agent, values.AgentValue),
        (calls.CallLine, values.CallLine),
        (calls.Leg, values.LegValue),
        (calls.PhoneCall, values.CallValue),
        (calls.Recording, values.RecordingValue),
        (configuration.Queue, values.QueueValue),
        (configuration.QueueVoice, values.QueueVoice),
        (configuration.WaitingStep, values.WaitingStep),
        (conversations.Conversation, values.ConversationValue),
        (conversations.Details, values.EntryDetails),
        (conversations.Entry, values.EntryValue),
        (conversations.Offer, values.OfferValue),
    ],
    ids=lambda one: one.__name__,
)
def test_an_answer_leaves_out_nothing_that_the_socket_tells(shown: type[Shown], told: type[msgspec.Struct]) -> None:
    assert set(told.__struct_fields__) - set(shown.model_fields) == set()
