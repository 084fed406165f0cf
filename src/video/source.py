"""Opening a local file or an http(s) address with FFmpeg, and saying in plain words why that fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import av
from av.codec.hwaccel import HWAccel
from av.container import Flags, InputContainer
from av.video.stream import VideoStream as AvVideoStream

from ..errors import AnnotationError, ConfigError, FetchError, MediaError
from ..guard.pieces import PiecedFile
from ..guard.ranged import RangedFile
from .guarded import GuardedAddress, source_of

FILE_FORMATS = (
    "mov", "matroska", "avi", "mpegts", "mpeg", "mpegvideo", "m4v", "h264", "hevc", "vvc", "obu", "ivf", "flv", "ogg",
    "asf", "mxf", "gxf", "nut", "dv", "wtv", "rm", "gif", "apng", "yuv4mpegpipe", "mjpeg", "h261", "h263", "vc1",
    "dirac", "cavsvideo", "nsv", "nuv", "mp3", "wav", "flac", "aac", "ac3", "eac3", "dts", "amr", "aiff", "caf", "w64",
)  # fmt: skip
"""Formats that are read: media in one piece. Playlists (HLS, DASH, concat, SDP) are not among them, because they make
FFmpeg open further addresses and files that nobody has checked; those of HLS are read by `guard.pieces`. Sound is among them,
so that the message can say what it is."""

HWACCELS = ("none", "auto", "cuda", "vaapi", "videotoolbox")
"""What may decode: the processor, the first hardware that can, or this one and no other."""

NOT_TO_SHOW = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails | av.stream.Disposition.still_image
"""Pictures that a container carries along, such as the cover of a record: no video to analyse."""

_PHOTOS = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\0", b"MM\0*")
"""What files of pictures begin with: JPEG, PNG, BMP and TIFF."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?://|.*\|)")


def is_address(locator: str) -> bool:
    """Say whether a locator is an http(s) address."""
    return locator.lower().startswith(("http://", "https://"))


def ffmpeg_name(locator: str) -> str:
    """Check a locator and return the name under which FFmpeg opens it, and nothing else.

    Raises:
        MediaError: It is neither an http(s) address nor a file with something in it.
    """
    if is_address(locator):
        return locator.split("#", 1)[0]
    path = Path(locator)
    if not locator.strip():
        raise MediaError(repr(locator), "names no video. Give a path or an http(s) address.")
    try:
        if path.is_dir():
            raise MediaError(locator, "is a folder. Name a video inside it.")
        if path.is_file():
            _check_file(locator, path)
            # Spelled out, so that a name with a colon is never taken for one of FFmpeg's protocols.
            return f"file:{path.absolute()}"
        exists = path.exists()
    except (OSError, ValueError) as err:
        raise MediaError(locator, f"cannot be used as a path: {err}. Check it.") from err
    if exists:
        raise MediaError(locator, "is no regular file. Name a video file or an http(s) address.")
    if _SCHEME.match(locator):
        raise MediaError(locator, "cannot be opened: only files and http(s) addresses are read. Download it first.")
    raise MediaError(locator, "does not exist. Check the path.")


def _check_file(locator: str, path: Path) -> None:
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as err:
        raise MediaError(locator, f"cannot be read: {err.strerror}. Check who may read it.") from err
    if empty:
        raise MediaError(locator, "is an empty file. Copy or download it again.")


@contextmanager
def open_container(locator: str, timeout_s: float, hwaccel: str = "none") -> Iterator[InputContainer]:
    """Open a video and close it at the end of the block.

    Args:
        locator: Path or http(s) address.
        timeout_s: Longest wait for the server, when opening and for each further piece. Files know no waiting.
        hwaccel: One of `HWACCELS`.

    Raises:
        ConfigError: The hardware cannot decode this video, or there is none.
        FetchError: The address cannot be reached.
        MediaError: There is no such file, or it holds no media that can be read.
    """
    with source_of(locator, ffmpeg_name(locator), timeout_s) as source, _opened(source, locator, timeout_s, hwaccel) as opened:
        yield opened


@contextmanager
def _opened(name: str | RangedFile | PiecedFile, locator: str, timeout_s: float, hwaccel: str) -> Iterator[InputContainer]:
    remote = is_address(locator) and not isinstance(locator, GuardedAddress)
    options = {
        "protocol_whitelist": "http,https,httpproxy,tcp,tls" if remote else "file" if isinstance(name, str) else "none",
        "format_whitelist": ",".join(FILE_FORMATS),
    }
    if remote:
        options |= {"user_agent": "FaceRec", "reconnect": "1", "reconnect_delay_max": str(max(1, int(timeout_s / 4)))}
    timeout = timeout_s if remote else None
    try:
        container = av.open(name, mode="r", options=options, metadata_errors="replace", timeout=timeout)
        if hwaccel != "none":
            container.close()
            _rewind(name)
            container = _open_on_hardware(name, options, timeout, hwaccel)
    except (av.FFmpegError, OSError) as err:
        raise explain(err, locator, timeout_s) from err
    try:
        # Made-up PTS are wrong where frames are reordered (H.264 in AVI); `Clock` knows what to do without.
        container.flags &= ~cast(int, Flags.gen_pts.value)
        yield container
    finally:
        container.close()


def _open_on_hardware(
    name: str | RangedFile | PiecedFile, options: dict[str, str], timeout: float | None, hwaccel: str
) -> InputContainer:
    """Open what can be opened without hardware: whatever fails here is the hardware's fault.

    Raises:
        ConfigError: The hardware that was asked for cannot decode this video, or there is none.
    """
    if hwaccel not in HWACCELS:
        raise ConfigError(f'There is no hwaccel "{hwaccel}". Choose one of {", ".join(HWACCELS)}.')
    why = ""
    for kind in HWACCELS[2:] if hwaccel == "auto" else (hwaccel,):
        try:
            accelerator = HWAccel(kind, allow_software_fallback=False)
            return av.open(name, mode="r", options=options, metadata_errors="replace", timeout=timeout, hwaccel=accelerator)
        except (av.FFmpegError, OSError, RuntimeError, ValueError, NotImplementedError) as err:
            why = _reason(err)
            _rewind(name)
    if hwaccel == "auto":
        return av.open(name, mode="r", options=options, metadata_errors="replace", timeout=timeout)
    raise ConfigError(
        f'The hardware "{hwaccel}" cannot decode this video here ({why}). '
        "Check its driver, or set tracker.hwaccel to none or auto."
    )


def _rewind(source: str | RangedFile | PiecedFile) -> None:
    if not isinstance(source, str):
        source.seek(0)


def video_stream(container: InputContainer, locator: str, threads: int = 0) -> AvVideoStream:
    """Return the stream to analyse, ready to decode on some threads (0: as many as FFmpeg sees fit); others are not even read.

    Raises:
        MediaError: There is none, or no decoder for it.
    """
    shown = [stream for stream in container.streams.video if not stream.disposition & NOT_TO_SHOW]
    if not shown:
        sound = "only sound and a cover picture" if container.streams.video else "only sound"
        what = sound if container.streams.audio else "nothing"
        raise MediaError(locator, f"has no video stream ({what} to be found). Give a video.")
    best = container.streams.best("video")
    stream = next((candidate for candidate in shown if candidate is best), shown[0])
    if stream.codec_context is None:
        raise MediaError(locator, "is coded in a way that this FFmpeg cannot decode. Convert it to H.264 first.")
    for other in container.streams:
        if other is not stream:
            other.discard = av.stream.Discard.all
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = threads
    return stream


def explain(err: Exception, locator: str, timeout_s: float) -> AnnotationError:
    """Turn an error of FFmpeg into one of ours, with what to do about it."""
    if is_address(locator):
        return _explain_address(err, locator, timeout_s)
    return MediaError(locator, f"{_explain_file(Path(locator))} ({_reason(err)})")


def _reason(err: Exception) -> str:
    return getattr(err, "strerror", None) or str(err)


def _explain_file(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip"):
        return "is an MP4 or MOV file without its index (moov), so it was cut off or is damaged. Copy or download it again."
    if head.startswith(_PHOTOS) or head[8:12] == b"WEBP":
        return "is a picture, not a video. Give a video; whom a picture shows is looked for with: search --photo"
    if head.startswith((b"#EXTM3U", b"ffconcat", b"<?xml", b"v=0")):
        return "is a playlist, not a video. Give the video itself."
    return "is no video that can be read. Check that it is one, and copy or download it again"


def _explain_address(err: Exception, url: str, timeout_s: float) -> AnnotationError:
    if isinstance(err, (av.error.ExitError, TimeoutError)):
        return FetchError(url, f"the server did not answer within {timeout_s:g} s. Try again later, or raise the timeout.")
    if isinstance(err, (av.error.HTTPClientError, av.error.HTTPError)):
        return FetchError(url, f"the server refused ({_reason(err)}). Check the address, or download the video first.")
    if isinstance(err, ConnectionRefusedError):
        return FetchError(url, "the server refuses connections. Check the address and the port.")
    if isinstance(err, (av.error.InvalidDataError, ValueError, EOFError)):
        return MediaError(
            url,
            f"is no video that can be read from there ({_reason(err)}). Check the address; an MP4 with its index at the end "
            "can only be read from a server that answers byte ranges: download it first.",
        )
    return FetchError(url, f"cannot be reached ({_reason(err)}). Check the address and the network.")


def raise_if_network(err: Exception, locator: str, timeout_s: float) -> None:
    """Raise when a reading failed for want of the network: then the video is not at fault, and can be read again later."""
    if is_address(locator) and not isinstance(err, av.error.InvalidDataError):
        raise explain(err, locator, timeout_s) from err
