"""Advanced SubStation Alpha: who is to be seen as subtitles that every player shows, one line a person at the top of the
picture.

Times are hundredths of a second there.

Source: the SubStation Alpha v4.00+ script format, as libass reads it.
"""

from __future__ import annotations

from pathlib import Path

from ..disk.files import replacing
from .document import Document, one_line
from .webvtt import captions

_LINES = 720
_STYLE = "Default,Arial,36,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,2,0,8,20,20,20,1"
_STYLE_FIELDS = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, "
    "ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding"
)
_EVENT_FIELDS = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"


def write_ass(path: Path, document: Document) -> int:
    """Write a line of dialogue for each stretch in which the same people are to be seen, and return how many.

    Raises:
        ExportError: The file cannot be written.
    """
    video = document.video
    # Letters are as large on every picture: they are measured on one of 720 lines.
    width = round(_LINES * video.width / video.height) if video.width and video.height else 1280
    lines = [_dialogue(round(100 * start), round(100 * end), names) for start, end, names in captions(document.people)]
    head = (
        f"[Script Info]\n; Who is to be seen, by FaceRec\nTitle: {document.title}\n"
        f"Original Script: {one_line(document.locator)}\nScriptType: v4.00+\nWrapStyle: 0\n"
        f"PlayResX: {width}\nPlayResY: {_LINES}\nScaledBorderAndShadow: yes\n\n"
        f"[V4+ Styles]\nFormat: {_STYLE_FIELDS}\nStyle: {_STYLE}\n\n[Events]\nFormat: {_EVENT_FIELDS}\n"
    )
    with replacing(path) as partial:
        # With a mark of its encoding: players guess others without.
        partial.write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8-sig", newline="\n")
    return len(lines)


def _dialogue(start: int, end: int, names: tuple[str, ...]) -> str:
    """Return the line that shows names between two hundredths of a second, for one of them at least."""
    return f"Dialogue: 0,{_time(start)},{_time(max(end, start + 1))},Default,,0,0,0,,{_escaped(', '.join(names))}"


def _time(hundredths: int) -> str:
    seconds, hundredths = divmod(hundredths, 100)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{hundredths:02}"


def _escaped(text: str) -> str:
    """Return a text that no player takes for commands: what opens one, and a backslash, become signs that look alike."""
    return text.replace("\\", "\uff3c").replace("{", "\uff5b").replace("}", "\uff5d")
