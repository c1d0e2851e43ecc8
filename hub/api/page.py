"""The readable page of the API, written on the server from the OpenAPI document: no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, Final

_STYLE: Final = """
:root{color-scheme:light dark;--line:light-dark(#dfe3e8,#30363d);--soft:light-dark(#f5f7f9,#161b22);
--ink:light-dark(#1b2430,#e6edf3);--dim:light-dark(#57606a,#9aa4af);--link:light-dark(#0b57d0,#79b8ff)}
*{box-sizing:border-box}body{margin:0;font:15px/1.55 system-ui,sans-serif;color:var(--ink);
background:light-dark(#fff,#0d1117);display:grid;grid-template-columns:15rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem 1rem;border-right:1px solid var(--line);
background:var(--soft);font-size:14px}nav a{display:block;padding:.15rem .5rem;border-radius:6px}
main{padding:2rem;max-width:60rem}a{color:var(--link)}nav a{text-decoration:none}nav a:hover{text-decoration:underline}
h1{font-size:1.6rem;margin:0 0 1rem}h2{margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}
article{margin:1rem 0;border:1px solid var(--line);border-radius:10px;overflow:hidden}
article>h3{margin:0;padding:.6rem 1rem;background:var(--soft);font-size:15px;overflow-wrap:anywhere}
article>div{padding:.25rem 1rem .75rem}code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
b.m{display:inline-block;min-width:4.2rem;font:600 12px ui-monospace,monospace}
table{border-collapse:collapse;width:100%;font-size:14px;margin:.25rem 0 .75rem}
td{padding:.25rem .75rem .25rem 0;vertical-align:top;border-top:1px solid var(--line)}td:first-child{width:13rem}
h4{margin:.75rem 0 .1rem;font-size:13px;color:var(--dim)}p{margin:.5rem 0}.dim{color:var(--dim)}
pre{white-space:pre-wrap;font:inherit;margin:0}
@media(max-width:700px){body{display:block}nav{position:static;height:auto;border:0}main{padding:1rem}}
"""


def page(document: dict[str, Any], *, nonce: str) -> str:
    """The page as HTML. `nonce` is the one of its Content-Security-Policy, for the style sheet."""
    tags = [tag["name"] for tag in document["tags"]]
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in tags)
    body = "".join(_section(document, tag) for tag in tags)
    info = document["info"]
    models = "".join(_model(name, schema) for name, schema in sorted(document["components"]["schemas"].items()))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<style nonce="{escape(nonce)}">{_STYLE}</style></head><body>'
        f'<nav aria-label="Contents"><p><b>{escape(info["title"])}</b></p>{links}<a href="#models">models</a>'
        f'<p><a href="/api/openapi.json">openapi.json</a></p></nav><main><h1>{escape(info["title"])}</h1>'
        f"{_prose(info['description'])}{body}"
        f'<h2 id="models">models</h2>{models}</main></body></html>'
    )


def _section(document: dict[str, Any], tag: str) -> str:
    found = [
        _operation(document, path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]
    return f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(found)}'


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    base = document["servers"][0]["url"]
    parts = [f"<p>{escape(operation['summary'])}</p>", _prose(operation.get("description", ""))]
    parameters = [
        (p["name"], f"{p['in']}, {_type(p['schema'])}. {p.get('description', '')}") for p in operation["parameters"]
    ]
    if parameters:
        parts.append(f"<h4>Parameters</h4>{_table(parameters)}")
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<h4>Body</h4><p><code>{escape(kind)}</code> {_linked(content['schema'])}</p>")
    rows = "".join(
        f"<tr><td><code>{code}</code></td><td>{_answer(response)}</td></tr>"
        for code, response in operation["responses"].items()
    )
    heading = f'<b class="m">{method.upper()}</b><code>{escape(base + path)}</code>'
    return (
        f'<article id="{escape(operation["operationId"])}"><h3>{heading}</h3>'
        f"<div>{''.join(parts)}<h4>Answers</h4><table>{rows}</table></div></article>"
    )


def _answer(response: dict[str, Any]) -> str:
    models = [_linked(content["schema"]) for content in response.get("content", {}).values()]
    return f'{_marked(response["description"])} <span class="dim">{", ".join(models)}</span>'


def _model(name: str, schema: dict[str, Any]) -> str:
    rows = [
        (
            field + ("" if field in schema.get("required", []) else "?"),
            f"{_type(shape)}. {shape.get('description', '')}",
        )
        for field, shape in schema.get("properties", {}).items()
    ]
    words = ", ".join(str(word) for word in schema.get("enum", []))
    return (
        f'<article id="model-{escape(name)}"><h3><code>{escape(name)}</code></h3><div>'
        f"{_prose(schema.get('description', ''))}{_table(rows)}{escape(words)}</div></article>"
    )


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td><code>{escape(a)}</code></td><td>{escape(b)}</td></tr>" for a, b in rows)
    return f"<table>{cells}</table>" if rows else ""


def _prose(text: str) -> str:
    return "".join(f"<p>{_marked(part)}</p>" for part in text.split("\n\n") if part.strip())


def _marked(text: str) -> str:
    """Backquotes as code and double asterisks as bold; all else is text."""
    marked = []
    for at, part in enumerate(text.split("`")):
        if at % 2:
            marked.append(f"<code>{escape(part)}</code>")
        else:
            bold = escape(part).split("**")
            marked.append("".join(f"<b>{piece}</b>" if i % 2 else piece for i, piece in enumerate(bold)))
    return "".join(marked)


def _linked(schema: dict[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    return f'<a href="#model-{escape(name)}">{escape(name)}</a>' if name else escape(_type(schema))


def _type(schema: dict[str, Any]) -> str:
    return " or ".join(_types(schema)) or "anything"


def _types(schema: dict[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2]
    elif "anyOf" in schema:
        for part in schema["anyOf"]:
            yield from _types(part)
    elif "enum" in schema:
        yield " | ".join(str(word) for word in schema["enum"])
    elif schema.get("type") == "array":
        yield f"list of {_type(schema.get('items', {}))}"
    elif "type" in schema:
        yield f"{schema['type']} ({schema['format']})" if "format" in schema else str(schema["type"])
