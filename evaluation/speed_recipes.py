"""Ways to find and embed the faces of a film, each run in a process of its own and timed there, by `evaluation.speed`.

    python -m evaluation.speed_recipes NAME FILM RATE FILM_S WATCHED_S OUT EMBED_SHARE

`original` and `dlib` are written from the descriptions of the programs that they stand for, with the packages that those use;
they share no code with ours, and nothing is done for them that those do not do.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from src import tracker
from src.disk.files import write_json
from src.engines import Engine, Runtime, open_engine
from src.errors import AnnotationError
from src.models import WeightsCache
from src.progress import Silent
from src.schema import RgbImage
from src.settings import DatabaseSettings, Settings, load_settings
from src.workspace import open_workspace

_SIDE = 160
_N_PEOPLE, _N_PHOTOS = 24, 10
"""The SVC of the original is trained on vectors drawn at random, of so many people: whom it names costs the same time."""


_MOST_PARTS = 30
"""Parts of a film that slow recipes see: one in each piece of a film of three minutes (see `material.speed_film`)."""
_GOLDEN = 0.618034
"""Parts begin at multiples of this share of their room: what comes again at even times is met in other places."""
UNCOUNTED = "not counted"
"""The stage of what a recipe would not do if it saw all of the film."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a film, in seconds."""

    start_s: float
    end_s: float


def parts_of(film_s: float, watched_s: float, rate: float) -> list[Part]:
    """Return parts that last so long together, as many samples in each stretch of a film; all of it where that is asked for.

    Args:
        film_s: How long the film is.
        watched_s: How much of it is looked at; rounded to whole samples, one at least.
        rate: Samples a second.
    """
    n_seen, n_all = max(round(watched_s * rate), 1), int(film_s * rate)
    if watched_s >= film_s or n_seen >= n_all:
        return [Part(0.0, film_s)]
    n = min(n_seen, _MOST_PARTS)
    parts = []
    for k in range(n):
        begin, end = n_all * k // n, n_all * (k + 1) // n
        length = min(n_seen * (k + 1) // n - n_seen * k // n, end - begin)
        first = begin + int((k * _GOLDEN) % 1 * (end - begin - length + 1))
        parts.append(Part(first / rate, (first + length) / rate))
    return parts


@dataclass(slots=True)
class Clock:
    """Adds up where time goes. Stages of several threads may overlap, so that they can add up to more than there was.

    Attributes:
        seconds: By stage.
        counts: `samples` looked at, `faces` found, `embedded` of these.
    """

    seconds: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    _under_way: set[str] = field(default_factory=set)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block; one within another of the same stage belongs to it."""
        if name in self._under_way:
            yield
            return
        self._under_way.add(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start  # type: ignore[assignment]
            self._under_way.discard(name)


class Recipe(ABC):
    """One way. It is made ready first, which counts as starting up."""

    def __init__(self, settings: Settings, embed_share: float) -> None:
        """Get ready.

        Args:
            settings: Say where weights are.
            embed_share: Of the faces found, the share that is embedded; of use to the floor alone.
        """
        self._settings, self._embed_share = settings, embed_share

    @abstractmethod
    def watch(self, film: Path, rate: float, parts: Sequence[Part], clock: Clock) -> None:
        """Look at a film, so many samples a second.

        Args:
            film: Its file.
            rate: Samples a second.
            parts: What is looked at; one part, the whole film, for all but the slow recipes.
            clock: Told what takes how long.
        """


class Original(Recipe):
    """The original's recipe: seek to each sample, MTCNN on TensorFlow, an aligned crop, FaceNet by Keras for each face, SVC."""

    def __init__(self, settings: Settings, embed_share: float) -> None:
        """Load TensorFlow, both networks and the classifier, and run each once."""
        super().__init__(settings, embed_share)
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as it is where nobody says otherwise
        from sklearn.svm import SVC

        from src.engines.facenet_tensorflow import import_package, keras_inception

        self._detector = import_package("mtcnn").MTCNN()
        cache = WeightsCache(settings.weights_dir, Silent(), settings.weights_from)
        self._embedder = keras_inception(cache.path("facenet-128"), 128)
        rng = np.random.default_rng(0)
        centres = rng.normal(size=(_N_PEOPLE, 1, 128))
        vectors = (centres + 0.3 * rng.normal(size=(_N_PEOPLE, _N_PHOTOS, 128))).reshape(-1, 128)
        people = np.repeat(np.arange(_N_PEOPLE), _N_PHOTOS)
        self._classifier = SVC(kernel="linear", probability=True).fit(_unit(vectors), people)
        self._detector.detect_faces(np.zeros((96, 96, 3), np.uint8))
        self._embed(np.zeros((_SIDE, _SIDE, 3), np.uint8))

    def watch(self, film: Path, rate: float, parts: Sequence[Part], clock: Clock) -> None:
        """Seek to each sample by its frame number, as OpenCV does it."""
        capture = cv2.VideoCapture(str(film))
        for frame in _sampled(capture, rate, parts):
            with clock.stage("seek and decode"):
                capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
                is_read, bgr = capture.read()
            if is_read:
                self._look(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), clock)
        capture.release()

    def _look(self, image: Any, clock: Clock) -> None:
        with clock.stage("detect"):
            faces = self._detector.detect_faces(image)
        clock.counts.update(samples=1, faces=len(faces), embedded=len(faces))
        for face in faces:
            with clock.stage("align"):
                crop = _level(image, face)
            with clock.stage("embed"):
                vector = self._embed(crop)
            with clock.stage("classify"):
                self._classifier.predict_proba(_unit(vector))

    def _embed(self, crop: Any) -> Any:
        pixels = crop.astype(np.float32)
        return self._embedder.predict(((pixels - pixels.mean()) / max(pixels.std(), 1e-6))[None], verbose=0)


def _sampled(capture: Any, rate: float, parts: Sequence[Part]) -> list[int]:
    """Return the frames that are sampled, counted from the start of the film."""
    fps, n_frames = capture.get(cv2.CAP_PROP_FPS), int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    step = max(round(fps / rate), 1)
    inside = [range(round(part.start_s * fps), min(round(part.end_s * fps), n_frames)) for part in parts]
    return [frame for part in inside for frame in part if frame % step == 0]


def _unit(vectors: Any) -> Any:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _level(image: RgbImage, face: Mapping[str, Any]) -> Any:
    """Turn a picture about a face until the eyes are level, and cut out its box."""
    (x, y, w, h), eyes = face["box"], face["keypoints"]
    one, other = sorted((eyes["left_eye"], eyes["right_eye"]))
    angle = float(np.degrees(np.arctan2(other[1] - one[1], other[0] - one[0])))
    matrix = cv2.getRotationMatrix2D((x + w / 2, y + h / 2), angle, _SIDE / max(w, h, 1))
    matrix[:, 2] += np.array([_SIDE / 2 - (x + w / 2), _SIDE / 2 - (y + h / 2)])
    return cv2.warpAffine(image, matrix, (_SIDE, _SIDE))


class DlibRecipe(Recipe):
    """The recipe of the package face_recognition: HOG on the picture at twice its size, then dlib's ResNet for each face."""

    _UPSAMPLE = 1

    def __init__(self, settings: Settings, embed_share: float) -> None:
        """Load dlib and its three models."""
        super().__init__(settings, embed_share)
        from src.engines.dlib import EMBEDDER_WEIGHTS, LANDMARK_WEIGHTS, dlib_module

        dlib = dlib_module()
        cache = WeightsCache(settings.weights_dir, Silent(), settings.weights_from)
        self._find = dlib.get_frontal_face_detector()
        self._place = dlib.shape_predictor(str(cache.path(LANDMARK_WEIGHTS)))
        self._network = dlib.face_recognition_model_v1(str(cache.path(EMBEDDER_WEIGHTS)))

    def watch(self, film: Path, rate: float, parts: Sequence[Part], clock: Clock) -> None:
        """Read on to each sample: its examples decode in order. The way from part to part does not count."""
        capture = cv2.VideoCapture(str(film))
        fps = capture.get(cv2.CAP_PROP_FPS)
        sampled = set(_sampled(capture, rate, parts))
        for part in parts:
            first = round(part.start_s * fps)
            with clock.stage(UNCOUNTED):
                capture.set(cv2.CAP_PROP_POS_FRAMES, first)
            for frame in range(first, round(part.end_s * fps)):
                with clock.stage("decode"):
                    if not capture.grab():
                        break
                    bgr = capture.retrieve()[1] if frame in sampled else None
                if bgr is not None:
                    self._look(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), clock)
        capture.release()

    def _look(self, image: Any, clock: Clock) -> None:
        with clock.stage("detect"):
            boxes = list(self._find(image, self._UPSAMPLE))
        clock.counts.update(samples=1, faces=len(boxes), embedded=len(boxes))
        for box in boxes:
            with clock.stage("embed"):
                self._network.compute_face_descriptor(image, self._place(image, box), 1)


class Ours(Recipe):
    """The whole stage `track`, into an empty data folder."""

    engine = "sface"
    track_fps: float | None = None
    """Frames a second in which faces are followed between samples; None for samples alone."""

    def __init__(self, settings: Settings, embed_share: float) -> None:
        """Load the engine."""
        super().__init__(settings, embed_share)
        with open_workspace(settings) as workspace:
            self._engine = workspace.engine(self.engine, beside=tracker.BESIDE)

    def watch(self, film: Path, rate: float, parts: Sequence[Part], clock: Clock) -> None:
        """Run the stage."""
        _timed(self._engine.detector, "detect", clock, "detect", lambda images, _: {"samples": len(images)})
        _timed(self._engine.detector, "detect_near", clock, "detect", lambda *_: {})
        _timed(self._engine.embedder, "align", clock, "align", lambda _, crops: {"faces": len(crops)})
        _timed(self._engine.embedder, "embed", clock, "embed", lambda crops, _: {"embedded": len(crops)})
        with tempfile.TemporaryDirectory() as folder:
            store = DatabaseSettings(uri=f"sqlite:///{folder}/facerec.db")
            settings = self._settings.model_copy(update={"data_dir": Path(folder), "database": store})
            with open_workspace(settings) as workspace:
                workspace.use_engine(self.engine, self._engine)
                workspace.begin_project("speed", self.engine)
                report = tracker.run(workspace, str(film), "speed", sample_period_s=1 / rate, track_fps=self.track_fps)
        clock.counts["samples"] = report.analysis.counts["n_samples"]
        clock.counts["faces"] = report.analysis.counts["n_faces"]


def _engine(settings: Settings, name: str) -> Engine:
    """Open an engine as a workspace does."""
    cache = WeightsCache(settings.weights_dir, Silent(), settings.weights_from)
    return open_engine(name, cache, Runtime(settings.device, settings.threads, settings.facenet_backend))


def _timed(part: Any, name: str, clock: Clock, stage: str, count: Callable[[Any, Any], Mapping[str, int]]) -> None:
    """Let a method of an object report to a clock."""
    method = getattr(part, name)

    def timed(first: Any, *args: Any, **kwargs: Any) -> Any:
        with clock.stage(stage):
            result = method(first, *args, **kwargs)
        clock.counts.update(count(first, result))
        return result

    setattr(part, name, timed)


class OursFacenet(Ours):
    """The same with the engine `facenet`."""

    engine = "facenet"


class OursFollowing(Ours):
    """With `sface`, and faces followed in every frame of a film of 25 frames a second."""

    track_fps = 25.0


class Decoding(Recipe):
    """Decoding alone: every frame, on all cores, and nothing else."""

    def watch(self, film: Path, rate: float, parts: Sequence[Part], clock: Clock) -> None:
        """Decode."""
        with clock.stage("decode"):
            for _ in _frames(film):
                pass


class Floor(Recipe):
    """Decoding and the networks of `sface`, one after the other: what no order of work that looks at as much can go below.

    As many faces are embedded as ours embeds, spread evenly.
    """

    def __init__(self, settings: Settings, embed_share: float) -> None:
        """Load the engine."""
        super().__init__(settings, embed_share)
        self._engine = _engine(settings, "sface")

    def watch(self, film: Path, rate: float, parts: Sequence[Part], clock: Clock) -> None:
        """Decode, and look at the samples."""
        due, owed = 0.0, 0.0
        frames = _frames(film)
        while True:
            with clock.stage("decode"):
                frame = next(frames, None)
                image = frame.to_ndarray(format="rgb24") if frame is not None and (frame.time or 0) >= due else None
            if frame is None:
                return
            if image is not None:
                due += 1 / rate
                owed = self._look(image, owed, clock)

    def _look(self, image: Any, owed: float, clock: Clock) -> float:
        """Find all faces, and embed those that are due."""
        with clock.stage("detect"):
            found = self._engine.detector.detect([image])[0]
        owed += self._embed_share * len(found)
        rows = np.arange(min(int(owed), len(found)))
        with clock.stage("embed"):
            crops = self._engine.embedder.align(image, found.take(rows))
            self._engine.embedder.embed(crops)
        clock.counts.update(samples=1, faces=len(found), embedded=len(rows))
        return owed - len(rows)


def _frames(film: Path) -> Iterator[Any]:
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        yield from container.decode(stream)


RECIPES: Mapping[str, type[Recipe]] = {
    "original": Original,
    "facenet": OursFacenet,
    "sface": Ours,
    "following": OursFollowing,
    "dlib": DlibRecipe,
    "decoding": Decoding,
    "floor": Floor,
}
"""By the names that the report uses."""


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB: of this program alone, whatever started it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return float(status.partition("VmHWM:")[2].split()[0]) / 1024
    except (OSError, IndexError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1024 if sys.platform != "darwin" else 1024**2)


def main(argv: list[str]) -> int:
    """Run a recipe and write what it took; return 1 where it cannot be run, and say why."""
    name, film, rate, film_s, watched_s, out, embed_share = argv
    clock = Clock()
    try:
        recipe = RECIPES[name](load_settings(), float(embed_share))
        parts = parts_of(float(film_s), float(watched_s), float(rate))
        start = time.perf_counter()
        recipe.watch(Path(film), float(rate), parts, clock)
        work_s = time.perf_counter() - start - clock.seconds.pop(UNCOUNTED, 0.0)
    except AnnotationError as err:
        print(err, file=sys.stderr)
        return 1
    write_json(
        Path(out),
        {
            "watched_s": sum(part.end_s - part.start_s for part in parts),
            "work_s": work_s,
            "peak_mb": peak_mb(),
            "stages": dict(clock.seconds),
            "counts": dict(clock.counts),
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
