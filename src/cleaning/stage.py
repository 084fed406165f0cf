"""The stage: embeddings in, wrong and useless training pictures set aside with a reason each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..engines import ENGINES
from ..records import SET_ASIDE, Image, ImageState, Project
from ..schema import UNKNOWN, FloatArray, IntArray
from ..training.trainingset import TrainingSet, usable_embedding
from ..workspace import Workspace
from .agreement import MIN_PICTURES, Agreement, Faces, Limits, agree
from .between import People, shared_pictures
from .duplicates import copies_of, near_pairs
from .looks import Looks
from .regard import SecondLook
from .report import CleanReport, PersonCleaning
from .traits import never_good
from .verdicts import KEPT, Verdict, judge, judge_strangers


@dataclass(slots=True, eq=False)
class _Folder:
    """The pictures of one person while they are looked at.

    Attributes:
        images: Those whose face was embedded, and that nobody took out.
        verdicts: What is said of each so far, by row; rows without a verdict vote.
        agreement: Of the voting rows, in their order.
    """

    person_id: str
    images: list[Image]
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    agreement: Agreement | None = None
    recut: int = 0

    @property
    def voting(self) -> IntArray:
        """Rows of the pictures that say who is meant."""
        return np.array([row for row in range(len(self.images)) if row not in self.verdicts], np.int64)

    def faces(self) -> Faces:
        """Return the faces that vote, one a picture."""
        images = [self.images[row] for row in self.voting]
        trusted = np.array([image.state_by != "machine" for image in images], np.bool_)
        return Faces(stack(images), np.arange(len(images)), trusted)

    def references(self) -> FloatArray:
        """Return the embeddings that stand for the person: those that agree, all where that is not known."""
        faces = self.faces()
        known = self.agreement is not None and self.agreement.known
        return faces.embeddings[self.agreement.core] if known and self.agreement is not None else faces.embeddings


def stack(images: Sequence[Image]) -> FloatArray:
    """Return the embeddings of pictures, (n, d) float32 of length 1."""
    if not images:
        return np.zeros((0, 1), np.float32)
    embeddings = np.stack([image.embedding for image in images if image.embedding is not None]).astype(np.float32)
    result: FloatArray = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return result


def run(workspace: Workspace, project: str) -> CleanReport:
    """Set aside the pictures of a project that would spoil its training, and take back what no longer would.

    Every judgement is made anew from all pictures that are there, except where a person decided: what somebody switched on
    stays on and counts more than others, what somebody switched off stays off and does not count.

    Args:
        workspace: Where to work.
        project: Its name, as typed.

    Raises:
        ConfigError: There is no such project.
        StorageError: Disk or store cannot be written.
    """
    owner = workspace.project(project)
    training_set = TrainingSet(workspace, owner.project)
    training_set.notice_changes()
    training_set.notice_disabled_file()
    return _Cleaning(workspace, training_set, owner).run()


class _Cleaning:
    """One run."""

    def __init__(self, workspace: Workspace, training_set: TrainingSet, owner: Project) -> None:
        self._workspace, self._training_set, self._owner = workspace, training_set, owner
        self._limits = Limits.of(ENGINES[owner.engine].alike)
        self._looks = Looks(training_set, workspace.settings.crawler.max_pixels)
        self._second = SecondLook(workspace, training_set, owner, self._limits)
        self._all: dict[str, list[Image]] = {}

    def run(self) -> CleanReport:
        """Look at each folder by itself, then at all of them together, then write."""
        images = sorted(self._workspace.store.find(Image, project=self._owner.project), key=lambda image: image.path)
        for image in images:
            self._all.setdefault(image.person_id, []).append(image)
        folders = [self._open(person_id) for person_id in self._training_set_people()]
        with self._workspace.progress.task("Cleaning", len(folders), "people") as task:
            for folder in folders:
                self._look_at(folder)
                task.advance()
        known = [folder for folder in folders if folder.person_id != UNKNOWN]
        people = People.of({folder.person_id: folder.references() for folder in known}, self._limits)
        changed = [self._decide(folder, people) for folder in folders]
        reports = [self._report(folder, count) for folder, count in zip(folders, changed, strict=True)]
        shared = shared_pictures([image for folder in folders for image in folder.images], self._looks.same)
        return CleanReport(self._owner.project, tuple(reports), (*people.warnings(), *shared))

    def _training_set_people(self) -> list[str]:
        """Return everybody with a picture or a folder of photos."""
        return sorted({*self._all, *(person_id for person_id, _ in self._training_set.folders())})

    def _open(self, person_id: str) -> _Folder:
        """Return the pictures of a person that are judged, all of the engine version most of them have."""
        images = self._all.get(person_id, [])
        judged = [image for image in images if image.embedding is not None and _is_judged(image)]
        engines = Counter(image.engine for image in judged)
        engine = max(engines, key=lambda name: (engines[name], name or ""), default=None)
        return _Folder(person_id, [image for image in judged if image.engine == engine])

    def _look_at(self, folder: _Folder) -> None:
        """Say what each picture says by itself, which are copies, and who is meant."""
        for row, image in enumerate(folder.images):
            verdict = self._by_itself(image)
            if verdict is not None:
                folder.verdicts[row] = verdict
        rows = folder.voting
        voting = [folder.images[row] for row in rows]
        for copy, original in copies_of(voting, list(near_pairs(voting)), self._looks.same).items():
            name = voting[original].path.rsplit("/", 1)[-1]
            folder.verdicts[int(rows[copy])] = Verdict(ImageState.DUPLICATE, f"the same picture as {name}")
        folder.agreement = agree(folder.faces(), self._limits)
        if folder.person_id != UNKNOWN and len(folder.voting) >= MIN_PICTURES:
            self._choose_faces(folder)

    def _by_itself(self, image: Image) -> Verdict | None:
        """Return what speaks against a picture whoever it shows."""
        if not usable_embedding(image.embedding):
            return Verdict(ImageState.NO_EMBEDDING, "its embedding is no set of numbers that can be compared")
        if image.state_by != "machine":
            return None
        if image.state is ImageState.DRAWING:
            # Said by the aligner, which sees the pixels; nothing that comes later makes a photo of it.
            return Verdict(image.state, image.reason)
        found = never_good(image.quality)
        if found is None or (found[0] is ImageState.BLURRED and not self._looks.has_contrast(image)):
            return None
        return Verdict(*found)

    def _choose_faces(self, folder: _Folder) -> None:
        """Take another face of photos with several where the one taken does not look like the others."""
        agreement = folder.agreement
        assert agreement is not None
        rows = folder.voting
        evidence = agreement.evidence if agreement.known else np.full(len(rows), -1.0, np.float32)
        unclear = [int(row) for row, own in zip(rows, evidence, strict=True) if own < self._limits.clear]
        several = [row for row in unclear if (folder.images[row].n_faces or 0) > 1 and folder.images[row].state_by == "machine"]
        if not several:
            return
        for row, image in self._second.choose(folder.images, rows, several).items():
            folder.images[row] = image
            folder.recut += 1
        folder.agreement = agree(folder.faces(), self._limits)

    def _decide(self, folder: _Folder, people: People) -> int:
        """Write the states that are new, and return how many."""
        rows = folder.voting
        voting = [folder.images[row] for row in rows]
        assert folder.agreement is not None
        rivals = people.rivals(folder.person_id, stack(voting))
        strangers = folder.person_id == UNKNOWN
        said = (
            judge_strangers(voting, self._limits, rivals)
            if strangers
            else judge(voting, folder.agreement, self._limits, rivals)
        )
        folder.verdicts |= {int(row): verdict for row, verdict in zip(rows, said, strict=True)}
        return sum(self._write(image, folder.verdicts.get(row, KEPT)) for row, image in enumerate(folder.images))

    def _write(self, image: Image, verdict: Verdict) -> bool:
        # Numbers that are none cannot be learned from, whoever wants it; all else a person may overrule.
        overruled = image.state_by != "machine" and verdict.state is not ImageState.NO_EMBEDDING
        if overruled or (image.state, image.reason) == (verdict.state, verdict.reason):
            return False
        self._training_set.put(replace(image, state=verdict.state, reason=verdict.reason, state_by="machine"))
        return image.state is not verdict.state

    def _report(self, folder: _Folder, changed: int) -> PersonCleaning:
        images = list(self._training_set.images(folder.person_id))
        states = Counter(image.state for image in images)
        by_hand = sum(image.state is ImageState.DISABLED and image.state_by != "machine" for image in images)
        aside = {state: count for state, count in states.items() if state in SET_ASIDE}
        known = folder.agreement is not None and folder.agreement.known
        warnings = tuple(_warnings(folder, states))
        return PersonCleaning(
            folder.person_id, states[ImageState.ACTIVE], aside, by_hand, changed, folder.recut, known, warnings
        )


def _is_judged(image: Image) -> bool:
    return image.state is ImageState.ACTIVE or (image.state in SET_ASIDE and image.state_by == "machine")


def _warnings(folder: _Folder, states: Mapping[ImageState, int]) -> list[str]:
    """Return what a person should know of a folder."""
    n, agreement = len(folder.voting) if folder.agreement is None else len(folder.agreement.evidence), folder.agreement
    found = []
    if states.get(ImageState.NO_EMBEDDING):
        found.append(f"{states[ImageState.NO_EMBEDDING]} pictures have no usable embedding and are left out")
    n_photos, n_faceless = sum(states.values()), states.get(ImageState.NO_FACE, 0)
    if n_faceless and 2 * n_faceless >= n_photos:
        which = "any" if n_faceless == n_photos else str(n_faceless)
        found.append(f"no face in {which} of {n_photos} photos. Check whether they show a person")
    if not folder.images:
        return found
    if folder.person_id == UNKNOWN or agreement is None:
        return found
    if n < MIN_PICTURES:
        found.append(f"{n} pictures with a face: with fewer than {MIN_PICTURES} nobody can know which of them are wrong")
    elif agreement.even:
        found.append(
            f"two people under one name, {len(agreement.core)} and {len(agreement.second)} pictures of {n}: nobody can know "
            "who is meant, and nothing is set aside. Move the pictures of one of them"
        )
    elif not agreement.known:
        found.append(f"no person in it that a third of the {n} pictures agree on, and at least three: nothing is set aside")
    elif len(agreement.second):
        found.append(
            f"two people under one name: {len(agreement.second)} pictures of another person are set aside, "
            f"{len(agreement.core)} stay. Check that the right ones do"
        )
    return found
