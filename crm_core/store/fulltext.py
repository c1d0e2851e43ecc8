"""The full-text index: which entries and people have which terms. SQLite's FTS5 and PostgreSQL's GIN, one behaviour.

Terms come from `crm_core.words.terms`, so neither database's own idea of a word matters. Who may see what
is found is not known here: `crm_core.search` asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from sqlalchemy import text

from crm_core.store.prepared import ManyRows
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from crm_core.words.ids import LARGEST, first_at
from crm_core.words.terms import Term, is_cjk, terms_of

LEAST_PREFIX: Final = 3
"""Characters from which a word of a message is found by its beginning: shorter beginnings mean half the base."""
_WINDOWS: Final = (7 * DAY, 90 * DAY)
"""PostgreSQL looks at the newest rows first, since its index has no order of its own (PERFORMANCE.md, Queries)."""

Alternatives: TypeAlias = Sequence[Sequence[Term]]
"""Any of these, and of it every term."""

_SQLITE_ENTRY = ManyRows(text("INSERT INTO entry_search (rowid, words) VALUES (:id, :words)"))
_SQLITE_FORGET = ManyRows(text("DELETE FROM person_search WHERE rowid = :id"))
_SQLITE_PERSON = ManyRows(text("INSERT INTO person_search (rowid, words) VALUES (:id, :words)"))
_PG_ENTRY = ManyRows(
    text("INSERT INTO entry_search (id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[])))")
)
_PG_PERSON = ManyRows(
    text(
        "INSERT INTO person_search (id, words) VALUES (:id, array_to_tsvector(CAST(:words AS text[])))"
        " ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    )
)


def index_entries(tx: Tx, rows: Iterable[tuple[int, str]]) -> None:
    """Make new entries findable by their words: (entry id, text), each entry once."""
    if tx.is_sqlite:
        found = [{"id": i, "words": " ".join(terms)} for i, said in rows if (terms := terms_of(said))]
        _SQLITE_ENTRY.run(tx, found)
    else:
        _PG_ENTRY.run(tx, [{"id": i, "words": terms} for i, said in rows if (terms := terms_of(said))])


def index_again(tx: Tx, entry_id: int, before: str, after: str) -> None:
    """Make an entry findable by its new words in place of its old ones, which have to be exactly those it had."""
    old = terms_of(before)
    if not tx.is_sqlite:
        tx.execute(text("DELETE FROM entry_search WHERE id = :id"), {"id": entry_id})
    elif old:
        # The index keeps no words of its own: it is told which ones to take out.
        forget = "INSERT INTO entry_search (entry_search, rowid, words) VALUES ('delete', :id, :words)"
        tx.execute(text(forget), {"id": entry_id, "words": " ".join(old)})
    index_entries(tx, [(entry_id, after)])


def index_people(tx: Tx, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
    """Make contacts and identities findable: (id, terms), in place of those they had before."""
    kept = list(rows)
    if tx.is_sqlite:
        _SQLITE_FORGET.run(tx, [{"id": i} for i, _ in kept])
        _SQLITE_PERSON.run(tx, [{"id": i, "words": " ".join(terms)} for i, terms in kept])
    else:
        _PG_PERSON.run(tx, [{"id": i, "words": list(terms)} for i, terms in kept])


def entries_with(tx: Tx, alternatives: Alternatives, *, before: int | None, most: int) -> list[int]:
    """Ids of entries that have every term of any alternative, newest first, older than `before`."""
    wanted = [[_bounded(t) for t in terms] for terms in alternatives if terms]
    top = LARGEST if before is None else before
    if not wanted:
        return []
    if tx.is_sqlite:
        return _sqlite_ids(tx, "entry_search", _match(wanted), top, most)
    _plan_for_these_words(tx)
    for window in _WINDOWS:
        found = _pg_ids(tx, "entry_search", _tsquery(wanted), (first_at(tx.now - window), top), most)
        if len(found) >= most:
            return found
    return _pg_ids(tx, "entry_search", _tsquery(wanted), (0, top), most)


def people_with(tx: Tx, alternatives: Alternatives, *, most: int) -> list[int]:
    """Ids of contacts and identities that have every term of any alternative, newest first."""
    wanted = [terms for terms in alternatives if terms]
    if not wanted:
        return []
    if tx.is_sqlite:
        return _sqlite_ids(tx, "person_search", _match(wanted), LARGEST, most)
    _plan_for_these_words(tx)
    return _pg_ids(tx, "person_search", _tsquery(wanted), (0, LARGEST), most)


def _bounded(term: Term) -> Term:
    # A single Chinese character is a whole word, and is stored as the beginning of pairs.
    is_long = len(term.text) >= LEAST_PREFIX or is_cjk(term.text)
    return term if is_long else Term(term.text)


def _match(alternatives: Alternatives) -> str:
    return " OR ".join(
        "(" + " AND ".join(f'"{t.text}"*' if t.is_prefix else f'"{t.text}"' for t in terms) + ")"
        for terms in alternatives
    )


def _tsquery(alternatives: Alternatives) -> str:
    return " | ".join(
        "(" + " & ".join(f"'{t.text}':*" if t.is_prefix else f"'{t.text}'" for t in terms) + ")"
        for terms in alternatives
    )


def _plan_for_these_words(tx: Tx) -> None:
    # A plan made without knowing the words scans everything for one that nobody ever wrote: 25 s at 3 M messages.
    tx.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))


def _sqlite_ids(tx: Tx, table: str, match: str, top: int, most: int) -> list[int]:
    # FTS5 sums the lists of a MATCH in the order of rowid, so newest-first costs nothing extra.
    statement = text(
        f"SELECT rowid AS id FROM {table} WHERE {table} MATCH :match AND rowid < :top"  # noqa: S608
        " ORDER BY rowid DESC LIMIT :most"
    )
    return [r.id for r in tx.all(statement, {"match": match, "top": top, "most": most})]


def _pg_ids(tx: Tx, table: str, asked: str, between: tuple[int, int], most: int) -> list[int]:
    statement = text(
        f"SELECT id FROM {table} WHERE words @@ CAST(:asked AS tsquery) AND id >= :bottom AND id < :top"  # noqa: S608
        " ORDER BY id DESC LIMIT :most"
    )
    bottom, top = between
    return [r.id for r in tx.all(statement, {"asked": asked, "bottom": bottom, "top": top, "most": most})]
