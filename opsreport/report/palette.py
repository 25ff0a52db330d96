"""A PDF's pictures of few colours, as charts are, kept by their palette: a third of the size, and the same pixels.

WeasyPrint writes each picture with three bytes a pixel; PDF 1.7 (ISO 32000-1, 8.6.6.3) has a palette too.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_RGB, _MOST_COLOURS = 2, 256


def with_palettes(document: Any, pdf: Any) -> None:
    """Rewrite the pictures of a PDF that is being made; WeasyPrint calls it as its finisher."""
    from pydyf import Array, Stream  # WeasyPrint's own, so there where this is called

    for made in pdf.objects:
        if isinstance(made, Stream) and made.extra.get("Subtype") == "/Image" and _is_plain(made.extra):
            found = indexed(b"".join(_bytes(part) for part in made.stream), made.extra["Width"], made.extra["Height"])
            if found:
                made.stream, colours = [found[0]], found[1]
                last = len(colours) // 3 - 1
                made.extra["ColorSpace"] = Array(["/Indexed", "/DeviceRGB", last, f"<{colours.hex()}>"])
                made.extra["DecodeParms"]["Colors"] = 1


def indexed(data: bytes, width: int, height: int) -> tuple[bytes, bytes] | None:
    """The data of a PNG with three bytes a pixel as that of one with a palette.

    Parameters
    ----------
    data : bytes
        What stands in its IDAT chunks.

    Returns
    -------
    tuple of (bytes, bytes) or None
        The same picture's data with a byte a pixel, and its colours; None where it has more than 256.
    """
    picture = Image.open(io.BytesIO(_PNG + _chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, _RGB, 0, 0, 0))
                                    + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")))  # fmt: skip
    red, green, blue = np.moveaxis(np.asarray(picture, dtype=np.uint32), 2, 0)
    colours, place = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
    if len(colours) > _MOST_COLOURS:
        return None
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = place.reshape(height, width)
    return zlib.compress(rows.tobytes(), 9), b"".join(int(one).to_bytes(3, "big") for one in colours)


def _is_plain(extra: dict[str, Any]) -> bool:
    return (extra.get("ColorSpace"), extra.get("Filter")) == ("/DeviceRGB", "/FlateDecode") and "SMask" not in extra


def _bytes(part: Any) -> bytes:
    return part if isinstance(part, bytes) else part.data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
