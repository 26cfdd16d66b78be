"""What public names say of themselves, read from their docstrings for the reference."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from html import escape
from importlib import import_module
from typing import Any

from markupsafe import Markup
from nbconvert.filters import Highlight2HTML

import secondop

_EXAMPLE = Highlight2HTML(pygments_lexer="pycon")
_SECTION = re.compile(r"^([A-Z][\w ]+)\n-{3,}\n", re.M)
_ELSEWHERE = re.compile(r"\s*See :func:`(secondop\.[\w.]+)`\.")
MOST = 60
"""So many letters of a default are shown."""
ROOMS = ("figures", "teaching")
ENTRIES = ("Parameters", "Attributes", "Returns", "Raises", "Warns", "Yields")
"""Sections that list entries; the others are prose, and Examples are code."""


@dataclass(frozen=True)
class Name:
    """A public name: how it is called, what it means, and each section of its docstring, as HTML."""

    name: str
    anchor: str
    signature: str
    summary: Markup
    body: Markup
    sections: list[tuple[str, Markup]]
    members: list[Name] = field(default_factory=list)


def names_in_groups() -> list[tuple[str, list[Name]]]:
    """Every public name in the groups in which the package lists them, each room a group of its own."""
    listed = re.findall(r"^(\S[^\n]*)\n((?:    \S[^\n]*\n)+)", inspect.getdoc(secondop) + "\n", re.M)
    public = anchors()
    groups = [
        (title, [name_of(name, getattr(secondop, name), public) for name in re.findall(r"\w+", names)])
        for title, names in listed
    ]
    for room in ROOMS:
        home = getattr(secondop, room)
        members = [name_of(f"{room}.{name}", getattr(home, name), public) for name in home.__all__]
        groups.append((f"secondop.{room}", members))
    return groups


def anchors() -> dict[str, str]:
    """Where each public name stands in the reference, by the name that a text may call it."""
    names = [
        *secondop.__all__,
        *(f"{room}.{name}" for room in ROOMS for name in getattr(secondop, room).__all__),
    ]
    return {name: name for name in names}


def name_of(name: str, thing: Any, public: dict[str, str]) -> Name:
    """What one name says of itself; a constant says what it is rather than what its kind is."""
    constant = isinstance(thing, (str, secondop.RuleBook))
    text = _constant(thing) if constant else inspect.getdoc(thing) or ""
    own, *named = _SECTION.split(_with_elsewhere(text))
    summary, _, body = own.partition("\n\n")
    sections = [
        (title, _section(title, content, public))
        for title, content in zip(named[::2], named[1::2], strict=True)
    ]
    return Name(
        name=name,
        anchor=name,
        signature=signature(thing),
        summary=rst(summary, public, paragraphs=False),
        body=rst(body, public),
        sections=sections,
        members=_members(name, thing, public) if inspect.isclass(thing) else [],
    )


def _constant(thing: Any) -> str:
    """What an object that is no function is: its own words, or what a rule book is about."""
    return thing if isinstance(thing, str) else f"{thing.title}."


def _members(name: str, thing: type, public: dict[str, str]) -> list[Name]:
    found = []
    for key, member in vars(thing).items():
        called = getattr(member, "__func__", member)  # of a class method, the function
        if key.startswith("_") or not (inspect.isfunction(called) or hasattr(called, "__get__")):
            continue
        if inspect.getdoc(called) and inspect.getmodule(thing).__name__.startswith("secondop"):
            found.append(name_of(f"{name}.{key}", called, public))
    return found


def signature(thing: Any) -> str:
    """How something is called, without types; the values of an enumeration; empty for what is not called."""
    if inspect.isclass(thing) and issubclass(thing, Enum):
        return f": {', '.join(member.name for member in thing)}"
    raised = inspect.isclass(thing) and issubclass(thing, BaseException)
    if raised or not callable(thing):
        return ""
    given = [p for p in inspect.signature(thing).parameters.values() if p.name not in ("self", "cls")]
    return str(inspect.Signature([p.replace(annotation=p.empty, default=_shown(p.default)) for p in given]))


def _shown(default: Any) -> Any:
    """A default as a signature shows it: a rule book by its name, and nothing that is long."""
    if default is inspect.Parameter.empty:
        return default
    words = "RULE_BOOK" if default is secondop.RULE_BOOK else repr(default)
    return _Verbatim(words if len(words) <= MOST else f"{words[:MOST]}...")


class _Verbatim(str):
    """A text that represents itself without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _with_elsewhere(text: str) -> str:
    """A docstring that refers to the function it hands on to, with what that one says in its place."""
    found = _ELSEWHERE.search(text)
    if not found:
        return text
    home, _, name = found[1].rpartition(".")
    there = inspect.getdoc(getattr(import_module(home), name))
    more = there.partition("\n\n")[2]
    own, examples, rest = text.replace(found[0], "").partition("\nExamples\n")
    more = more.partition("\nExamples\n")[0] if examples else more
    return f"{own.rstrip()}\n\n{more.rstrip()}\n\n{examples.lstrip()}{rest}"


def _section(title: str, content: str, public: dict[str, str]) -> Markup:
    if title == "Examples":
        return Markup(_EXAMPLE(inspect.cleandoc(content)))
    if title not in ENTRIES:
        return rst(content, public)
    entries = re.findall(r"^(\S[^\n]*)\n?((?:(?:[ ]+[^\n]*)?\n|[ ]+[^\n]*$)*)", content.strip("\n"), re.M)
    items = (
        f"<dt>{rst(head, public, paragraphs=False, code=True)}</dt>"
        f"<dd>{rst(inspect.cleandoc(text), public)}</dd>"
        for head, text in entries
    )
    return Markup(f"<dl>{''.join(items)}</dl>")


def rst(text: str, public: dict[str, str], paragraphs: bool = True, code: bool = False) -> Markup:
    """The little of reStructuredText that the docstrings use: code, references, emphasis, lists."""
    if code:  # the head of an entry: names, and after the colon what they take
        names, colon, kind = text.partition(" : ")
        return Markup(f"<code>{escape(names)}</code>{' : ' * bool(colon)}{_marked(kind, public)}")
    if not paragraphs:
        return Markup(_marked(" ".join(text.split()), public))
    return Markup("".join(_block(block, public) for block in re.split(r"\n\s*\n", text.strip()) if block))


def _block(block: str, public: dict[str, str]) -> str:
    if block.startswith(">>>"):
        return _EXAMPLE(block)
    if re.match(r"[-*] ", block):
        items = re.split(r"^[-*] ", block, flags=re.M)[1:]
        return f"<ul>{''.join(f'<li>{_marked(item, public)}</li>' for item in items)}</ul>"
    return f"<p>{_marked(block, public)}</p>"


def _marked(text: str, public: dict[str, str]) -> str:
    pieces = re.split(r"(``.+?``|(?::\w+:)?`[^`]+`)", text, flags=re.S)
    return "".join(
        _code(piece, public) if position % 2 else _emphasised(piece) for position, piece in enumerate(pieces)
    )


def _code(piece: str, public: dict[str, str]) -> str:
    words = re.sub(r"^:\w+:", "", piece).strip("`")
    if piece.startswith("``"):
        return f"<code>{escape(words)}</code>"
    name = words.removeprefix("~").rpartition("secondop.")[2] if "secondop." in words else words.lstrip("~")
    short = name.rpartition(".")[2]
    target = next((public[key] for key in (name, short) if key in public), None)
    shown = f"<code>{escape(' '.join((short if words.startswith('~') else name).split()))}</code>"
    return f'<a href="#{target}">{shown}</a>' if target else shown


def _emphasised(text: str) -> str:
    return re.sub(
        r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", r"<em>\1</em>", escape(text, quote=False)
    )


def searchable(groups: Iterable[tuple[str, list[Name]]]) -> list[tuple[str, str, str, str]]:
    """What a search looks through: (name, address, summary, all words) of each name and member."""
    rows = []
    for _, names in groups:
        for name in names:
            for each in (name, *name.members):
                words = " ".join(
                    [
                        each.summary.striptags(),
                        each.body.striptags(),
                        *(s.striptags() for _, s in each.sections),
                    ]
                )
                rows.append((each.name, f"reference.html#{each.anchor}", each.summary.striptags(), words))
    return rows
