"""A tracker that says when it has stored a checkpoint, and works slowly enough to be killed. Run as a program by a test."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from src import tracker
from src.engines.fake import make_fake_engine
from src.settings import DatabaseSettings, Settings
from src.storage import mongo
from src.tracker import analyser
from src.workspace import open_workspace


def main(video: str, data_dir: str, uri: str, pace: str = "slow") -> None:
    """Track every fifth frame of a video with the fake engine: slow, quick, or slow and soon giving up on a server."""
    checkpoint = analyser.Analyser._checkpoint
    analyser.CHECKPOINT_EVERY = 4

    def telling(self: analyser.Analyser, progress: float) -> None:
        checkpoint(self, progress)
        print("checkpoint", flush=True)
        time.sleep(0 if pace == "quick" else 0.1)

    analyser.Analyser._checkpoint = telling  # type: ignore[method-assign]
    if pace == "impatient":
        mongo.RETRY_S, mongo.SELECTION_S = 0.5, 2.0
    settings = Settings(data_dir=Path(data_dir), database=DatabaseSettings(uri=uri))
    with open_workspace(settings) as workspace:
        workspace.use_engine("fake", make_fake_engine())
        workspace.begin_project("p", "fake")
        report = tracker.run(workspace, video, "p", video_speedup=5)
    print(f"{report.analysis.status} {report.analysis.counts['n_samples']} samples")


if __name__ == "__main__":
    main(*sys.argv[1:])
