"""The command `hub`: what there is, by name. Each command is imported when it is called, and nothing else is."""

from __future__ import annotations

import sys
from typing import Final

import cyclopts

from crm_core.words.errors import HubError

COMMANDS: Final = {
    "serve": ("serving:serve_command", "Run the hub, with the settings of the HUB_ variables."),
    "demo": ("showing:demo_command", "Run the hub with demo people, a sample shop and one-time sign-in links."),
    "migrate": ("database:migrate", "Bring the database to the newest version. `hub serve` does it too."),
    "settings": ("settings:settings_command", "Every setting with its value and what it is for."),
    "doctor": ("examining:doctor", "Check the set-up and say in words what is wrong and what to do."),
    "bench": ("measuring:bench", "Measure the hub against limits of this machine, measured in the same run."),
    "parse": ("reading:parse", "Print what stored messages say: for asking why a message was read so."),
    "protocol": ("protocol:protocol", "Check that the TypeScript of the protocol is in step, or write it anew."),
    "user": ("users:user", "People of yours: agents, supervisors, administrators."),
}
"""Where below hub.commands each stands, and what `hub --help` says of it."""

app = cyclopts.App(name="hub", help="Switchboard: an omnichannel contact-centre hub.", version_flags=["--version"])
for _name, (_place, _says) in COMMANDS.items():
    app.command(f"hub.commands.{_place}", name=_name, help=_says)


def main() -> None:
    """Run the command line; errors are sentences on standard error, exit code 1."""
    try:
        app()
    except HubError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"The hub could not go on: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
