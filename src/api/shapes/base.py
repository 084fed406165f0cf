"""The form of all shapes, and what several of them hold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A model of an answer, read from the fields of a record or given one by one."""

    model_config = ConfigDict(from_attributes=True)


class Problem(Shape):
    """What went wrong, as RFC 9457 writes it."""

    type: str = Field(description="Where the code is explained")
    title: str
    status: int
    detail: str = Field(description="What happened, to which thing, and what to do")
    code: str = Field(description="One of the codes in docs/api.md; does not change")
    errors: list[ProblemPlace] = Field(default=[], description="What is wrong where in the request")


class ProblemPlace(Shape):
    """A value of a request that was refused."""

    where: str
    message: str


class Box(Shape):
    """A rectangle in pixels of the original frame, origin top left."""

    x: float
    y: float
    w: float
    h: float


class Candidate(Shape):
    """One person that a face may be."""

    name: str
    score: float
    confidence: float
    person_id: str | None = Field(None, description="Of somebody whom the project knows by this name")
