"""What code may not do, seen in its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from tests.house.house import Breach, House, Source, dotted, full_name, imports_of

CLOCKS: Final = {
    *(f"time.{name}" for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")),
    *(f"time.{name}" for name in ("localtime", "gmtime", "ctime", "process_time", "clock_gettime")),
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
    "sqlalchemy.func.now",
    "sqlalchemy.func.current_timestamp",
}
LOOPS: Final = ("asyncio", "loop", "get_running_loop", "get_event_loop", "_loop")
LOGS: Final = {"log", "logger", "_log", "_logger", "logging"}
LEVELS: Final = {"debug", "info", "warning", "error", "exception", "critical", "log", "msg"}
PATCHES: Final = ("unittest.mock", "mock", "pytest_mock")


def calls(source: Source) -> Iterator[ast.Call]:
    yield from (node for node in source.nodes if isinstance(node, ast.Call))


def syntax(house: House) -> Iterator[Breach]:
    """Every file parses with the oldest Python that we run on; the other rules see nothing in one that does not."""
    for source in house.python:
        if mistake := source.parsed[1]:
            yield Breach(source.path, mistake.lineno or 1, mistake.msg)


def clock(house: House) -> Iterator[Breach]:
    """Only crm_core/words/clock reads the clock; everybody else is handed one, so that tests can move it."""
    for source in house.product:
        if source.is_in("crm_core/words/clock.py", "hub/bench"):
            continue
        names = imports_of(source)
        for node in source.nodes:
            if isinstance(node, ast.Attribute | ast.Name) and (name := full_name(node, names)) in CLOCKS:
                yield Breach(source.path, node.lineno, f"reads {name}: take a Clock (crm_core.words.clock) instead")


def task(house: House) -> Iterator[Breach]:
    """No bare task: nobody would see it fail or end it. A TaskGroup owns every task."""
    for source in house.product:
        names = imports_of(source)
        for call in calls(source):
            owner, _, verb = full_name(call.func, names).rpartition(".")
            if verb == "ensure_future" or (verb == "create_task" and owner.rpartition(".")[2] in LOOPS):
                yield Breach(source.path, call.lineno, f"{verb} without an owner: use an asyncio.TaskGroup")


def commit(house: House) -> Iterator[Breach]:
    """There is one commit in the house, in crm_core/store/database.py."""
    for source in house.product:
        if source.is_in("crm_core/store/database.py", "crm_core/migrations", "hub/bench"):
            continue
        for call in calls(source):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "commit":
                yield Breach(source.path, call.lineno, "commits: give `db.write` a function instead")


def log(house: House) -> Iterator[Breach]:
    """A log line is a fixed sentence with fields: it can be searched for, and holds no personal data by accident."""
    for source in house.product:
        for call in calls(source):
            owner, _, verb = dotted(call.func).rpartition(".")
            if verb not in LEVELS or owner.rpartition(".")[2] not in LOGS or not call.args:
                continue
            sentence = call.args[1] if verb == "log" and len(call.args) > 1 else call.args[0]
            if isinstance(sentence, ast.JoinedStr | ast.BinOp | ast.Call):
                yield Breach(source.path, call.lineno, "the sentence of a log line is put together: use fields")


def shell(house: House) -> Iterator[Breach]:
    """No shell between us and a program: a file name would be a command."""
    for source in house.python:
        names = imports_of(source)
        for call in calls(source):
            name = full_name(call.func, names)
            through = any(
                word.arg == "shell" and not (isinstance(word.value, ast.Constant) and word.value.value is False)
                for word in call.keywords
            )
            if through or name in {"os.system", "os.popen", "asyncio.create_subprocess_shell", "subprocess.getoutput"}:
                yield Breach(source.path, call.lineno, f"{name} runs a shell: give the program's words as a list")


def patch(house: House) -> Iterator[Breach]:
    """Tests hand fakes in; they never reach into our code to replace a piece of it."""
    for source in house.python:
        for node in source.nodes:
            match node:
                case ast.Import(names=aliases) if any(alias.name in PATCHES for alias in aliases):
                    yield Breach(source.path, node.lineno, "imports mock: write a fake that keeps state")
                case ast.ImportFrom(module=module, names=aliases) if module in PATCHES or (
                    module == "unittest" and any(alias.name == "mock" for alias in aliases)
                ):
                    yield Breach(source.path, node.lineno, "imports mock: write a fake that keeps state")
                case ast.Call(func=ast.Attribute(value=ast.Name(id="monkeypatch"), attr="setattr" | "delattr")):
                    yield Breach(source.path, node.lineno, "patches an attribute: hand the fake in instead")


def future(house: House) -> Iterator[Breach]:
    """Every module that defines something begins with `from __future__ import annotations`."""
    for source in house.python:
        defines = any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.AnnAssign)
            for node in source.nodes
        )
        if defines and "from __future__ import annotations" not in source.text:
            yield Breach(source.path, 1, "lacks `from __future__ import annotations`")
