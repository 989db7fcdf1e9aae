"""Writes the type stub of the generated module out of the listing of the public surface.

The generated module carries types, but not such that a type checker understands them: its variants are put together at run time.
"""

from __future__ import annotations

import re

NAMES = {"String": "str", "Bytes": "builtins.bytes", "Boolean": "bool", "Float32": "float", "Float64": "float"}


def python_type(text: str) -> str:
    if text.endswith("?"):
        return f"Optional[{python_type(text[:-1])}]"
    if text.startswith("["):
        return f"list[{python_type(text[1:-1])}]"
    if text.startswith("{"):
        key, value = text[1:-1].split(": ", 1)
        return f"dict[{python_type(key)}, {python_type(value)}]"
    return "int" if re.fullmatch(r"U?Int\d+", text) else NAMES.get(text, text)


def parameter(text: str) -> str:
    name, ty = text.split(": ", 1)
    ty, _, default = ty.partition(" = ")
    return f"{name}: {python_type(ty)}" + (" = ..." if default else "")


def parameters(text: str) -> str:
    # a default may hold no comma, and a map no comma either
    return "".join(f", {parameter(one)}" for one in text.split(", ") if one)


def upper(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def call(text: str, first: str) -> str:
    name, given, answer = re.fullmatch(r"(\w+)\((.*)\)(?: -> (.+?))? throws \w+", text).groups()
    found = f"def {name}({first}{parameters(given)}) -> {python_type(answer) if answer else 'None'}: ..."
    return found.replace("(, ", "(")


def variant(name: str, text: str, is_error: bool) -> list[str]:
    variant, given = re.fullmatch(r"(\w+)(?:\((.*)\))?", text).groups()
    lines = [f"    class {variant if is_error else upper(variant)}({name}):"]
    if given:
        lines += [f"        {parameter(one)}" for one in given.split(", ")]
    lines.append(f"        def __init__(self{'' if is_error else parameters(given or '')}) -> None: ...")
    if is_error:
        lines[-1] = "        def __init__(self, *arguments: object) -> None: ..."
    return lines


def write(listing: str) -> str:
    """The stub for a library with this listing."""
    classes: dict[str, list[str]] = {}
    functions: list[str] = []
    for block in re.findall(r"^\S.*\n(?:    .*\n)*", listing, re.M):
        head, *parts = block.rstrip("\n").split("\n")
        parts = [part.strip() for part in parts]
        if head.startswith("fn "):
            functions.append(call(head[3:], ""))
            continue
        name, what = head.split(": ", 1)
        if what == "record":
            fields = [parameter(part) for part in parts]
            lines = [f"class {name}:", *(f"    {field.removesuffix(' = ...')}" for field in fields)]
            lines.append(f"    def __init__(self, *{''.join(f', {field}' for field in fields)}) -> None: ...")
            classes[name] = lines
        elif what == "enum" and not any("(" in part for part in parts):
            members = [f"    {upper(part)} = {place}" for place, part in enumerate(parts)]
            classes[name] = [f"class {name}(enum.Enum):", *members]
        elif what == "enum" or what.startswith("error"):
            is_error = what != "enum"
            lines = [f"class {name}{'(Exception)' if is_error else ''}:"]
            for part in parts:
                lines += variant(name, part, is_error)
            classes[name] = lines
        elif what.startswith("object"):
            classes.setdefault(name, []).insert(0, f"class {name}:")
        elif what.startswith("constructor "):
            made = call(what.removeprefix("constructor "), "cls").replace("-> None", f"-> {name}")
            classes.setdefault(name, []).extend(["    _handle: Any", "    @classmethod", f"    {made}"])
        else:
            classes.setdefault(name, []).append(f"    {call(what, 'self')}")
    head = ["import builtins", "import enum", "from typing import Any, Optional", "", "class InternalError(Exception): ..."]
    names = {*classes, "InternalError", *(line.split("(")[0].removeprefix("def ") for line in functions)}
    # the package has a `Recommender` of its own, which a checker must find instead
    names = sorted(names - {"Recommender"})
    bodies = [line for name in sorted(classes) for line in classes[name]]
    return "\n".join([*head, *bodies, *functions, "", "__all__ = [", *(f'    "{name}",' for name in names), "]", ""])
