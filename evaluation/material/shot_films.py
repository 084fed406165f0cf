"""Films whose shots are known: pieces of real clips joined by cuts, dissolves and fades, with flashes and other trouble in
them.

All is made in small pictures, four times as many pixels as the detector looks at; nothing is stored. The same seed gives the
same film.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from src.schema import RgbImage
from src.video.stream import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

WIDTH, HEIGHT = 2 * THUMBNAIL_WIDTH, 2 * THUMBNAIL_HEIGHT
"""Pixels of the pictures that films are made of."""
RATE = 25
DISSOLVES_S = (0.2, 0.4, 0.7, 1.0, 1.5, 2.0)
FADES_S = (0.3, 0.6, 1.0)
"""Seconds of each half of a fade."""
_ALONE = 15
"""Frames that a shot is to be seen by itself, if it begins or ends gradually."""

_KINDS: Mapping[str, float] = {"cut": 0.36, "dissolve": 0.4, "black": 0.14, "white": 0.1}
"""How often shots are joined so."""
_CALM: Mapping[str, float] = {"cut": 1.0}
"""How they mostly are where something else happens in one of them, so that it is clear what was found."""

Clip = npt.NDArray[np.uint8]
"""(n, 72, 128, 3): the frames of one shot."""
Pictures = npt.NDArray[np.float32]
"""(n, 72, 128, 3), 0 to 255."""


@dataclass(frozen=True, slots=True)
class Span:
    """Frames of a film, the last one included, and what is there: a boundary or something that is none."""

    first: int
    last: int
    kind: str


@dataclass(slots=True, eq=False)
class Film:
    """A film and its truth.

    Attributes:
        pictures: (36, 64, 3) uint8, one a frame.
        boundaries: Where shots begin: the frames that show two shots, or the first of a shot after a cut.
        trouble: What happens inside shots that might be taken for a boundary.
    """

    pictures: list[RgbImage] = field(default_factory=list)
    boundaries: list[Span] = field(default_factory=list)
    trouble: list[Span] = field(default_factory=list)


def make_film(clips: Sequence[Clip], seed: int, n_shots: int = 30) -> Film:
    """Join pieces of clips.

    Args:
        clips: Of which pieces are taken; two pieces that follow each other are of different clips.
        seed: Of all that is drawn by lot.
        n_shots: How many pieces.
    """
    rng = np.random.default_rng(seed)
    last = int(rng.integers(len(clips)))
    film, (rest, trouble) = Film(), _shot(clips[last], rng)
    film.trouble += trouble
    for _ in range(n_shots - 1):
        last = int(rng.choice([n for n in range(len(clips)) if n != last]))
        was_trouble, (piece, trouble) = bool(trouble), _shot(clips[last], rng)
        kinds = _CALM if (was_trouble or trouble) and rng.random() < 0.8 else _KINDS
        rest, here = _join(film, rest, piece, str(rng.choice(list(kinds), p=list(kinds.values()))), rng)
        film.trouble += [Span(span.first + here, span.last + here, span.kind) for span in trouble]
    _append(film, rest)
    return film


def _append(film: Film, pictures: Pictures) -> None:
    for picture in pictures:
        exact = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
        small = cv2.resize(exact, (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), interpolation=cv2.INTER_AREA)
        film.pictures.append(np.asarray(small, np.uint8))


def _join(film: Film, before: Pictures, after: Pictures, kind: str, rng: np.random.Generator) -> tuple[Pictures, int]:
    """Append the shot before up to what it shares with the next; return what is left to append, and where the next began."""
    room = (min(len(before), len(after)) - _ALONE) // 2 / RATE
    dissolves, fades = ([each for each in of if each <= room] for of in (DISSOLVES_S, FADES_S))
    if kind == "dissolve" and dissolves:
        # Long ones rarely have room: where they have, they are taken more often.
        odds = np.array(dissolves) / sum(dissolves)
        return _dissolve(film, before, after, float(rng.choice(dissolves, p=odds)))
    if kind in ("black", "white") and fades:
        return _fade(film, before, after, kind, fades, rng)
    _append(film, before)
    here = len(film.pictures)
    film.boundaries.append(Span(here, here, "cut"))
    return after, here


def _dissolve(film: Film, before: Pictures, after: Pictures, seconds: float) -> tuple[Pictures, int]:
    n = round(seconds * RATE)
    _append(film, before[:-n])
    here = len(film.pictures)
    share = (np.arange(1, n + 1, dtype=np.float32) / (n + 1))[:, None, None, None]
    mixed = (1 - share) * before[-n:] + share * after[:n]
    film.boundaries.append(Span(here, here + n - 1, f"dissolve {seconds:g} s"))
    return np.concatenate([mixed, after[n:]]), here


def _fade(
    film: Film, before: Pictures, after: Pictures, kind: str, seconds: Sequence[float], rng: np.random.Generator
) -> tuple[Pictures, int]:
    colour = 0.0 if kind == "black" else 255.0
    n_out, n_in = (round(float(rng.choice(seconds)) * RATE) for _ in range(2))
    n_hold = int(rng.integers(1, 9))
    out = (np.arange(1, n_out + 1, dtype=np.float32) / (n_out + 1))[:, None, None, None]
    back = (np.arange(n_in, 0, -1, dtype=np.float32) / (n_in + 1))[:, None, None, None]
    faded = np.concatenate([before[:-n_out], before[-n_out:] * (1 - out) + colour * out])
    first = len(film.pictures) + len(before) - n_out
    _append(film, np.concatenate([faded, np.full((n_hold, HEIGHT, WIDTH, 3), colour, np.float32)]))
    here = len(film.pictures)
    film.boundaries.append(Span(first, here + n_in - 1, f"fade through {kind}"))
    return np.concatenate([after[:n_in] * (1 - back) + colour * back, after[n_in:]]), here


def _shot(clip: Clip, rng: np.random.Generator) -> tuple[Pictures, list[Span]]:
    """Cut a piece out of a clip, which runs there and back where it is too short, and at times let something happen in it."""
    n = int(rng.choice([12, 25, 50, 75, 125], p=[0.08, 0.12, 0.2, 0.3, 0.3]))
    there_and_back = np.tile(np.concatenate([np.arange(len(clip)), np.arange(len(clip))[::-1]]), 1 + n // len(clip))
    start = int(rng.integers(0, max(len(clip) - n, 0) + 1))
    piece = clip[there_and_back[start : start + n]].astype(np.float32)
    if rng.random() < 0.5:
        piece = piece[:, :, ::-1]
    if n < 50 or rng.random() < 0.6:
        return piece, []
    kind = str(rng.choice(list(TROUBLE)))
    changed, (first, last) = TROUBLE[kind](piece, rng)
    return changed, [Span(first, last, kind)]


Trouble = Callable[[Pictures, np.random.Generator], tuple[Pictures, tuple[int, int]]]


def _light(rng: np.random.Generator, partial: bool) -> npt.NDArray[np.float32]:
    """Draw how much light falls on each place, (72, 128, 1), 1 at most."""
    if not partial:
        return np.ones((HEIGHT, WIDTH, 1), np.float32)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    centre_y, centre_x = rng.uniform(0, HEIGHT), rng.uniform(0, WIDTH)
    radius = rng.uniform(0.3, 0.8) * WIDTH
    return np.exp(-((y - centre_y) ** 2 + (x - centre_x) ** 2) / radius**2)[..., None].astype(np.float32)


def _lit(pictures: Pictures, strength: float, light: npt.NDArray[np.float32]) -> Pictures:
    """Multiply and add light; what is over 255 is white."""
    lit: Pictures = np.minimum(pictures * (1 + 2.0 * strength * light) + 90 * strength * light, 255)
    return lit


def _flash(piece: Pictures, rng: np.random.Generator, n_flashes: int, partial: bool) -> tuple[Pictures, tuple[int, int]]:
    piece, here = piece.copy(), int(rng.integers(10, len(piece) - 34))
    first = here
    for _ in range(n_flashes):
        n = int(rng.integers(1, 5))
        light = _light(rng, partial)
        strength = rng.uniform(0.4, 2.0)
        fading = rng.random() < 0.5
        for k in range(n):
            piece[here + k] = _lit(piece[here + k], strength * (0.6**k if fading else 1), light)
        here += n + int(rng.integers(1, 5))
    return piece, (first, min(here, len(piece) - 1))


def _strobe(piece: Pictures, rng: np.random.Generator) -> tuple[Pictures, tuple[int, int]]:
    piece = piece.copy()
    first, period = 10, int(rng.integers(2, 6))
    for k in range(first, min(first + 25, len(piece))):
        if (k // max(1, period // 2)) % 2:
            piece[k] = _lit(piece[k], 1.0, _light(rng, False))
    return piece, (first, min(first + 25, len(piece) - 1))


def _moved(piece: Pictures, offsets: npt.NDArray[np.float64], zooms: npt.NDArray[np.float64]) -> Pictures:
    """Look at a part of each picture: `offsets` (n, 2) of its centre in shares of the room there is, `zooms` (n,) above 1."""
    moved = np.empty_like(piece)
    for k, picture in enumerate(piece):
        w, h = WIDTH / zooms[k], HEIGHT / zooms[k]
        x, y = (offsets[k] + 1) / 2 * (WIDTH - w, HEIGHT - h)
        matrix = np.array([[w / WIDTH, 0, x], [0, h / HEIGHT, y]], np.float32)
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved[k] = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), flags=how, borderMode=cv2.BORDER_REFLECT)
    return moved


def _pan(piece: Pictures, rng: np.random.Generator) -> tuple[Pictures, tuple[int, int]]:
    """Pan quickly, from rest to rest, at most 0.9 of a picture's width in 0.4 to 1.6 s."""
    n, begin = int(rng.integers(10, 40)), 5
    way = np.clip((np.arange(len(piece)) - begin) / n, 0, 1)
    sign = rng.choice([-1, 1])
    offsets = np.stack([sign * (2 * way - 1), np.zeros(len(piece))], axis=1)
    return _moved(piece, offsets, np.full(len(piece), 1.9)), (begin, min(begin + n, len(piece) - 1))


def _zoom(piece: Pictures, rng: np.random.Generator) -> tuple[Pictures, tuple[int, int]]:
    n, begin = int(rng.integers(8, 40)), 5
    way = np.clip((np.arange(len(piece)) - begin) / n, 0, 1)
    zooms = 1.05 + 1.2 * (way if rng.random() < 0.5 else 1 - way)
    return _moved(piece, np.zeros((len(piece), 2)), zooms), (begin, min(begin + n, len(piece) - 1))


def _shake(piece: Pictures, rng: np.random.Generator) -> tuple[Pictures, tuple[int, int]]:
    noise = rng.normal(0, 1, (len(piece) + 2, 2))
    offsets = np.clip((noise[:-2] + noise[1:-1] + noise[2:]) / 3 * rng.uniform(0.3, 1.2), -1, 1)
    offsets[:8] = 0
    return _moved(piece, offsets, np.full(len(piece), 1.25)), (8, len(piece) - 1)


def _explosion(piece: Pictures, rng: np.random.Generator) -> tuple[Pictures, tuple[int, int]]:
    """A ball of fire grows within a few frames and dies down."""
    piece, first, n = piece.copy(), int(rng.integers(8, len(piece) - 40)), int(rng.integers(15, 36))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    centre = rng.uniform(0.3, 0.7, 2) * (HEIGHT, WIDTH)
    distance = np.hypot(y - centre[0], x - centre[1])
    for k in range(n):
        strength = min(1.0, (k + 1) / 4) * (1 - k / n)
        radius = WIDTH * (0.15 + 0.5 * min(1, k / 8))
        ball = strength * np.exp(-((distance / radius) ** 2))[..., None] * (1 + 0.15 * rng.standard_normal())
        ball = np.clip(ball * 1.4, 0, 1).astype(np.float32)
        piece[first + k] = piece[first + k] * (1 - ball) + np.array([255, 190, 90], np.float32) * ball
    return piece, (first, first + n)


def _brightness(piece: Pictures, rng: np.random.Generator) -> tuple[Pictures, tuple[int, int]]:
    """Light goes out and on again, or half out."""
    first, n = 8, int(rng.integers(8, 19))
    lowest = float(rng.choice([0.0, 0.1, 0.35]))
    gains = np.ones(len(piece), np.float32)
    ramp = np.linspace(1, lowest, n, dtype=np.float32)
    gains[first : first + n] = ramp
    gains[first + n : first + 2 * n] = ramp[::-1][: len(gains) - first - n]
    return piece * gains[:, None, None, None], (first, min(first + 2 * n, len(piece) - 1))


def _passing(piece: Pictures, rng: np.random.Generator) -> tuple[Pictures, tuple[int, int]]:
    """Somebody walks by close to the camera, and hides up to two thirds of the picture."""
    piece, first, n = piece.copy(), int(rng.integers(5, 12)), int(rng.integers(8, 30))
    width, colour = int(rng.uniform(0.3, 0.66) * WIDTH), rng.uniform(10, 200, 3).astype(np.float32)
    texture = cv2.resize(rng.uniform(0.6, 1.2, (6, 5)).astype(np.float32), (width, HEIGHT))[..., None]
    for k in range(n):
        left = round(-width + (k + 1) / n * (WIDTH + width))
        here, there = max(0, left), min(WIDTH, left + width)
        piece[first + k][:, here:there] = colour * texture[:, here - left : there - left]
    return piece, (first, first + n)


def _credits(piece: Pictures, rng: np.random.Generator) -> tuple[Pictures, tuple[int, int]]:
    """Lines of letters run up over the picture, darkened."""
    paper = np.zeros((len(piece) * 3 + HEIGHT, WIDTH), np.uint8)
    for y in range(20, len(paper), 12):
        n = int(rng.integers(6, 16))
        text = "".join(rng.choice(list("ABDEGHKLMNORSTUW"), n))
        cv2.putText(paper, text, (int(64 - n * 3.2), y), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 255, 1, cv2.LINE_AA)
    dark = float(rng.choice([0.0, 0.3, 0.6]))
    speed = float(rng.uniform(0.5, 3))
    out = piece * dark
    for k in range(len(piece)):
        line = int(k * speed)
        out[k] = np.maximum(out[k], paper[line : line + HEIGHT, :, None])
    return out, (0, len(piece) - 1)


TROUBLE: Mapping[str, Trouble] = {
    "flash": lambda piece, rng: _flash(piece, rng, 1, False),
    "flashes in a row": lambda piece, rng: _flash(piece, rng, int(rng.integers(2, 5)), False),
    "flash on a part": lambda piece, rng: _flash(piece, rng, int(rng.integers(1, 4)), True),
    "strobe": _strobe,
    "pan": _pan,
    "zoom": _zoom,
    "shake": _shake,
    "explosion": _explosion,
    "brightness": _brightness,
    "passing": _passing,
    "credits": _credits,
}
"""What might be taken for a boundary and is none."""
