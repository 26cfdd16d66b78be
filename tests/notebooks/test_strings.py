"""What pages say stands in one catalogue: every key is there and used, and nothing is said beside it."""

import re
from pathlib import Path

import pytest

from secondop.errors import UnknownNameError
from secondop.teaching.strings import catalogue, said

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "tools" / "templates").glob("*.j2"))
TEACHING = ROOT / "secondop" / "teaching"
SOURCES = [*TEMPLATES, *(ROOT / "tools").glob("*.py"), *TEACHING.glob("*.py"), *TEACHING.glob("js/*.js")]
TEXTS = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)


def test_every_key_that_is_said_exists():
    used = set(re.findall(r"""\bsaid\(\s*["'`]([\w-]+)["'`]""", TEXTS))
    assert len(used) > 30 and used - set(catalogue()) == set()


def test_every_key_is_used_by_itself_or_in_a_family_that_is_named_by_its_beginning():
    named = set(re.findall(r"""["'`]([\w-]+)["'`]""", TEXTS))
    families = tuple(set(re.findall(r"[`\"']([\w-]+-)(?:\$\{|\{|[\"'] \+)", TEXTS)))
    assert [key for key in catalogue() if key not in named and not key.startswith(families)] == []


def test_every_text_is_there_in_english():
    assert [key for key, texts in catalogue().items() if not texts.get("en", "").strip()] == []


def test_an_unknown_key_or_language_is_answered_with_those_that_exist():
    with pytest.raises(UnknownNameError, match=r"nxt.*next"):
        said("nxt")
    with pytest.raises(UnknownNameError, match=r"xx.*en"):
        said("next", "xx")


def visible(template: str) -> list[str]:
    """The words of a template that a reader would see and that no key gives."""
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", template, flags=re.DOTALL)
    told = re.findall(r"""\b(?:aria-label|title|alt|placeholder)="([^"]*)\"""", text)
    told += re.sub(r"<(script|style|code)\b.*?</\1>", "", text, flags=re.DOTALL).split("<")
    words = [re.sub(r"^[^>]*>", "", piece) for piece in told]
    return [word.strip() for word in words if re.search(r"[^\W\d_]", word)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_of_its_own(path):
    assert visible(path.read_text(encoding="utf-8")) == []


def test_what_would_be_found():
    assert visible('<p title="Here">{{ said("next") }}</p>') == ["Here"]
    assert visible("<p>{% if x %}Next{% endif %} →</p><code>python</code>") == ["Next →"]
