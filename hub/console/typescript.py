"""Writes the console's TypeScript types from the Python structs, docs and all.

`python -m hub.console.typescript --write` writes `agent_ui/shared/protocol.gen.ts`; `--check` says by its exit
code whether the file is in step.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import inspect as shape

from crm_core.words.events import AnyEvent
from hub.console import protocol
from hub.console.protocol import CloseCode, FromClient, FromServer, Snapshot

TARGET: Final = Path(__file__).parents[2] / "agent_ui" / "shared" / "protocol.gen.ts"
_UNIONS: Final = {"AnyEvent": AnyEvent, "FromServer": FromServer, "FromClient": FromClient}
_HEAD: Final = """\
// Generated from hub/console/protocol.py and crm_core/words by `hub protocol --write`. Do not edit.
// Times are whole milliseconds since 1970-01-01 UTC; ids are whole numbers below 2^53.

"""


def generate() -> str:
    """The whole text of protocol.gen.ts."""
    structs, enums = _reachable()
    parts = [_constants()]
    parts += [_enum(enum) for enum in sorted(enums, key=_place)]
    parts += [_struct(struct) for struct in sorted(structs, key=lambda s: _place(s.cls))]
    parts += [_union(name, members) for name, members in _UNIONS.items()]
    return _HEAD + "\n".join(parts)


def is_in_step(path: Path = TARGET) -> bool:
    """Whether the file says what would be generated now."""
    return path.is_file() and path.read_text(encoding="utf-8") == generate()


def write(path: Path = TARGET) -> None:
    """Write the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(generate(), encoding="utf-8")


def _reachable() -> tuple[list[shape.StructType], list[type[Enum]]]:
    structs: dict[type, shape.StructType] = {}
    enums: dict[type[Enum], None] = {}
    waiting: list[shape.Type] = [shape.type_info(t) for t in (FromServer, FromClient, Snapshot)]
    while waiting:
        match waiting.pop():
            case shape.StructType() as struct if struct.cls not in structs:
                structs[struct.cls] = struct
                waiting.extend(field.type for field in struct.fields)
            case shape.EnumType(cls=cls):
                enums[cls] = None
            case other:
                waiting.extend(_inner(other))
    return list(structs.values()), list(enums)


def _inner(kind: shape.Type) -> Iterator[shape.Type]:
    match kind:
        case shape.UnionType(types=types):
            yield from types
        case shape.ListType(item_type=item):
            yield item
        case shape.DictType(key_type=key, value_type=value):
            yield key
            yield value
        case shape.Metadata(type=inner):
            yield inner


def _place(cls: type) -> tuple[int, int]:
    """Where a class stands in the sources: the order of the generated file."""
    rooms = ("marks", "calls", "timeline", "people", "cases", "house")
    values = (f"crm_core.words.values.{room}" for room in rooms)
    modules = ("crm_core.words.content", *values, "crm_core.words.events", protocol.__name__)
    return modules.index(cls.__module__), inspect.getsourcelines(cls)[1]


def _constants() -> str:
    codes = {name: code for name, code in vars(CloseCode).items() if not name.startswith("_")}
    lines = [
        f"export const PROTOCOL = {protocol.PROTOCOL};",
        f"export const WATCHED_ENTRIES = {protocol.WATCHED_ENTRIES};",
        f"export const MOST_WATCHED = {protocol.MOST_WATCHED};",
        "",
        *_doc(CloseCode.__doc__, ""),
        "export const CloseCode = {",
        *[f"  {name}: {code}," for name, code in codes.items()],
        "} as const;",
        "",
    ]
    return "\n".join(lines)


def _enum(enum: type[Enum]) -> str:
    members = " | ".join(json.dumps(member.value) for member in enum)
    words = [_own_doc(enum) or "", *(f"`{_value(enum, n)}`: {d}" for n, d in _field_docs(enum).items())]
    return "\n".join([*_doc("\n".join(w for w in words if w), ""), f"export type {enum.__name__} = {members};", ""])


def _value(enum: type[Enum], name: str) -> object:
    return enum[name].value


def _struct(struct: shape.StructType) -> str:
    from_client = struct.cls.__module__ == protocol.__name__ and struct.forbid_unknown_fields
    lines = [*_doc(_own_doc(struct.cls), ""), f"export interface {struct.cls.__name__} {{"]
    if struct.tag is not None:
        lines.append(f"  {struct.tag_field}: {json.dumps(struct.tag)};")
    docs = _field_docs(struct.cls)
    for field in struct.fields:
        lines += _doc(docs.get(field.name), "  ")
        optional = "?" if from_client and not field.required else ""
        lines.append(f"  {field.encode_name}{optional}: {_written(field.type)};")
    return "\n".join([*lines, "}", ""])


def _union(name: str, members: object) -> str:
    info = shape.type_info(members)
    assert isinstance(info, shape.UnionType), name
    return f"export type {name} =\n" + "\n".join(f"  | {_written(member)}" for member in info.types) + ";\n"


def _written(kind: shape.Type) -> str:
    match kind:
        case shape.StructType(cls=cls) | shape.EnumType(cls=cls):
            return str(cls.__name__)
        case shape.ListType(item_type=item):
            inner = _written(item)
            return f"({inner})[]" if " " in inner else f"{inner}[]"
        case shape.DictType(value_type=value):
            return f"Record<string, {_written(value)}>"
        case shape.UnionType() if kind == shape.type_info(AnyEvent):
            return "AnyEvent"
        case shape.UnionType(types=types):
            return " | ".join(_written(t) for t in types)
        case shape.LiteralType(values=values):
            return " | ".join(json.dumps(v) for v in values)
        case shape.Metadata(type=inner):
            return _written(inner)
        case _:
            return _PLAIN[type(kind)]


_PLAIN: Final[dict[type, str]] = {
    shape.IntType: "number",
    shape.FloatType: "number",
    shape.StrType: "string",
    shape.BoolType: "boolean",
    shape.NoneType: "null",
    shape.AnyType: "unknown",
    shape.CustomType: "unknown",
}


def _own_doc(cls: type) -> str | None:
    return cls.__dict__.get("__doc__")


@cache
def _field_docs(cls: type) -> dict[str, str]:
    """The text that stands below a field or a member."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(tree, ast.ClassDef)
    docs: dict[str, str] = {}
    for named, below in zip(tree.body, tree.body[1:], strict=False):
        match named, below:
            case (
                (ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)])),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                docs[name] = words
    return docs


def _doc(words: str | None, indent: str) -> list[str]:
    if not words:
        return []
    lines = inspect.cleandoc(words).splitlines()
    if len(lines) == 1:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *[f"{indent} * {line}".rstrip() for line in lines], f"{indent} */"]


def main(arguments: list[str]) -> int:
    """`--write` or `--check`; the exit code."""
    if arguments == ["--write"]:
        write()
        return 0
    if arguments != ["--check"]:
        sys.stderr.write("usage: python -m hub.console.typescript --write | --check\n")
        return 2
    if is_in_step():
        return 0
    sys.stderr.write(f"{TARGET.name} is out of step; write it with `hub protocol --write`.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
