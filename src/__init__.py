"""FaceRec finds known and unknown people in video archives."""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Give out the client when it is asked for: `import facerec` itself stays quick."""
    if name == "Client":
        from .client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
