"""Words set letter by letter at whole pixels: the same letter has the same pixels everywhere, so a PNG stays small."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.ft2font import FT2Font, LoadFlags

from opsreport.mail.charts.scene import Label
from opsreport.mail.charts.words import Run, advance, file


def write(pixels: np.ndarray, label: Label) -> None:
    """Set a label's words into a picture.

    Parameters
    ----------
    pixels : ndarray of uint8, height by width by 3
        Changed in place.
    """
    for x, baseline, run in label.words():
        colour = np.array([round(255 * one) for one in to_rgb(run.colour)])
        for letter in run.text:
            _set(pixels, *_drawn(letter, run.size * label.scale, run.is_bold), round(x), round(baseline), colour)
            x += advance(Run(letter, run.size, run.colour, run.is_bold)) * run.size * label.scale


def _set(
    pixels: np.ndarray, cover: np.ndarray, left: int, top: int, x: int, baseline: int, colour: np.ndarray
) -> None:  # fmt: skip
    """Blend a letter's pixels with what is below it; what would lie outside of the picture is left out."""
    y, x = baseline + top, x + left
    high, wide = cover.shape
    if not cover.size or y < 0 or x < 0 or y + high > pixels.shape[0] or x + wide > pixels.shape[1]:
        return
    ground, share = pixels[y : y + high, x : x + wide], cover[:, :, None].astype(np.int32)
    ground[:] = (ground * (255 - share) + colour * share + 127) // 255


@lru_cache(maxsize=2048)
def _drawn(letter: str, size: float, is_bold: bool) -> tuple[np.ndarray, int, int]:
    """How much of each pixel a letter covers, and where these lie from its origin on the baseline. [px]"""
    face = FT2Font(str(file(is_bold)))
    face.set_size(size, 72)  # at 72 dots an inch a point is a pixel
    face.set_text(letter, 0.0, flags=LoadFlags.FORCE_AUTOHINT)
    face.draw_glyphs_to_bitmap(antialiased=True)
    cover = np.array(face.get_image(), dtype=np.uint8)
    left, descent = face.get_bitmap_offset()[0] / 64, face.get_descent() / 64
    return cover, round(left), round(descent) - cover.shape[0]
