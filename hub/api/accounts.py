"""Channel accounts and the kinds there are. Secrets are written and never read."""

from __future__ import annotations

from crm_core.accounts import queries
from crm_core.accounts.actions import AccountChange, NewAccount
from hub.api.call import Call
from hub.api.models import configuration as models
from hub.api.models.configuration import Account, Channel
from hub.api.models.shapes import ListOf
from hub.api.models.ways import Examining, Findings, MannerChange
from hub.desk import channel_accounts


async def listed(call: Call) -> ListOf[Account]:
    """All channel accounts, disabled ones too, without their secrets."""
    return ListOf[Account](items=[Account.model_validate(value) for value in await call.read(queries.accounts)])


async def get(call: Call, account_id: int) -> Account:
    """One channel account without its secrets."""
    return Account.model_validate(await call.read(queries.account, account_id))


async def add(call: Call, body: models.NewAccount) -> Account:
    """Add a channel account. Its settings are checked by the channel."""
    house, new = call.house, NewAccount(**body.model_dump())
    return await call.write(
        Account.model_validate, channel_accounts.add, call.actor, house.sealer, house.accounts.manifests, new
    )


async def change(call: Call, account_id: int, body: models.AccountChange) -> Account:
    """Change a channel account; it is opened anew. Settings not named stay, secret ones too."""
    house, wanted = call.house, AccountChange(**body.model_dump())
    return await call.write(
        Account.model_validate,
        channel_accounts.change,
        call.actor,
        house.sealer,
        house.accounts.manifests,
        account_id,
        wanted,
    )


async def set_manner(call: Call, account_id: int, body: MannerChange) -> Account:
    """Set the hours, greetings and absence notes of an account, all of them."""
    return await call.write(Account.model_validate, channel_accounts.set_manner, call.actor, account_id, body.manner)


async def examine(call: Call, body: Examining) -> Findings:
    """Try settings out, step by step, before they are used: what works, and what is wrong."""
    house = call.house
    ready = await call.read(
        channel_accounts.to_examine, house.sealer, house.accounts.manifests, (body.kind, body.settings, body.account_id)
    )
    found = await house.examiner.examine(ready.manifest, ready.settings, ready.public_key, ready.account_id)
    return Findings.model_validate({"findings": found})


async def channels(call: Call) -> ListOf[Channel]:
    """The kinds of channel accounts that can be made, with the schema of their settings."""
    return ListOf[Channel](
        items=[
            Channel(kind=kind, title=found.title, medium=found.medium, settings=found.settings.model_json_schema())
            for kind, found in sorted(call.house.accounts.manifests.items())
        ]
    )
