"""The table of screens. A new screen is one line: its name, who sees it, in which world, and the steps to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.screenshots.ordinary import ADA, ANNA, BEN, MILA, NILS, SOFIA
from tests.screenshots.overfull import EMOJI_NAME, LONG_NAME, NO_BREAKS, RTL_NAME
from tests.screenshots.steps import (
    Step,
    agent_types,
    at,
    attach,
    button,
    button_like,
    chat,
    choose,
    contact_panel,
    conversation,
    in_chat,
    key_in,
    line_cut,
    link,
    night_chat,
    page_at,
    press,
    refused,
    scroll_up,
    sees,
    shop,
    write,
)

NOBODY: Final = ""
JONAS: Final = "Jonas Weber"
TOMAS: Final = "Tomás Herrera"
LINA: Final = "李娜"
GRETA: Final = "Greta Lindholm"
EMMA: Final = "Emma Larsen"
CLARA: Final = "Clara Winter"
DANA: Final = "Dana Novák"
FINN: Final = "Finn Ahlgren"
LENA: Final = "Lena Waldvogel-Oberndorfer"


@dataclass(frozen=True)
class Screen:
    """One thing to look at. `steps` lead there from an empty tab of `who`."""

    name: str
    who: str
    steps: tuple[Step, ...]
    world: str = "ordinary"


def usual(name: str, who: str, *steps: Step) -> Screen:
    """A screen of a usual morning."""
    return Screen(name, who, steps)


def full(name: str, who: str, *steps: Step) -> Screen:
    """The same with far too much in it."""
    return Screen(f"{name}-overfull", who, steps, "overfull")


SCREENS: Final = (
    # Coming in.
    usual("sign-in", NOBODY, page_at("/console/"), sees("Sign in")),
    usual(
        "sign-in-incomplete",
        NOBODY,
        page_at("/console/"),
        write("E-mail", "anna@demo.example"),
        press("Tab"),
        sees("Sign in"),
    ),
    usual("sign-in-link", NOBODY, refused("/sign-in/link_that_was_used", 410), sees("Sign in")),
    # The list.
    usual("mine", ANNA, at("mine")),
    usual("mine-empty", NILS, at("mine")),
    usual("queue", ANNA, at("queue")),
    usual("queue-empty", NILS, at("queue")),
    usual("unassigned", SOFIA, at("unassigned")),
    usual("mentions", ANNA, at("mentions")),
    usual("snoozed", ANNA, at("snoozed")),
    usual("all", SOFIA, at("all")),
    usual("closed", ANNA, at("closed")),
    usual("list-filter", ANNA, at("all"), button("Filter")),
    usual("list-sort", ANNA, at("all"), button_like("^Sort")),
    usual("list-filtered-empty", ANNA, at("mine?tag=nothing")),
    full("queue", ANNA, at("queue")),
    full("all", SOFIA, at("all")),
    full("list-filter", ANNA, conversation(LONG_NAME), press("Escape"), button("Filter")),
    # A conversation.
    usual("conversation", ANNA, conversation(JONAS, "mine")),
    usual("conversation-visitor", ANNA, conversation(DANA, "mine")),
    usual("conversation-waiting", ANNA, conversation(EMMA, "queue")),
    usual("conversation-cyrillic", ANNA, conversation("Ірина Коваль", "mine")),
    usual("conversation-mention", ANNA, conversation(LINA, "mentions")),
    usual("conversation-snoozed", ANNA, conversation("Hannah Schmidt", "snoozed")),
    usual("conversation-closed", ANNA, conversation("Piotr Zieliński", "closed")),
    full("conversation", ANNA, conversation(LONG_NAME)),
    full("conversation-top", ANNA, conversation(LONG_NAME), scroll_up()),
    full("conversation-rtl", ANNA, conversation(RTL_NAME)),
    full("conversation-emoji", ANNA, conversation(EMOJI_NAME)),
    # Writing.
    usual("composer-reply", ANNA, conversation(TOMAS), write("Reply", "Keep it, please.\nIt is a present.")),
    usual("composer-note", ANNA, conversation(TOMAS), button("Note"), write("Note", "Shelf 14 again.")),
    usual("composer-canned", ANNA, conversation(LINA), press("r"), key_in("/")),
    usual("composer-mention", ANNA, conversation(LINA), press("n"), key_in("@")),
    usual("composer-file", ANNA, conversation(LINA), attach("shelf-14.png")),
    usual("composer-menu", ANNA, conversation(JONAS), button("How I write")),
    usual("line-cut", ANNA, conversation(JONAS), line_cut()),
    full("composer", ANNA, conversation(EMOJI_NAME), write("Reply", NO_BREAKS * 20)),
    full("composer-canned", ANNA, conversation(RTL_NAME), press("r"), key_in("/")),
    full("composer-mention", ANNA, conversation(RTL_NAME), press("n"), key_in("@")),
    # What can be done with it.
    usual("assign", ANNA, conversation(JONAS), button_like("^Assign")),
    usual("snooze", ANNA, conversation(JONAS), button("Snooze")),
    usual("snooze-dialog", ANNA, conversation(JONAS), button("Snooze"), choose("Choose a time…")),
    usual("close-dialog", ANNA, conversation(JONAS), button("Close")),
    usual("more", ANNA, conversation(JONAS), button("More")),
    usual("tags-dialog", ANNA, conversation(JONAS), button("More"), choose("Tags")),
    usual("why-here", SOFIA, conversation(JONAS, "all"), button("More"), choose("Why here?")),
    full("assign", ANNA, conversation(LONG_NAME), button_like("^Assign")),
    full("close-dialog", ANNA, conversation(LONG_NAME), button("Close")),
    full("tags-dialog", ANNA, conversation(LONG_NAME), button("More"), choose("Tags")),
    # The contact.
    usual("contact", ANNA, conversation(JONAS), contact_panel()),
    usual("contact-stranger", ANNA, conversation(EMMA), contact_panel()),
    usual("contact-pick", ANNA, conversation(EMMA), contact_panel(), button("I know who this is…")),
    full("contact", ANNA, conversation(LONG_NAME), contact_panel()),
    usual("contact-lead", ANNA, conversation(GRETA, "queue"), contact_panel()),
    usual("contact-merge", ANNA, conversation(JONAS), contact_panel(), button("Merge with…")),
    # Leads.
    usual("leads", ANNA, at("leads")),
    usual("leads-empty", NILS, at("leads")),
    usual("leads-filter", ANNA, at("leads"), button("Filter")),
    usual("lead", ANNA, at("leads"), link(GRETA)),
    usual("lead-qualify", ANNA, at("leads"), link(GRETA), button("Qualify…")),
    usual("lead-disqualify", ANNA, at("leads"), link(GRETA), button("Disqualify…")),
    usual("lead-nurture", ANNA, at("leads"), link(GRETA), button("More about this lead"), choose("Put off until…")),
    usual("lead-duplicate", ANNA, at("leads"), link(GRETA), button("More about this lead"), choose("Duplicate of…")),
    usual("lead-spam", ANNA, at("leads"), link(GRETA), button("More about this lead"), choose("Mark as spam…")),
    # Everywhere.
    usual("offer", BEN, at("mine"), sees("Accept")),
    usual("missed", MILA, at("mine"), sees("You missed")),
    usual("state", ANNA, at("mine"), button_like("^My state")),
    usual("me", ANNA, at("mine"), button_like("My menu$")),
    usual("search", ANNA, at("mine"), press("Control+k")),
    usual("search-found", ANNA, at("mine"), press("Control+k"), key_in("pot")),
    usual("search-nothing", ANNA, at("mine"), press("Control+k"), key_in("qwxz")),
    usual("search-commands", ANNA, at("mine"), press("Control+k"), key_in(">")),
    usual("help", ANNA, at("mine"), press("?")),
    full("offer", BEN, at("mine"), sees("Accept")),
    full("search", ANNA, at("mine"), press("Control+k"), key_in("wilhelmina")),
    # Settings.
    usual("settings-me", ANNA, at("settings/me")),
    usual("settings-bell", ANNA, at("settings/bell")),
    usual("settings-sessions", ANNA, at("settings/sessions")),
    usual("settings-tokens", ADA, at("settings/tokens")),
    usual("settings-token-new", ADA, at("settings/tokens"), button("Make a token")),
    usual("settings-live", SOFIA, at("settings/live")),
    usual("settings-canned", SOFIA, at("settings/canned")),
    usual("settings-canned-new", SOFIA, at("settings/canned"), button("Add a canned reply")),
    usual("settings-agents", ADA, at("settings/agents")),
    usual("settings-agent", ADA, at("settings/agents"), button(f"Change {BEN}")),
    usual("settings-agent-lock", ADA, at("settings/agents"), button(f"Lock {NILS} out")),
    usual("settings-queues", ADA, at("settings/queues")),
    usual("settings-queue", ADA, at("settings/queues"), button("Change Shop")),
    usual("settings-dispositions", ADA, at("settings/dispositions")),
    usual("settings-channels", ADA, at("settings/channels")),
    usual("settings-channel", ADA, at("settings/channels"), button("Change Shop")),
    usual("settings-channel-email", ADA, at("settings/channels"), button("Add a channel"), choose("E-mail")),
    usual("settings-channel-off", ADA, at("settings/channels"), button("Turn Shop off")),
    usual("settings-hours", ADA, at("settings/channels"), button("Hours and greetings of Shop")),
    usual("settings-embed", ADA, at("settings/channels"), button("How Shop comes onto a page")),
    full("settings-live", SOFIA, at("settings/live")),
    full("settings-agents", ADA, at("settings/agents")),
    full("settings-agent-new", ADA, at("settings/agents"), button("Add an agent")),
    full("settings-queues", ADA, at("settings/queues")),
    full("settings-canned", SOFIA, at("settings/canned")),
    full("settings-dispositions", ADA, at("settings/dispositions")),
    # The customer's side.
    usual("shop", NOBODY, shop()),
    usual("widget-form", NOBODY, chat()),
    usual("widget-form-wrong", NOBODY, chat(), in_chat("button", "Start chat")),
    usual("widget-nobody-there", NOBODY, night_chat()),
    usual("widget-waiting", CLARA, chat()),
    usual("widget-chat", DANA, chat()),
    usual("widget-typing", DANA, chat(), agent_types(ANNA, DANA)),
    usual("widget-ended", FINN, chat()),
    usual("widget-left-side", DANA, chat("?open&side=left&title=Plants")),
    usual("widget-ukrainian", NOBODY, chat("?open&language=uk")),
    full("widget-chat", LENA, chat()),
    full("widget-writing", LENA, chat(), in_chat("textbox", "Write a message", NO_BREAKS * 4)),
    # The API's readable page.
    usual("api", NOBODY, page_at("/api/docs")),
)
