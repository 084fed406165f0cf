"""Records to files of other programs, and back: one file a format, one table of them."""

from .document import BASE, Document, document_of
from .formats import FORMATS, READABLE, Format
from .joining import joined, media_type_of

__all__ = ["BASE", "FORMATS", "READABLE", "Document", "Format", "document_of", "joined", "media_type_of"]
