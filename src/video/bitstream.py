"""What is read of coded pictures without decoding them: whether decoding may begin there, and whether others refer to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

_SEQUENCE_HEADER = b"\0\0\1\xb3"
_HEAD = 4096
"""Bytes of a packet in which the headers before its picture are looked for."""

INTRA_ONLY = frozenset({"mjpeg", "prores", "dnxhd", "dvvideo", "rawvideo", "huffyuv", "ffvhuff", "utvideo", "v210", "jpeg2000"})
"""Codecs whose every picture stands alone."""

_KEY_FRAMES = INTRA_ONLY | {"mpeg4", "vp8", "vp9", "ffv1"}
"""Codecs whose key frames, as the container marks them, need nothing before them."""


def access_test(codec: str, extradata: bytes | None) -> Callable[[bytes], bool] | None:
    """Return what says of a packet that is marked as a key frame whether decoding may begin with it.

    Frames that are shown before it but coded behind it may still refer to what came before (open GOP).

    Args:
        codec: FFmpeg's name of the decoder.
        extradata: The headers that the container keeps apart.

    Returns:
        A function of the packet's bytes; None for a codec of which nobody has proved it.
    """
    if codec in _KEY_FRAMES:
        return lambda packet: True
    if codec in ("mpeg1video", "mpeg2video"):
        # Quantisation matrices stand in a sequence header and hold until the next one.
        return lambda packet: _SEQUENCE_HEADER in packet[:_HEAD]
    if codec == "h264":
        return lambda packet: _begins_h264(packet, _h264_length(extradata))
    if codec == "hevc":
        return lambda packet: _begins_hevc(packet, _hevc_length(extradata))
    if codec == "av1":
        return _begins_av1
    return None


def jump_test(codec: str, extradata: bytes | None) -> Callable[[bytes], bool] | None:
    """Return what says of a key frame whether all that is shown from it on is decoded exactly without anything before it.

    This asks for more than `access_test` where encoders may be careless: in H.264 for an IDR picture, or a recovery point at
    which the encoder promises exactness.

    Args:
        codec: FFmpeg's name of the decoder.
        extradata: The headers that the container keeps apart.

    Returns:
        A function of the packet's bytes; None for a codec of which nobody has proved it.

    Source: ITU-T H.264, section D.2.8 (recovery_frame_cnt, exact_match_flag); ITU-T H.265, section 8.1.3 (leading pictures).
    """
    if codec != "h264":
        return access_test(codec, extradata)
    return lambda packet: _is_exact_h264(packet, _h264_length(extradata))


def layer_of(extradata: bytes | None) -> Callable[[bytes], int]:
    """Return what reads the temporal layer of a packet of HEVC: pictures that none of their own layer refers to may be referred
    to by higher ones.

    Source: ITU-T H.265, section 7.4.2.2 (nal_unit_type, nuh_temporal_id_plus1).
    """
    n_length = _hevc_length(extradata)

    def layer(packet: bytes) -> int:
        pictures = (unit for unit in nal_units(packet, n_length) if len(unit) > 1 and unit[0] >> 1 & 63 < 32)
        return next((unit[1] & 7 for unit in pictures), 1) - 1

    return layer


def _h264_length(extradata: bytes | None) -> int:
    """Return the bytes of the length before each unit, 0 for start codes (ISO/IEC 14496-15, section 5.3.3)."""
    return (extradata[4] & 3) + 1 if extradata and len(extradata) > 4 and extradata[0] == 1 else 0


def _hevc_length(extradata: bytes | None) -> int:
    """Return the bytes of the length before each unit, 0 for start codes (ISO/IEC 14496-15, section 8.3.3)."""
    return (extradata[21] & 3) + 1 if extradata and len(extradata) > 21 and extradata[0] == 1 else 0


def nal_units(packet: bytes, n_length: int) -> Iterator[bytes]:
    """Yield the first bytes of the NAL units of an access unit of H.264 or HEVC.

    Args:
        packet: The access unit.
        n_length: Bytes of the length before each unit, 0 where start codes stand between them (Annex B).

    Source: ITU-T H.264, sections 7.3.1 and B.1; ISO/IEC 14496-15, section 5.3.3.
    """
    at = 0 if n_length else _behind_start_code(packet, 0)
    while 0 <= at < len(packet):
        if n_length:
            length = int.from_bytes(packet[at : at + n_length], "big")
            yield packet[at + n_length : at + n_length + 32]
            at += n_length + length
        else:
            yield packet[at : at + 32]
            at = _behind_start_code(packet, at)


def _behind_start_code(packet: bytes, at: int) -> int:
    found = packet.find(b"\0\0\1", at)
    return -1 if found < 0 else found + 3


def _begins_h264(packet: bytes, n_length: int) -> bool:
    """Say whether the picture is an IDR picture or one of I slices; a recovery point in P slices is not trusted."""
    for unit in nal_units(packet, n_length):
        kind = unit[0] & 31 if unit else 0
        if kind == 5:
            return True
        if kind == 1:
            return _slice_type(unit[1:]) % 5 == 2
    return False


_RECOVERY_POINT = 6


def _is_exact_h264(packet: bytes, n_length: int) -> bool:
    """Say whether the picture is an IDR picture, or a message before it says that all is exact from here on, without delay."""
    for unit in nal_units(packet, n_length):
        kind = unit[0] & 31 if unit else 0
        if kind in (1, 5):
            return kind == 5
        # The count of pictures to wait for and the promise are the first two bits: 1 codes a count of 0.
        if kind == 6 and len(unit) > 3 and unit[1] == _RECOVERY_POINT and unit[3] >> 6 == 3:
            return True
    return False


def _begins_av1(packet: bytes) -> bool:
    """Say whether the first frame is a key frame that is shown at once, which resets all that others may refer to.

    Source: AV1 Bitstream and Decoding Process Specification, sections 5.3 (OBU header), 5.9.2 and 7.21.
    """
    at = 0
    while at < len(packet):
        head, at = packet[at], at + 1 + (packet[at] >> 2 & 1)
        size, shift = 0, 0
        while head & 2 and at < len(packet):
            size, shift, at = size | (packet[at] & 127) << shift, shift + 7, at + 1
            if not packet[at - 1] & 128:
                break
        if head >> 3 & 15 in (3, 6):
            # show_existing_frame 0, frame_type 00, show_frame 1
            return at < len(packet) and packet[at] >> 4 == 1
        at = at + size if head & 2 else len(packet)
    return False


def _slice_type(header: bytes) -> int:
    """Read the second of the two numbers that a slice header begins with (H.264, sections 7.3.3 and 9.1)."""
    # Two such numbers are too short for the byte 3 that keeps start codes out of the data to matter in practice: it comes only
    # after two zero bytes, that is for macroblocks beyond the 32,000th, and no picture's first slice begins there.
    bits = "".join(f"{byte:08b}" for byte in header[:12])
    at = 0
    value = 0
    for _ in range(2):
        n_zeros = bits.find("1", at) - at
        if n_zeros < 0:
            return -1
        value = int(bits[at + n_zeros : at + 2 * n_zeros + 1], 2) - 1
        at += 2 * n_zeros + 1
    return value


def _begins_hevc(packet: bytes, n_length: int) -> bool:
    """Say whether the picture is an IRAP picture (ITU-T H.265, table 7-1: types 16 to 21)."""
    for unit in nal_units(packet, n_length):
        kind = unit[0] >> 1 & 63 if unit else 63
        if kind < 32:
            return 16 <= kind <= 21
    return False
