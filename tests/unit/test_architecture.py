"""Imports point downwards: a part uses only parts below it, and heavy packages stay where they are used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"

LAYERS: tuple[tuple[str, ...], ...] = (
    ("__init__",),
    ("errors",),
    ("client",),
    ("schema",),
    ("geometry",),
    ("timebase", "intervals"),
    ("mediafragments",),
    ("names", "personnames"),
    ("logs",),
    ("disk",),
    ("guard",),
    ("records",),
    ("progress",),
    ("models",),
    ("video",),
    ("faces",),
    ("engines",),
    ("tracking",),
    ("recognition",),
    ("clusters",),
    ("search",),
    ("storage",),
    ("extracts",),
    ("videos", "windows"),
    ("export",),
    ("environment",),
    ("settings",),
    ("settingtable",),
    ("workspace",),
    ("connectors",),
    ("identities",),
    ("training",),
    ("insights",),
    ("cli",),
    ("access",),
    ("cleaning",),
    ("crawler", "aligner", "classifier", "tracker", "clusterize"),
    ("verbs",),
    ("jobs",),
    ("api",),
    ("__main__",),
)
"""The parts, lowest first. A part imports from lines above its own; parts of one line do not import each other."""

INSIDE: dict[str, tuple[tuple[str, ...], ...]] = {
    "disk": (("files", "locks", "pictures"), ("thumbnails",)),
    "identities": (
        ("called",),
        ("identification",),
        ("tables", "decisions", "owed", "trackindex"),
        ("naming",),
        ("derivation", "unknowns"),
        ("ledger",),
        ("review", "groups"),
        ("appearances",),
        ("forgetting", "traces"),
    ),
    "training": (("trainingset", "report"), ("switching",), ("lessons",)),
    "insights": (("programmes",), ("totals", "together", "screentime"), ("figures", "holdings")),
    "verbs": (
        ("identify", "decide", "learn", "erase", "people", "meta", "finder", "db", "exporting"),
        ("importing",),
        ("bulk",),
    ),
}
"""The modules of folders that hold several parts, lowest first, under the same rule."""

ALLOWED_UPWARDS = {("__init__.py", "client"), ("models/__main__.py", "cli"), ("models/__main__.py", "settings")}
"""Files that may look up. The package gives out its client when it is asked for; weights are listed, fetched and checked by a
command line beside the table of them."""

HEAVY: dict[str, str] = {
    "dlib": "engines/*.py",
    "h5py": "engines/*.py",
    "icrawler": "crawler/*.py",
    "insightface": "engines/*.py",
    "keras": "engines/*.py",
    "keras_facenet": "engines/*.py",
    "mtcnn": "engines/*.py",
    "onnx": "engines/*.py",
    "onnxruntime": "engines/*.py",
    "pyarrow": "export/tables.py",
    "pymongo": "storage/mongo.py",
    "rdflib": "export/*.py|connectors/*.py",
    "tensorflow": "engines/*.py",
    "torch": "engines/*.py",
    "usearch": "search/approximate.py",
    "xgboost": "recognition/*.py",
    "yt_dlp": "connectors/*.py",
}
"""Slow or optional packages, and the only files, parted by |, that may import them: inside functions, when they are needed."""

OURS = {"src", "facerec"}
OUTSIDE = {"evaluation", "tests", "server"}


@dataclass(frozen=True)
class Import:
    """One import of a module."""

    where: str
    part: str
    module: str
    level: int
    names: tuple[str, ...]
    late: bool


def part_of(path: Path) -> str:
    """Return the part that a file of src/ belongs to: its folder there, or its own name."""
    return path.parts[0].removesuffix(".py")


def imports_of(root: Path, path: Path) -> Iterator[Import]:
    """Yield the imports of a file, inside functions too; those for type checkers alone count as late."""
    tree = ast.parse((root / path).read_text(encoding="utf-8"))

    def walk(node: ast.AST, late: bool) -> Iterator[Import]:
        where = f"{path.as_posix()}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(where, part_of(path), alias.name, 0, (), late)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(where, part_of(path), node.module or "", node.level, names, late)
        late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        late = late or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, late)

    yield from walk(tree, late=False)


def imported_parts(root: Path, path: Path, found: Import) -> set[str]:
    """Return the parts of src/ that a relative import reaches, "" for one that leaves src/."""
    above = len(path.parts) - found.level
    if above < 0:
        return {""}
    target = [*path.parts[:above], *filter(None, found.module.split("."))]
    if target:
        return {target[0]}
    modules = {name for name in found.names if _is_module(root / name)}
    return modules | ({"__init__"} if len(modules) < len(found.names) else set())


def imported_within(root: Path, path: Path, found: Import) -> set[str]:
    """Return the modules of its own folder in src/ that a relative import reaches."""
    target = [*path.parts[: len(path.parts) - found.level], *filter(None, found.module.split("."))]
    if target[:1] != [found.part]:
        return set()
    return {target[1]} if len(target) > 1 else {name for name in found.names if _is_module(root / found.part / name)}


def _is_module(path: Path) -> bool:
    return path.is_dir() or path.with_suffix(".py").is_file()


def check_inside(root: Path, path: Path, found: Import) -> Iterator[str]:
    """Yield what is wrong with the direction of an import within one folder of several parts."""
    height = {module: number for number, line in enumerate(INSIDE[found.part]) for module in line}
    own = path.parts[1].removesuffix(".py")
    for target in imported_within(root, path, found) - {own}:
        if target not in height:
            yield f'{found.where}: "{target}" has no place in INSIDE'
        elif height[target] >= height.get(own, -1):
            yield f"{found.where}: {found.part}.{own} must not import {target}"


def check_upwards(root: Path, path: Path, found: Import) -> Iterator[str]:
    """Yield what is wrong with the direction of an import within src/."""
    height = {part: number for number, line in enumerate(LAYERS) for part in line}
    for target in imported_parts(root, path, found) - {found.part}:
        if target == "":
            yield f"{found.where}: the import leaves src/"
        elif target not in height:
            yield f'{found.where}: "{target}" has no place in LAYERS'
        elif height[target] >= height.get(found.part, -1) and (path.as_posix(), target) not in ALLOWED_UPWARDS:
            yield f"{found.where}: {found.part} must not import {target}"


def check_package(path: Path, found: Import) -> Iterator[str]:
    """Yield what is wrong with the import of a package."""
    package = found.module.split(".")[0]
    if package in OURS:
        yield f"{found.where}: inside src/ imports are relative, not from {package}"
    if package in OUTSIDE:
        yield f"{found.where}: src must not use {package}"
    if package in HEAVY and not any(fnmatch(path.as_posix(), allowed) for allowed in HEAVY[package].split("|")):
        yield f"{found.where}: only {HEAVY[package]} may import {package}"
    if package in HEAVY and not found.late:
        yield f"{found.where}: {package} must be imported inside the function that needs it"


def problems(root: Path) -> list[str]:
    """Return all that is wrong with the imports of a tree laid out like src/."""
    placed = {part for line in LAYERS for part in line}
    result = []
    for path in sorted(file.relative_to(root) for file in root.rglob("*.py")):
        if part_of(path) not in placed:
            result.append(f'{path.as_posix()}: "{part_of(path)}" has no place in LAYERS')
        for found in imports_of(root, path):
            result += check_upwards(root, path, found) if found.level else check_package(path, found)
            if found.level and found.part in INSIDE:
                result += check_inside(root, path, found)
    return result


def test_imports_point_downwards() -> None:
    assert problems(SRC) == []


@pytest.mark.parametrize("layers", [LAYERS, *INSIDE.values()])
def test_every_part_stands_once(layers: tuple[tuple[str, ...], ...]) -> None:
    parts = [part for line in layers for part in line]
    assert len(parts) == len(set(parts))


@pytest.mark.parametrize("folder", sorted(INSIDE))
def test_every_module_of_a_folder_has_its_place(folder: str) -> None:
    found = {path.name.removesuffix(".py") for path in (SRC / folder).iterdir() if _is_module(path.with_suffix(""))}
    assert found - {"__init__", "__pycache__"} == {module for line in INSIDE[folder] for module in line}


@pytest.mark.parametrize(
    ("file", "line", "wrong"),
    [
        # downwards, within a part, from outside the house: fine
        ("geometry.py", "from .errors import ShapeError", None),
        ("geometry.py", "from . import errors, __version__", None),
        ("video/pyav.py", "from ..errors import MediaError\nfrom .stream import VideoStream\nimport av", None),
        ("video/deep/er.py", "from ...errors import MediaError", None),
        ("video/__init__.py", "from .stream import VideoStream", None),
        ("crawler/__init__.py", "from ..workspace import Workspace", None),
        ("models/__main__.py", "from ..cli import run_command", None),
        ("engines/sface.py", "def f():\n    import onnxruntime", None),
        ("engines/sface.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import onnxruntime", None),
        # upwards, at the head or inside a function or class
        ("errors.py", "from .schema import Box", "errors must not import schema"),
        ("errors.py", "from . import schema", "errors must not import schema"),
        ("errors.py", "def f():\n    from .schema import Box", "errors must not import schema"),
        ("errors.py", "class A:\n    from .schema import Box", "errors must not import schema"),
        ("errors.py", "try:\n    from .schema import Box\nfinally: pass", "errors must not import schema"),
        ("video/pyav.py", "from ..settings import Settings", "video must not import settings"),
        ("video/__init__.py", "from ..settings import Settings", "video must not import settings"),
        ("storage/sqlite.py", "from .. import workspace", "storage must not import workspace"),
        ("models/__init__.py", "from .. import settings", "models must not import settings"),
        ("storage/sqlite.py", "from ..models import x\nfrom ..cli import y", "storage must not import cli"),
        ("tracker.py", "from .crawler.images import x", "tracker must not import crawler"),
        ("crawler/__init__.py", "from ..aligner import run", "crawler must not import aligner"),
        ("jobs/queue.py", "from ..api import create_app", "jobs must not import api"),
        # upwards within a folder of several parts
        ("identities/ledger.py", "from .naming import named", None),
        ("identities/naming.py", "from .ledger import seen", "identities.naming must not import ledger"),
        ("identities/naming.py", "from ..identities.ledger import seen", "identities.naming must not import ledger"),
        ("identities/naming.py", "from . import ledger", "identities.naming must not import ledger"),
        ("verbs/db/scope.py", "from ..importing import x", "verbs.db must not import importing"),
        ("verbs/db/scope.py", "from .archive import x", None),
        ("verbs/erase.py", "from .helpers import x", '"helpers" has no place'),
        # where things are not
        ("errors.py", "from .. import other", "leaves src/"),
        ("geometry.py", "from .helpers import x", '"helpers" has no place'),
        ("helpers.py", "", '"helpers" has no place'),
        # absolute, and out of the house
        ("geometry.py", "from src.errors import ShapeError", "relative"),
        ("geometry.py", "import facerec.errors", "relative"),
        ("tracker.py", "from evaluation.scores import f1", "src must not use evaluation"),
        ("tracker.py", "def f():\n    import evaluation", "src must not use evaluation"),
        # heavy packages
        ("tracker.py", "def f():\n    import tensorflow", "only engines/*.py may import tensorflow"),
        ("tracker.py", "def f():\n    from tensorflow.keras import x", "only engines/*.py may import tensorflow"),
        ("engines/facenet.py", "import tensorflow as tf", "inside the function"),
        ("engines/facenet.py", "class A:\n    import tensorflow", "inside the function"),
        ("storage/sqlite.py", "def f():\n    import pymongo", "only storage/mongo.py may import pymongo"),
    ],
)
def test_the_check_can_fail(tmp_path: Path, file: str, line: str, wrong: str | None) -> None:
    for stands in ("errors", "schema", "workspace", "settings"):
        (tmp_path / f"{stands}.py").touch()
    (tmp_path / "identities").mkdir()
    (tmp_path / "identities" / "ledger.py").touch()
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    found = problems(tmp_path)
    if wrong is None:
        assert found == []
    else:
        assert found
        assert all(wrong in problem for problem in found)
