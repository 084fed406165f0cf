"""The page says in French what the server says in English: its catalogue knows the sentences as they stand in the source."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from src.api.problems import CODES
from src.records import ImageState, JobStatus, Status

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
CATALOGUE: dict[str, str] = json.loads((ROOT / "visualizer/src/locales/said.fr.json").read_text(encoding="utf-8"))
BLANK = re.compile(r"\{[_#&!+~*]?(\w+)\}")

# Where sentences are made that a person may read on the page, and by which calls. Others reach nobody but the operator.
SAID_BY = {
    "api/*.py": ("Problem", "refuse", "missing", "existing"),
    "api/v1/*.py": ("Problem", "refuse", "missing", "existing"),
    "aligner.py": ("replace", "task"),
    "classifier.py": ("GalleryError", "message"),
    "identities/appearances.py": ("GalleryError", "task"),
    "cleaning/*.py": ("Verdict", "task"),
    "clusterize.py": ("GalleryError",),
    "crawler/stage.py": ("replace", "task"),
    "disk/pictures.py": ("MediaError",),
    "engines/registry.py": ("EngineEntry", "WeightsError"),
    "guard/addresses.py": ("ForbiddenAddressError",),
    "guard/fetch.py": ("FetchError",),
    "guard/paths.py": ("ForbiddenPathError",),
    "guard/ranged.py": ("FetchError",),
    "identities/decisions.py": ("ConfigError",),
    "identities/identification.py": ("GalleryError",),
    "identities/naming.py": ("_Election", "replace"),
    "identities/trackindex.py": ("task",),
    "identities/unknowns.py": ("ConfigError",),
    "insights/together.py": ("ConfigError",),
    "jobs/child.py": ("Outcome",),
    "jobs/deliveries.py": ("JobError",),
    "jobs/kinds.py": ("JobError",),
    "jobs/leases.py": ("tell", "_leave", "replace"),
    "jobs/queue.py": ("JobError", "tell"),
    "jobs/runs.py": ("Outcome", "message"),
    "names.py": ("InvalidNameError",),
    "recognition/identify.py": ("GalleryError",),
    "tracker/frames.py": ("task",),
    "tracker/many.py": ("task", "message"),
    "tracker/outdated.py": ("task", "MediaError"),
    "tracker/stage.py": ("task", "message"),
    "training/report/comparison.py": ("_without",),
    "training/switching.py": ("ConfigError",),
    "verbs/decide.py": ("ConfigError",),
    "verbs/exporting.py": ("ConfigError", "task"),
    "verbs/finder.py": ("ConfigError", "MediaError"),
    "verbs/identify.py": ("GalleryError", "task"),
    "verbs/learn.py": ("MediaError", "ConfigError", "task"),
    "verbs/people.py": ("ConfigError",),
    "video/source.py": ("MediaError", "FetchError"),
}
# Whole functions whose every sentence is said.
SAID_IN = {
    "cleaning/traits.py": ("bad_trait", "_lacking"),
    "disk/pictures.py": ("why_no_picture",),
    "engines/dlib.py": ("dlib_module",),
    "engines/facenet_tensorflow.py": ("_missing",),
    "engines/runtime.py": ("only_cpu",),
    "identities/naming.py": ("_why_not",),
    "training/report/comparison.py": ("_notes", "_without"),
    "training/trainingset.py": ("state_of",),
    "video/source.py": ("_explain_file",),
    "training/report/advice.py": (
        "_shared",
        "_confused",
        "_about_all",
        "_about_agreement",
        "_about_person",
        "_about_looks",
        "_aside",
        "_pictures",
    ),
}
# What only the command line asks for, and a program that gives the service something else than the page does.
LEFT_OUT = {
    "There is no hwaccel {}. Choose one of {}.",
    'There is no hwaccel "{}". Choose one of {}.',
    'The hardware "{}" cannot decode this video here ({}). Check its driver, or set tracker.hwaccel to none or auto.',
    "get",
    "gets",
    "look",  # words of a sentence that has two forms
    "strangers gets",
    "strangers get",
    "does",
    "do",
}


def text_of(node: ast.AST) -> str | None:
    """Return a text as the source has it, with `{}` for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def texts_below(node: ast.AST) -> Iterator[str]:
    """Yield the texts below a node, those of an f-string as one."""
    found = text_of(node)
    if found is not None:
        yield found
        if not isinstance(node, ast.JoinedStr):
            return
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant):
            continue
        yield from texts_below(child)


def without_docstring(node: ast.FunctionDef) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node) is not None else node.body


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def is_sentence(text: str) -> bool:
    """Whether a text is made of words; keys, codes and names of files are not."""
    words = re.sub(r"\{\}", "", text)
    return " " in words.strip() and bool(re.search(r"[a-z]{2}", words)) and not re.fullmatch(r"[\w./-]+", words)


def said() -> Iterator[tuple[str, str]]:
    """Yield the sentences that the page may be given, with the file that makes each."""
    for pattern, calls in SAID_BY.items():
        for path in sorted(SRC.glob(pattern)):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Call) and called(node) in calls:
                    of_task = called(node) in ("task", "missing", "existing")
                    values = [*node.args, *(keyword.value for keyword in node.keywords)]
                    for text in (text_of(value) for value in values):
                        if text and (is_sentence(text) or (of_task and text != "{}" and not text.startswith("{}: "))):
                            yield path.relative_to(SRC).as_posix(), text
    for name, functions in SAID_IN.items():
        path = SRC / name
        defined = {node.name: node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)}
        for function in functions:
            for statement in without_docstring(defined[function]):
                yield from ((name, text) for text in texts_below(statement) if is_sentence(text))


def bare(text: str) -> str:
    return re.sub(r"(?<!\.)\.$", "", BLANK.sub("{}", text))


@cache
def known() -> frozenset[str]:
    return frozenset(map(bare, CATALOGUE))


@cache
def in_source() -> frozenset[str]:
    texts = {bare(text) for path in SRC.rglob("*.py") for text in texts_below(tree(path))}
    states = [value.value for kind in (ImageState, JobStatus, Status) for value in kind]
    return frozenset(texts | {state.replace("_", " ") for state in states})


def test_what_the_server_says_is_in_the_catalogue() -> None:
    found = sorted(set(said()))
    missing = [f"{file}: {text}" for file, text in found if bare(text) not in known() and text not in LEFT_OUT]
    assert len(found) > 150
    assert missing == []


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_meaning(code: str) -> None:
    assert bare(CODES[code][1]) in known()


def test_the_catalogue_holds_nothing_that_the_server_does_not_say() -> None:
    """A sentence that is changed in the source is missed here as well as in the page."""
    wordless = {"{} and {}", "{}: {}", "{} {}", "{} ({})", " and "}
    strange = [key for key in CATALOGUE if bare(key) not in in_source() and bare(key) not in wordless]
    assert strange == []


@pytest.mark.parametrize("key", CATALOGUE)
def test_a_translation_has_the_blanks_of_its_sentence(key: str) -> None:
    of_key = BLANK.findall(key)
    used = set(re.findall(r"\{(\w+)\}", CATALOGUE[key]))
    assert len(of_key) == len(set(of_key))
    assert used <= set(of_key)


def test_translations_are_french() -> None:
    wrong = [
        text
        for text in CATALOGUE.values()
        if re.search(r"\w[;?!]|[“”]|[^\W\d_]'[^\W\d_]", re.sub(r"\{\w+\}", "x", text)) or "..." in text
    ]
    assert wrong == []
