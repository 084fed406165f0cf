"""A project through an archive, from every kind of store to every other, equal record for record."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from src.errors import ConfigError, StorageError
from src.records import (
    KEYS,
    Analysis,
    Appearance,
    Image,
    Model,
    Person,
    Project,
    Record,
    Shot,
    Status,
    Track,
    TrackEmbeddings,
    TrackSamples,
    Video,
)
from src.settings import DatabaseSettings, Settings
from src.verbs.db import archive as archive_module
from src.verbs.db.checking import check_database
from src.verbs.db.exporting import export_project
from src.verbs.db.importing import import_project
from src.verbs.db.scope import OF_ACCESS, OF_ANALYSIS, OF_PROJECT, OF_WORK, ORDER
from src.workspace import Workspace, open_workspace
from tests.contract.conftest import STORES
from tests.contract.samples import BOX, TEXT, assert_same, full_records, key_of

ROOT = Path(__file__).parents[2]
PATHS = ("training_img/p/A/1.jpg", "training_img_aligned/p/A/1_0.png", "classifier/p/m1")


@pytest.fixture(params=STORES)
def source(request: pytest.FixtureRequest, opened: Callable[[str], Workspace]) -> Workspace:
    """A workspace with a project, another project, and files."""
    workspace = opened(request.param)
    workspace.store.put(*project_records(0), *project_records(1, "q"), Video("unused", "u.mp4", "/u.mp4", "u"))
    for path in (*PATHS[:2], "classifier/p/m1/gallery.npz", "classifier/p/m1/deep/model.json"):
        file = workspace.data_dir / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(path.encode() * 100)
    return workspace


@pytest.fixture(params=STORES)
def target(request: pytest.FixtureRequest, opened: Callable[[str], Workspace]) -> Workspace:
    """An empty workspace, with each kind of store in turn."""
    return opened(request.param)


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Workspace]]:
    """Opens workspaces of their own on a kind of store."""
    with ExitStack() as stack:
        made: list[Workspace] = []

        def make(kind: str) -> Workspace:
            data_dir = tmp_path / f"data{len(made)}"
            uri = f"sqlite:///{data_dir}/facerec.db"
            if kind == "mongo":
                uri = f"{request.getfixturevalue('mongo_uri')}_{len(made)}"
            settings = Settings(data_dir=data_dir, database=DatabaseSettings(uri=uri))
            made.append(stack.enter_context(open_workspace(settings)))
            return made[-1]

        yield make


def project_records(seed: int, project: str = "p", n_tracks: int = 12) -> list[Record]:
    """Return a project of random content: people, pictures, a model, two videos with analyses and tracks, appearances."""
    rng = np.random.default_rng(seed)
    full = {type(record): record for record in full_records()}
    image, samples, track, shown = (full[kind] for kind in (Image, TrackSamples, Track, Appearance))
    records: list[Record] = [
        Project(project, "sface", "1", "KNN", {TEXT: [1, 2.5, None, {"a.b": "$x"}], "seed": seed}, "2024-01-01T00:00:00+00:00")
    ]
    for n in range(int(rng.integers(1, 6))):
        records.append(Person(project, f"P{n}", TEXT, metadata={"n": int(rng.integers(2**62)), "x": float(rng.normal())}))
        for m in range(int(rng.integers(0, 4))):
            path, aligned = (f"{root}/{project}/P{n}/{m}.jpg" for root in ("training_img", "training_img_aligned"))
            vector = rng.standard_normal(128).astype(np.float32)
            records.append(
                replace(
                    image,
                    project=project,
                    sha256=f"{n:02}{m:02}",
                    person_id=f"P{n}",
                    path=path,
                    aligned_path=aligned,
                    embedding=vector,
                )
            )
    records.append(
        replace(
            image,
            project=project,
            sha256="ff",
            person_id="A",
            path=f"training_img/{project}/A/1.jpg",
            aligned_path=f"training_img_aligned/{project}/A/1_0.png",
        )
    )
    records.append(replace(full[Model], project=project, path=f"classifier/{project}/m1"))
    for v in range(2):
        video_id, analysis_id = f"v{seed}{v}", f"a{seed}{v}"
        records.append(Video(video_id, f"{seed}{v}.mp4", f"/x/{seed}{v}.mp4", f"{seed}{v}", duration=float(rng.uniform(1, 9))))
        records.append(Shot(analysis_id, 0, 0.0, 1 / 3, 0, 9))
        for t in range(n_tracks):
            records.append(replace(track, analysis_id=analysis_id, track_id=t, thumbnail=rng.bytes(int(rng.integers(0, 3000)))))
            for part in range(int(rng.integers(1, 3))):
                npt = rng.uniform(0, 9, 2)
                records.append(replace(samples, analysis_id=analysis_id, track_id=t, part=part, npt=npt))
            vectors = rng.standard_normal((2, 128)).astype(np.float16)
            records.append(replace(full[TrackEmbeddings], analysis_id=analysis_id, part=t, embeddings=vectors))
        records.append(replace(full[Analysis], analysis_id=analysis_id, video_id=video_id, status=Status.COMPLETE, error=""))
        records.append(replace(shown, project=project, analysis_id=analysis_id, track_id=v, box=BOX))
    # One of each kind that nothing else is asked of.
    mine = {"project": project, "analysis_id": f"a{seed}0", "video_id": f"v{seed}0", "person_id": "A"}
    for kind in {*OF_PROJECT, *OF_ANALYSIS} - {type(record) for record in records}:
        names = {field.name for field in fields(kind)}
        records.append(replace(full[kind], **{name: value for name, value in mine.items() if name in names}))
    return records


def content(workspace: Workspace, project: str = "p") -> dict[Any, Record]:
    """Return every record that a project should have taken along, by kind and key."""
    seeds = {"p": 0, "q": 1}
    found: dict[Any, Record] = {}
    for kind in KEYS:
        for record in workspace.store.find(kind):
            owner = getattr(record, "project", project)
            shared = kind in (Video, Analysis, *OF_ANALYSIS)
            ours = str(getattr(record, "video_id", getattr(record, "analysis_id", ""))).startswith(
                (f"v{seeds[project]}", f"a{seeds[project]}")
            )
            if owner == project and (ours or not shared):
                found[kind, key_of(record)] = record
    return found


def assert_equal_content(got: dict[Any, Record], wanted: dict[Any, Record]) -> None:
    assert set(got) == set(wanted)
    for key, record in wanted.items():
        assert_same(got[key], record)


def test_every_kind_has_its_place() -> None:
    assert {*ORDER, *OF_WORK, *OF_ACCESS} == set(KEYS), (
        "say in db.scope whether a new kind of record belongs to a project, an analysis, a worker or to who may come in"
    )
    assert ORDER[-1] is Project
    assert ORDER.index(Analysis) > max(ORDER.index(kind) for kind in OF_ANALYSIS)


class TestRoundTrip:
    def test_every_record_is_equal_in_the_other_store(self, source: Workspace, target: Workspace, tmp_path: Path) -> None:
        wanted = content(source)
        assert {kind for kind, _ in wanted} == set(ORDER)
        report = export_project(source, "p", tmp_path / "p.zip", with_files=True)
        done = import_project(target, tmp_path / "p.zip")
        assert_equal_content(content(target), wanted)
        assert sum(done.counts.values()) == len(wanted) == sum(target.store.count(kind) for kind in KEYS)
        # Pictures that are named and not there are told, all others are taken along.
        assert done.n_files == 4
        assert "training_img/p/A/1.jpg" not in report.missing
        for path in (*PATHS[:2], "classifier/p/m1/gallery.npz", "classifier/p/m1/deep/model.json"):
            assert (target.data_dir / path).read_bytes() == path.encode() * 100

    @pytest.mark.parametrize("seed", range(2, 8))
    @pytest.mark.parametrize("kinds", [("sqlite", "mongo"), ("mongo", "sqlite")], ids=" to ".join)
    @pytest.mark.mongo
    def test_random_projects_there_and_back(
        self, opened: Callable[[str], Workspace], tmp_path: Path, kinds: tuple[str, str], seed: int
    ) -> None:
        first, second, third = (opened(kind) for kind in (*kinds, kinds[0]))
        records = project_records(seed, n_tracks=seed)
        first.store.put(*records)
        export_project(first, "p", tmp_path / "1.zip")
        import_project(second, tmp_path / "1.zip")
        export_project(second, "p", tmp_path / "2.zip")
        import_project(third, tmp_path / "2.zip")
        for workspace in (second, third):
            for record in records:
                assert_same(workspace.store.get(type(record), *key_of(record)), record)
            assert sum(workspace.store.count(kind) for kind in KEYS) == len(records)

    def test_pictures_stay_unless_asked_for(
        self, opened: Callable[[str], Workspace], source: Workspace, tmp_path: Path
    ) -> None:
        export_project(source, "p", tmp_path / "p.zip")
        with zipfile.ZipFile(tmp_path / "p.zip") as file:
            files = [name for name in file.namelist() if name.startswith("files/")]
        assert files == ["files/classifier/p/m1/deep/model.json", "files/classifier/p/m1/gallery.npz"]

    def test_missing_files_are_told(self, source: Workspace, tmp_path: Path) -> None:
        shutil.rmtree(source.data_dir / "classifier")
        assert export_project(source, "p", tmp_path / "p.zip").missing == ("classifier/p/m1",)

    def test_unknown_project(self, source: Workspace, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="no project"):
            export_project(source, "nobody", tmp_path / "p.zip")
        assert not (tmp_path / "p.zip").exists()


class TestVideosOfAProject:
    def test_a_video_without_appearances_is_taken_along(self, opened: Callable[[str], Workspace], tmp_path: Path) -> None:
        workspace, target = opened("sqlite"), opened("sqlite")
        records = [record for record in project_records(0) if not isinstance(record, Appearance)]
        workspace.store.put(*records, Video("unused", "u.mp4", "/u.mp4", "u"), Analysis("u", "unused", "sface@1", {}, {}))
        export_project(workspace, "p", tmp_path / "p.zip")
        import_project(target, tmp_path / "p.zip")
        # Project p has one of its two videos as a member; the other one belonged to it by its appearances alone.
        assert [found.video_id for found in target.store.find(Video)] == ["v00"]
        assert [found.analysis_id for found in target.store.find(Analysis)] == ["a00"]


class TestExistingProjects:
    @pytest.fixture
    def archive(self, opened: Callable[[str], Workspace], tmp_path: Path) -> Path:
        """Project p in an archive."""
        workspace = opened("sqlite")
        workspace.store.put(*project_records(0))
        return export_project(workspace, "p", tmp_path / "p.zip").path

    def test_project_of_that_name_is_refused_and_left_alone(self, target: Workspace, archive: Path) -> None:
        target.store.put(Project("p", "fake"), Person("p", "X", "X"))
        with pytest.raises(ConfigError, match=r"already a project \"p\"\. Give --as NAME .*--replace"):
            import_project(target, archive)
        assert [found.person_id for found in target.store.find(Person)] == ["X"]

    def test_replace_forgets_what_was_there(self, target: Workspace, archive: Path) -> None:
        target.store.put(Project("p", "fake"), Person("p", "X", "X"), Project("other", "fake"), Person("other", "Y", "Y"))
        import_project(target, archive, replace_existing=True)
        assert target.store.get(Person, "p", "X") is None
        assert target.store.get(Person, "other", "Y") is not None
        assert target.store.get(Project, "p").engine == "sface"  # type: ignore[union-attr]

    def test_another_name_renames_records_and_paths(self, source: Workspace, target: Workspace, tmp_path: Path) -> None:
        export_project(source, "p", tmp_path / "p.zip", with_files=True)
        target.store.put(Project("p", "fake"))
        import_project(target, tmp_path / "p.zip", name="New one")
        assert target.store.count(Person, project="New_one") == source.store.count(Person, project="p")
        assert target.store.get(Image, "New_one", "ff").path == "training_img/New_one/A/1.jpg"  # type: ignore[union-attr]
        (model,) = target.store.find(Model, project="New_one")
        assert (target.data_dir / model.path / "gallery.npz").is_file()
        assert target.store.count(Person, project="p") == 0

    def test_complete_analyses_that_are_here_are_left_alone(self, target: Workspace, archive: Path) -> None:
        analysis = next(record for record in project_records(0) if isinstance(record, Analysis))
        target.store.put(replace(analysis, error="mine"), Video(analysis.video_id, "mine.mp4", "/mine.mp4", "mine"))
        assert import_project(target, archive).n_known == 1
        assert target.store.get(Analysis, analysis.analysis_id).error == "mine"  # type: ignore[union-attr]
        assert target.store.get(Video, analysis.video_id).locator == "mine.mp4"  # type: ignore[union-attr]
        assert target.store.count(Track, analysis_id=analysis.analysis_id) == 0

    def test_incomplete_analyses_are_replaced(self, target: Workspace, archive: Path) -> None:
        records = project_records(0)
        analysis = next(record for record in records if isinstance(record, Analysis))
        stale = replace(next(record for record in records if isinstance(record, Track)), track_id=999)
        target.store.put(stale, replace(analysis, status=Status.RUNNING, checkpoint={"frame_index": 1}))
        import_project(target, archive)
        assert target.store.get(Analysis, analysis.analysis_id).status is Status.COMPLETE  # type: ignore[union-attr]
        assert target.store.get(Track, analysis.analysis_id, 999) is None

    def test_folder_of_another_video_is_not_shared(self, target: Workspace, archive: Path) -> None:
        target.store.put(Video("else", "else.mp4", "/else.mp4", "00"))
        import_project(target, archive)
        assert target.store.get(Video, "v00").folder == "00_v00"  # type: ignore[union-attr]


class TestHostileArchives:
    """Whatever is wrong, nothing is changed: neither the store nor any file."""

    @pytest.fixture
    def workspace(self, opened: Callable[[str], Workspace]) -> Workspace:
        """An empty workspace."""
        return opened("sqlite")

    @pytest.fixture
    def good(self, opened: Callable[[str], Workspace], tmp_path: Path) -> dict[str, bytes]:
        """The members of an archive."""
        workspace = opened("sqlite")
        workspace.store.put(*project_records(0, n_tracks=1))
        model = workspace.data_dir / "classifier/p/m1/model.json"
        model.parent.mkdir(parents=True)
        model.write_text("{}")
        export_project(workspace, "p", tmp_path / "good.zip")
        with zipfile.ZipFile(tmp_path / "good.zip") as file:
            return {name: file.read(name) for name in file.namelist()}

    def refused(self, workspace: Workspace, tmp_path: Path, members: dict[str, bytes], match: str) -> None:
        path = tmp_path / "bad.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in members.items():
                file.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(StorageError, match=match) as caught:
            import_project(workspace, path)
        assert "\n" not in str(caught.value)
        assert [workspace.store.count(kind) for kind in KEYS] == [0] * len(KEYS)
        assert sorted(tmp_path.rglob("*")) == before

    @pytest.mark.parametrize(
        "path",
        [
            "../evil",
            "classifier/p/../../../evil",
            "classifier/p/../../x/evil",
            "/etc/evil",
            "classifier/other/m1/x",
            "classifier/p",
            "facerec.db",
            "out/p/v/evil",
            "classifier\\p\\x",
            "classifier/p/c:/x",
            "classifier/p//x",
            "classifier/p/./x",
            "training_img/p/",
        ],
    )
    def test_file_that_would_lie_elsewhere(
        self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes], path: str
    ) -> None:
        manifest = json.loads(good["manifest.json"])
        members = good | {f"files/{path}": b"x", "manifest.json": json.dumps(manifest | {"n_files": 2}).encode()}
        self.refused(workspace, tmp_path, members, r"does not lie in a folder of project p|no archive|2 files")

    @pytest.mark.parametrize(
        ("kind", "change", "match"),
        [
            ("image", {"path": "../../etc/passwd"}, "does not lie"),
            ("image", {"aligned_path": "/etc/passwd"}, "does not lie"),
            ("image", {"person_id": "../../x"}, "names '../../x' as a folder"),
            ("person", {"project": "other"}, "another project"),
            ("image", {"embedding": "gASVCgAAAAAAAAA="}, "damaged"),
            ("image", {"embedding": "not base64!"}, "damaged"),
            ("image", {"width": "640"}, "damaged"),
            ("image", {"width": 2**63}, "damaged"),
            ("image", {"box": [1]}, "damaged"),
            ("model", {"path": "classifier/p/../q/m"}, "does not lie"),
            ("person", {"person_id": ".."}, "as a folder"),
            ("video", {"folder": "../x"}, "as a folder"),
            ("video", {"duration": "nan"}, "damaged"),
            ("analysis", {"video_id": "elsewhere"}, "video of analysis .* is missing"),
            ("track", {"analysis_id": "elsewhere"}, "belongs to no analysis"),
            ("project", {"project": "other"}, "another project"),
        ],
    )
    def test_record_that_is_wrong(
        self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes], kind: str, change: dict[str, Any], match: str
    ) -> None:
        name = f"records/{kind}.jsonl"
        first, *others = good[name].splitlines(keepends=True)
        changed = json.dumps(json.loads(first) | change).encode() + b"\n"
        self.refused(workspace, tmp_path, good | {name: b"".join([changed, *others])}, match)

    @pytest.mark.parametrize("line", [b"{", b"[]\n", b"null\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"{}\n"])
    def test_line_that_is_no_record(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes], line: bytes) -> None:
        name = "records/person.jsonl"
        self.refused(workspace, tmp_path, good | {name: good[name] + line}, "damaged")

    def test_line_without_end(
        self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(archive_module, "MAX_LINE", 1_000)
        self.refused(workspace, tmp_path, good, "is longer than 1,000 bytes")

    def test_bomb(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes]) -> None:
        self.refused(workspace, tmp_path, good | {"files/classifier/p/x": bytes(50_000_000)}, "times its size")

    def test_lost_line_is_noticed(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes]) -> None:
        name = "records/track.jsonl"
        shorter = b"".join(good[name].splitlines(keepends=True)[:-1])
        self.refused(workspace, tmp_path, good | {name: shorter}, "should hold")

    def test_member_that_nobody_knows(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes]) -> None:
        self.refused(workspace, tmp_path, good | {"records/secret.jsonl": b""}, "nobody knows")

    def test_newer_format(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes]) -> None:
        for newer in ({"format": 99}, {"schema": 99}):
            manifest = json.dumps(json.loads(good["manifest.json"]) | newer).encode()
            self.refused(workspace, tmp_path, good | {"manifest.json": manifest}, "newer FaceRec.*Install")

    @pytest.mark.parametrize("manifest", [b"", b"{}", b"[]", b'{"format": "x"}'])
    def test_damaged_manifest(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes], manifest: bytes) -> None:
        self.refused(workspace, tmp_path, good | {"manifest.json": manifest}, "manifest is damaged")

    def test_interrupted_export(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes]) -> None:
        self.refused(workspace, tmp_path, {name: data for name, data in good.items() if name != "manifest.json"}, "no manifest")

    def test_what_is_no_zip(self, workspace: Workspace, tmp_path: Path) -> None:
        for data in (b"", b"PK\3\4 and so on", b"text" * 1000):
            (tmp_path / "x.zip").write_bytes(data)
            with pytest.raises(StorageError, match="no zip file"):
                import_project(workspace, tmp_path / "x.zip")
        with pytest.raises(StorageError, match="cannot be read"):
            import_project(workspace, tmp_path / "none.zip")

    def test_flipped_bytes_are_noticed(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes]) -> None:
        data = bytearray((tmp_path / "good.zip").read_bytes())
        rng = np.random.default_rng(0)
        for position in rng.integers(0, len(data) * 3 // 4, 30).tolist():
            flipped = bytearray(data)
            flipped[position] ^= 0xFF
            (tmp_path / "flipped.zip").write_bytes(flipped)
            try:
                import_project(workspace, tmp_path / "flipped.zip", replace_existing=True)
            except StorageError:
                continue
            # A byte that says nothing about the content, such as a date.
            assert workspace.store.count(Track) == 2

    def test_link_on_the_disk_is_not_followed(self, workspace: Workspace, tmp_path: Path, good: dict[str, bytes]) -> None:
        (tmp_path / "elsewhere").mkdir()
        workspace.data_dir.mkdir(exist_ok=True)
        (workspace.data_dir / "classifier").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StorageError, match="leads out of"):
            import_project(workspace, tmp_path / "good.zip")
        assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", STORES)
def test_killed_imports_lose_and_double_nothing(
    kind: str, opened: Callable[[str], Workspace], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    origin = opened("sqlite")
    records = project_records(0, n_tracks=60)
    origin.store.put(*records)
    for n in range(20):
        file = origin.data_dir / f"classifier/p/m1/{n}.npz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes([n]) * 50_000)
    archive = export_project(origin, "p", tmp_path / "p.zip").path
    target = opened(kind)
    uri, program = target.settings.database.uri, "tests.contract.import_until_killed"
    command = [sys.executable, "-m", program, str(archive), str(target.data_dir), uri, "20"]
    subprocess.run(command, cwd=ROOT, timeout=600, check=True)
    import_project(target, archive, replace_existing=target.store.get(Project, "p") is not None)
    for record in records:
        assert_same(target.store.get(type(record), *key_of(record)), record)
    assert sum(target.store.count(kind) for kind in KEYS) == len(records)
    files = sorted(path.name for path in (target.data_dir / "classifier/p/m1").iterdir())
    assert files == sorted(f"{n}.npz" for n in range(20))


class TestCheck:
    def test_whole_database(self, source: Workspace) -> None:
        for kind in (Image, Model):
            for record in source.store.find(kind):
                for path in filter(None, (record.path, getattr(record, "aligned_path", None))):
                    file = source.data_dir / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.touch() if kind is Image else file.mkdir(exist_ok=True)
        report = check_database(source)
        assert report.faults == ()
        assert report.counts["track"] == source.store.count(Track)
        (source.data_dir / PATHS[0]).unlink()
        (fault,) = check_database(source).faults
        assert fault == f"{PATHS[0]}, which Image of p names, is not there. Put it back, or run: align --project p"
