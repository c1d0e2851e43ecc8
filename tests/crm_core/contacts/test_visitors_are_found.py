from __future__ import annotations

from crm_core.contacts import queries
from crm_core.contacts.visitors import Arriving, welcome
from crm_core.store.database import Database


async def test_a_visitor_is_found_by_the_name_they_gave_last(db: Database) -> None:
    arriving = Arriving(account_id=1, scope="shop", token=None, proven=None, name="Mykola", facts={})
    visitor = await db.write(welcome, arriving)
    assert await db.read(queries.ids_named, "mykola") == [visitor.identity_id]
    again = Arriving(account_id=1, scope="shop", token=visitor.token, proven=None, name="Nick", facts={})
    await db.write(welcome, again)
    assert await db.read(queries.ids_named, "mykola") == []
    assert await db.read(queries.ids_named, "nick") == [visitor.identity_id]
