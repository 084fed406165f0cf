"""Goes through the routes of the original service as its page did, with nothing but the standard library.

python -m tests.original_client http://127.0.0.1:5000 --project films --people "Elton John;Madonna" --video film.mp4

Prints what it does, and ends with 1 and a line where an answer is not what the page relied on. A picture that it switches off
is switched on again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

PATIENCE_S = 900.0
NUMBER = (int, float)
TRACK_FIELDS: Mapping[str, Any] = {
    "name": str,
    "track_id": int,
    "merged_tracks": list,
    "start_npt": NUMBER,
    "end_npt": NUMBER,
    "start_frame": int,
    "end_frame": int,
    "start_sample": int,
    "end_sample": int,
    "confidence": NUMBER,
    "rect": list,
    "bounding": dict,
    "locator": str,
    "project": str,
}
"""What the page reads of a track, and of which type it is."""


class WrongAnswerError(Exception):
    """The service did not answer as the original did."""


@dataclass
class OriginalClient:
    """What the page asked, and how.

    Attributes:
        server: Address of the service, with a slash at its end.
        token: Where the service asks for one.
        log: What was asked and answered, a line each.
    """

    server: str
    token: str = ""
    log: list[str] = field(default_factory=list)

    def raw(self, path: str, body: Any = None, **parameters: Any) -> tuple[int, str, bytes]:
        """Ask, and return status, content type and body, whatever the status is."""
        address = f"{self.server}{path}" + (f"?{urlencode(parameters)}" if parameters else "")
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, data, headers | ({"Content-Type": "application/json"} if data else {}))
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                result = answer.status, answer.headers.get_content_type(), answer.read()
        except urllib.error.HTTPError as err:
            with err:
                result = err.code, err.headers.get_content_type(), err.read()
        self.log.append(f"{result[0]} {request.get_method()} {address}")
        return result

    def json(self, path: str, body: Any = None, **parameters: Any) -> Any:
        """Ask, and return the JSON of an answer that all went well."""
        status, kind, text = self.raw(path, body, **parameters)
        if status != 200 or kind != "application/json":
            raise WrongAnswerError(f"{path} {parameters}: {status} {kind} {text[:300]!r}")
        return json.loads(text)

    def track(self, video: str, project: str, poll_s: float, speedup: int, **parameters: Any) -> tuple[list[str], Any]:
        """Ask for a video as often as it takes, and return every status that was told with the last answer."""
        told, give_up = [], time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            answer = self.json("track", video=video, project=project, speedup=speedup, **parameters)
            told.append(answer["status"])
            if answer["status"] != "RUNNING":
                return told, answer
            parameters = {}  # a page says no_cache once
            time.sleep(poll_s)
        raise WrongAnswerError(f"{video} is RUNNING for ever")


@dataclass
class Walk:
    """What came of a walk: people of the training set, statuses and tracks of the video, samples of each person, Turtle."""

    classes: list[str]
    statuses: list[str]
    tracks: list[dict[str, Any]]
    unknown: list[dict[str, Any]]
    appearances: dict[str, list[dict[str, Any]]]
    turtle: str
    locator: bytes


def walk(
    client: OriginalClient, project: str, people: Sequence[str], video: str, poll_s: float = 5.0, speedup: int = 25
) -> Walk:
    """Do what somebody did with the page, from the first name to the export.

    Raises:
        WrongAnswerError: An answer is not what the page relied on.
    """
    check_task("crawl", client.json("crawler", q=";".join(people), project=project))
    check(project in client.json("projects"), f"{project} is one of the projects")
    training = client.json("training-set", project=project)
    classes = [item["class"] for item in training]
    check(set(people) <= set(classes), f"{people} are in the training set, not only {classes}")
    for item in training:
        status, kind, picture = client.raw(quote(item["path"][0]))
        check((status, kind) == (200, "image/png") and picture.startswith(b"\x89PNG"), f"{item['path'][0]} is a picture")
    switch_off_and_on(client, project, training[0]["path"])
    check_task("train", client.json(f"train/{quote(project)}"))
    status, _, locator = client.raw("get_locator", video=video)
    check(status == 200 and bool(locator), "the video can be played")
    statuses, answer = client.track(video, project, poll_s, speedup)
    check(statuses[-1] == "COMPLETE", f"the video is analysed: {answer.get('error', statuses)}")
    check(answer["project"] == project and isinstance(answer["locator"], str), "the answer says what it is about")
    for found in (*answer["tracks"], *answer["feat_clusters"]):
        check_track(found, project, answer["locator"])
    check(all(found.get("unknown") is True for found in answer["feat_clusters"]), "unknown people are marked")
    samples = {name: client.json(f"appearance/{quote(name)}", project=project) for name in people}
    for name, found in samples.items():
        check_samples(name, found)
    status, kind, turtle = client.raw("track", video=video, project=project, format="ttl")
    check((status, kind) == (200, "text/turtle"), "who appears is to be had as Turtle")
    return Walk(classes, statuses, answer["tracks"], answer["feat_clusters"], samples, turtle.decode(), locator)


def switch_off_and_on(client: OriginalClient, project: str, paths: Sequence[str]) -> None:
    """Switch a picture off as the page does, by its address, and on again."""
    before = disabled(client, project)
    wanted = [*before, next(address for path in paths if (address := client.server + path) not in before)]
    check(client.json(f"disabled/{quote(project)}", wanted) == "ok", "a list of pictures is saved")
    check(set(disabled(client, project)) == set(wanted), "the pictures that were switched off are off")
    client.json(f"disabled/{quote(project)}", before)
    check(set(disabled(client, project)) == set(before), "a picture is on again")


def disabled(client: OriginalClient, project: str) -> list[str]:
    """Return the addresses of the pictures that are out: the page knows pictures by their addresses."""
    paths = client.json(f"disabled/{quote(project)}")
    return [path if path.startswith("http") else client.server + path.removeprefix("data/") for path in paths]


def check(right: bool, what: str) -> None:
    """Go on only where something is so."""
    if not right:
        raise WrongAnswerError(f"It is not so that {what}.")


def check_task(task: str, answer: Any) -> None:
    """Check what is answered to work."""
    check(answer.get("task") == task and answer.get("status") == "ok", f"{task} is done: {answer}")
    check(isinstance(answer.get("time"), str) and isinstance(answer.get("execution_time"), NUMBER), f"{task} says its time")


def check_track(found: Any, project: str, locator: str) -> None:
    """Check the fields of a track and how they belong together."""
    for name, kind in TRACK_FIELDS.items():
        check(isinstance(found.get(name), kind) and not isinstance(found.get(name), bool), f"{name} is a {kind}: {found}")
    x, y, w, h = (found["bounding"][name] for name in "xywh")
    check(found["bounding"]["xywh"] == f"{x},{y},{w},{h}", "xywh repeats the box")
    check(found["rect"] == [x, y, x + w, y + h], "rect is the same box")
    check(all(isinstance(track_id, int) for track_id in found["merged_tracks"]), "merged_tracks are numbers")
    check(found["start_npt"] <= found["end_npt"] and 0 <= found["confidence"] <= 1, "times and confidence are possible")
    check((found["project"], found["locator"]) == (project, locator), "a track says what it is about")


def check_samples(name: str, samples: Any) -> None:
    """Check the samples of a person."""
    for sample in samples:
        check(sample["name"] == name and sample["confidence"] >= 0.6, f"the sample is surely {name}")
        check(isinstance(sample["frame"], int) and isinstance(sample["npt"], NUMBER), "a sample has its time")
        check(isinstance(sample["locator"], str), "a sample has its video")


def main(argv: Sequence[str] | None = None) -> int:
    """Walk, and return the status for the shell."""
    parser = argparse.ArgumentParser(description="Goes through the routes of the original service as its page did.")
    parser.add_argument("server", help="http://127.0.0.1:5000")
    parser.add_argument("--project", required=True)
    parser.add_argument("--people", required=True, help='"Elton John;Madonna"')
    parser.add_argument("--video", required=True, help="address, or path in a folder of videos")
    parser.add_argument("--token", default="")
    parser.add_argument("--speedup", type=int, default=25)
    parser.add_argument("--poll_s", type=float, default=15.0)
    given = parser.parse_args(argv)
    client = OriginalClient(given.server.rstrip("/") + "/", given.token)
    try:
        found = walk(client, given.project, given.people.split(";"), given.video, given.poll_s, given.speedup)
    except (WrongAnswerError, OSError) as err:
        print("\n".join([*client.log, f"Wrong: {err}"]), file=sys.stderr)
        return 1
    print("\n".join(client.log))
    for track in (*found.tracks, *found.unknown):
        print(f"{track['start_npt']:9.2f} - {track['end_npt']:9.2f}  {track['name']}  {track['confidence']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
