"""Channel accounts as administrators set them up: settings checked by the channel itself, secrets told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr, ValidationError

from channels.contract import Manifest
from crm_core.accounts import actions, queries
from crm_core.accounts.actions import AccountChange, NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.conversations import timeline
from crm_core.store.transaction import Tx
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import AccountValue
from crm_core.work import music
from hub.desk import manners
from hub.desk.fitting import Unfitting


def add(tx: Tx, actor: Actor, sealer: Sealer, manifests: Mapping[str, Manifest], new: NewAccount) -> AccountValue:
    """
    Add an account of one of the channels. `new.settings` holds plain and secret ones together.

    Raises Denied, Invalid for settings that the channel does not take.
    """
    actor.must(Permission.CONFIGURE)
    plain, secrets = checked(_manifest(manifests, new.kind), new.settings)
    told_apart = NewAccount(kind=new.kind, name=new.name, queue_id=new.queue_id, settings=plain, secrets=secrets)
    return actions.add(tx, actor, sealer, told_apart)


# house: parameters because an account is changed by somebody, with a key, for a channel
def change(
    tx: Tx, actor: Actor, sealer: Sealer, manifests: Mapping[str, Manifest], account_id: int, wanted: AccountChange
) -> AccountValue:
    """
    Change an account. Settings that are not named stay as they are, secret ones too.

    Raises Denied, NotFound, Conflict, Invalid for settings that the channel does not take, and for settings that
    would make it another mailbox, bot or number once it has brought anything.
    """
    actor.must(Permission.CONFIGURE)
    if wanted.settings is None:
        return actions.change(tx, actor, sealer, account_id, wanted)
    known = queries.row(tx, account_id)
    before = {**(known.settings or {}), **sealer.unseal(known.sealed)}
    manifest, merged = _manifest(manifests, known.kind), {**before, **wanted.settings}
    plain, secrets = checked(manifest, merged)
    if _is_another(manifest, before, merged) and _has_history(tx, account_id):
        raise Invalid(
            "This would be another mailbox, bot or number: add it as an account of its own.", why="another_account"
        )
    told_apart = AccountChange(
        version=wanted.version,
        name=wanted.name,
        queue_id=wanted.queue_id,
        settings=plain,
        # Only what is new: the provider may change one of the others at this moment.
        secrets={name: secret for name, secret in secrets.items() if secret != before.get(name, "")},
        disabled=wanted.disabled,
    )
    return actions.change(tx, actor, sealer, account_id, told_apart)


def set_manner(tx: Tx, actor: Actor, account_id: int, manner: Mapping[str, Any]) -> AccountValue:
    """Set how an account behaves without anybody. Raises Denied, NotFound, Invalid."""
    actor.must(Permission.CONFIGURE)
    wanted = manners.checked(manner)
    if wanted.fallback_account_id is not None:
        queries.row(tx, wanted.fallback_account_id)
    for files in wanted.calls.recorded.values():
        for file_id in files.values():
            music.must_be_music(tx, actor, file_id)
    return actions.set_manner(tx, account_id, wanted.model_dump(mode="json"))


@dataclass(frozen=True, slots=True)
class ToExamine:
    """Settings that are whole, ready to be tried out."""

    manifest: Manifest
    settings: Mapping[str, Any] = field(repr=False)
    public_key: str = ""
    account_id: int = 0


def to_examine(
    tx: Tx, sealer: Sealer, manifests: Mapping[str, Manifest], asked: tuple[str, Mapping[str, Any], int | None]
) -> ToExamine:
    """(kind, settings, account id) made whole with the account's own secrets. Raises NotFound, Invalid."""
    kind, given, account_id = asked
    manifest = _manifest(manifests, kind)
    if account_id is None:
        checked(manifest, given)
        return ToExamine(manifest, given)
    known = queries.row(tx, account_id)
    if known.kind != kind:
        raise Invalid("This account is of another kind.")
    merged = {**(known.settings or {}), **sealer.unseal(known.sealed), **given}
    checked(manifest, merged)
    return ToExamine(manifest, merged, known.public_key, account_id)


def checked(manifest: Manifest, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The plain settings and the secret ones. Raises Invalid, naming the settings and never what was given."""
    unknown = sorted(set(given) - set(manifest.settings.model_fields))
    if unknown:
        raise Invalid(f"{manifest.title} has no setting {unknown[0][:60]!r}.")
    try:
        settings = manifest.settings.model_validate(dict(given))
    except ValidationError as error:
        raise Unfitting("The settings are not right.", error, within="settings") from None
    values = {name: getattr(settings, name) for name in manifest.settings.model_fields}
    secrets = {name: value.get_secret_value() for name, value in values.items() if isinstance(value, SecretStr)}
    hidden = {name for name, field in manifest.settings.model_fields.items() if _is_secret(field.annotation)}
    plain = settings.model_dump(mode="json", exclude=hidden | set(secrets))
    return plain, secrets


def _is_another(manifest: Manifest, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether other messages would come by it; what was not told before is no difference."""
    if manifest.identity is None:
        return False
    try:
        known = manifest.identity(manifest.settings.model_validate(dict(before)))
    except ValidationError:
        return False
    wanted = manifest.identity(manifest.settings.model_validate(dict(after)))
    return any(known[name] != wanted[name] for name in known.keys() & wanted.keys())


def _has_history(tx: Tx, account_id: int) -> bool:
    return queries.has_heard(tx, account_id) or timeline.came_by(tx, account_id)


def _is_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_is_secret(part) for part in getattr(annotation, "__args__", ()))


def _manifest(manifests: Mapping[str, Manifest], kind: str) -> Manifest:
    found = manifests.get(kind)
    if found is None:
        raise Invalid("There is no such channel.")
    return found
