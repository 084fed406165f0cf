"""Stored tracks to names: arithmetic on embeddings, with no video opened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .errors import GalleryError
from .recognition.identify import Recognizer
from .recognition.voting import Vote, count_votes, pooled_embedding
from .records import Model, Project, TrackSamples
from .schema import Candidate, FloatArray
from .workspace import Workspace

TOP = 5
"""Candidates kept of a track: the name and its runners-up."""


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedTrack:
    """What a model says of a track.

    Attributes:
        pooled: (d,) float32, the track's mean embedding weighted by quality, L2-normalised.
        candidates: The likeliest people of the pooled embedding, likeliest first.
        samples: The likeliest person of each sample that has an embedding, in the order of `embedded`.
        vote: What these samples say together.
    """

    pooled: FloatArray
    candidates: tuple[Candidate, ...]
    samples: tuple[Candidate, ...]
    vote: Vote

    def confidence(self, name: str) -> float:
        """Return the track's confidence in a name, 0 where it is no candidate."""
        return next((candidate.confidence for candidate in self.candidates if candidate.name == name), 0.0)


def newest_model(workspace: Workspace, project: Project) -> Model | None:
    """Return the model that was trained last, or None where there is none."""
    return max(
        workspace.store.find(Model, project=project.project),
        key=lambda model: (model.created_at, model.model_id),
        default=None,
    )


def load_recognizer(workspace: Workspace, model: Model, engine_id: str) -> Recognizer:
    """Load a model to be used on embeddings of an engine.

    Args:
        workspace: Where the model lies.
        model: Its record.
        engine_id: `name@version` of the engine that made the embeddings.

    Raises:
        GalleryError: The model was trained on another engine, or cannot be read.
    """
    if model.engine != engine_id:
        raise GalleryError(
            f"Model {model.model_id} was trained on embeddings of {model.engine}, these are of {engine_id}. "
            "Align and train again, or track the video again."
        )
    return Recognizer.load(workspace.data_dir / model.path)


def identify_track(recognizer: Recognizer, samples: TrackSamples) -> IdentifiedTrack:
    """Say who a track is.

    Args:
        recognizer: The trained model.
        samples: All samples of the track, at least one of them with an embedding.
    """
    embeddings = samples.embeddings.astype(np.float32)
    weights = samples.qualities[samples.embedded]
    pooled = pooled_embedding(embeddings, weights)
    best = tuple(recognizer.predict(embeddings).best())
    names = [candidate.name for candidate in best]
    confidences = np.array([candidate.confidence for candidate in best], np.float32)
    return IdentifiedTrack(pooled, recognizer.predict(pooled[None]).top(0, TOP), best, count_votes(names, confidences, weights))
