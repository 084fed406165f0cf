"""What is said of each picture of a folder, once it is known who the folder is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..records import Image, ImageState
from ..schema import FloatArray
from .agreement import Agreement, Limits
from .traits import bad_trait

NEARER = 0.1
"""Evidence by which a picture must look more like another person of the project to be theirs rather than its folder's."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that a picture gets, and why."""

    state: ImageState = ImageState.ACTIVE
    reason: str = ""


KEPT = Verdict()


@dataclass(frozen=True, slots=True, eq=False)
class Rivals:
    """How much the faces of a folder look like the other people of the project.

    Attributes:
        names: (n,) who each face looks like most.
        evidence: (n,) float32 for that person; -1 where there is nobody else.
    """

    names: Sequence[str]
    evidence: FloatArray


def judge(images: Sequence[Image], agreement: Agreement, limits: Limits, rivals: Rivals) -> list[Verdict]:
    """Say of each picture whether it stays.

    A face stays that looks like the person. One that hardly does is set aside as somebody else, or for being tiny, blurred or
    seen from the side where that explains it. Between the two, such a trait or a clear likeness to another person decides.

    Args:
        images: One a face.
        agreement: Of these faces. Where it is not known who is meant, all stay.
        limits: Of the engine.
        rivals: Of these faces.
    """
    if not agreement.known:
        return [KEPT] * len(images)
    second = set(agreement.second.tolist())
    return [_judge(row, image, agreement, limits, rivals, row in second) for row, image in enumerate(images)]


def judge_strangers(images: Sequence[Image], limits: Limits, rivals: Rivals) -> list[Verdict]:
    """Say of each picture of the folder of strangers whether it is one of somebody we know."""
    return [
        Verdict(ImageState.OUTLIER, f"no stranger: looks like {name} (similarity {evidence:.2f})")
        if evidence >= limits.same
        else KEPT
        for name, evidence in zip(rivals.names, rivals.evidence.tolist(), strict=True)
    ]


def _judge(row: int, image: Image, agreement: Agreement, limits: Limits, rivals: Rivals, second: bool) -> Verdict:
    own, other = float(agreement.evidence[row]), float(rivals.evidence[row])
    like = f"; looks like {rivals.names[row]} ({other:.2f})" if other >= limits.same and other >= own + NEARER else ""
    if own >= limits.clear and not second:
        return KEPT
    if second:
        return Verdict(ImageState.OUTLIER, f"one of {len(agreement.second)} pictures of another person{like}")
    trait = bad_trait(image.quality, image.landmarks)
    if like and own < limits.clear:
        return Verdict(ImageState.OUTLIER, f"unlike the other pictures (similarity {own:.2f}){like}")
    if trait is not None:
        return Verdict(trait[0], f"{trait[1]}; similarity to the other pictures {own:.2f}")
    if own < limits.wrong:
        return Verdict(ImageState.OUTLIER, f"unlike the {len(agreement.core)} pictures that agree (similarity {own:.2f})")
    return KEPT
