"""FaceRec finds known and unknown people in video archives."""

__version__ = "0.1.0"
