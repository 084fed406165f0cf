"""Known people: galleries, classifiers, calibrated confidence and the vote of a track's samples."""
