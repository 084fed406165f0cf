"""Pictures and held-out faces as a training report is made of them, some by hand, some drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from src.schema import FloatArray, IntArray
from src.training.report.inputs import About, HeldOut, Picture, TrainingPictures

ABOUT = About("p", "0002-SVM", "fake@1", "SVM", "2026-11-22T00:00:00+00:00", {"named_from": 0.5, "evidence": 0.4})


def rows(*values: tuple[float, ...]) -> FloatArray:
    return np.array(values, np.float32)


#                     confidence in A, B     truth   named
FACES = rows(
    (0.9, 0.1),  #                            A       A     right
    (0.6, 0.2),  #                            A       A     right
    (0.3, 0.7),  #                            A       B     wrong
    (0.2, 0.8),  #                            B       B     right
    (0.1, 0.4),  #                            B       -     missed
)
TRUTH = np.array([0, 0, 0, 1, 1])
STRANGERS = rows((0.1, 0.0), (0.2, 0.5), (0.0, 0.3), (0.4, 0.1))
HELD = HeldOut(("A", "B"), np.arange(5), TRUTH, FACES, FACES, STRANGERS, STRANGERS, np.array([0.5, 0.5], np.float32), "drawn")


def random_held(n_people: int, each: int, seed: int = 0) -> HeldOut:
    """Draw held-out faces whose own confidence is mostly the highest, and strangers whose is mostly low."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_people), each)
    confidences = rng.beta(1, 8, (len(labels), n_people)).astype(np.float32)
    confidences[np.arange(len(labels)), labels] = rng.beta(4, 1, len(labels))
    strangers = rng.beta(1, 6, (len(labels), n_people)).astype(np.float32)
    people = tuple(f"Person {number}" for number in range(n_people))
    limits = np.full(n_people, 0.5, np.float32)
    return HeldOut(people, np.arange(len(labels)), labels, confidences, confidences, strangers, strangers, limits)


def unit(vectors: FloatArray) -> FloatArray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def people_embeddings(counts: list[int], spread: float = 0.6, seed: int = 0) -> tuple[FloatArray, IntArray]:
    """Draw pictures of people who look nothing like each other."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = unit(rng.standard_normal((len(counts), 128), np.float32))
    noise = unit(rng.standard_normal((len(labels), 128), np.float32))
    return unit(centres[labels] + spread * noise), labels


def pictures_of(labels: IntArray, embeddings: FloatArray, **about: object) -> TrainingPictures:
    used = tuple(
        replace(Picture(f"Person {label}", f"Person_{label}/{row:06}_0.png"), **about)  # type: ignore[arg-type]
        for row, label in enumerate(labels.tolist())
    )
    return TrainingPictures(used, embeddings, labels, n_strangers=1)


def sure(labels: IntArray, people: tuple[str, ...]) -> HeldOut:
    """Everybody recognised, every stranger refused."""
    confidences = np.zeros((len(labels), len(people)), np.float32)
    confidences[np.arange(len(labels)), labels] = 0.99
    none = np.zeros((len(labels), len(people)), np.float32)
    limits = np.full(len(people), 0.5, np.float32)
    return HeldOut(people, np.arange(len(labels)), labels, confidences, confidences, none, none, limits)
