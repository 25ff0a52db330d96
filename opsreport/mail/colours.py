"""The mail's colours, light and dark: the client's own where text in it can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsreport import theme
from opsreport.colours import READABLE, contrast, parts

#: What each verdict's colour is, as on the page; its word and mark stand beside it.
VERDICTS: Mapping[str, str] = {
    "met": theme.GOOD, "at risk": theme.AT_RISK, "missed": theme.BAD, "unknown": theme.UNKNOWN,
}  # fmt: skip
_NAMES = {"ink": "INK", "soft": "INK_SOFT", "grid": "GRID", "pale": "PALE", "paper": "PAPER", "bad": "VERMILLION"}


def palette(colour: str) -> tuple[dict[str, str], dict[str, str]]:
    """Colours by name, for light and for dark.

    Parameters
    ----------
    colour : str
        The client's own, such as #0b5d4e; the house's blue stands for one that cannot be read on white.

    Returns
    -------
    light, dark : dict of str to str
        Six-digit hexadecimal; `tint` and `wash` are the accent's and a warning's ground.

    Examples
    --------
    >>> light, dark = palette("#ffff00")
    >>> light["accent"], light["paper"], dark["paper"]
    ('#0072b2', '#ffffff', '#0d1117')
    """
    light = {name: getattr(theme, constant).lower() for name, constant in _NAMES.items()}
    swaps = {day.lower(): night.lower() for day, night in theme.DARK.items()}
    dark = {name: swaps.get(value, value) for name, value in light.items()}
    is_hex = re.fullmatch("#[0-9a-fA-F]{6}", colour)
    light["accent"] = colour.lower() if is_hex and contrast(colour, light["paper"]) >= READABLE else theme.BLUE.lower()
    dark["accent"] = swaps.get(light["accent"]) or _lifted(light["accent"], dark["paper"])
    light["on-accent"], dark["on-accent"] = light["paper"], dark["paper"]
    for colours, share in ((light, 0.07), (dark, 0.16)):
        colours["tint"] = mixed(colours["accent"], colours["paper"], share)
        colours["wash"] = mixed(colours["bad"], colours["paper"], share)
        for verdict, own in VERDICTS.items():
            name = verdict.replace(" ", "-")
            shown = own.lower() if colours is light else swaps.get(own.lower(), own.lower())
            colours[name] = shown
            colours[f"{name}-ground"] = mixed(shown, colours["paper"], share + 0.09)
            colours[f"{name}-edge"] = mixed(shown, colours["paper"], 0.55)
    return light, dark


def mixed(colour: str, ground: str, share: float) -> str:
    """A share of a colour over a ground.

    Examples
    --------
    >>> mixed("#000000", "#ffffff", 0.2)
    '#cccccc'
    """
    pairs = zip(parts(colour), parts(ground), strict=True)
    return "#" + "".join(f"{round(over * share + under * (1 - share)):02x}" for over, under in pairs)


def _lifted(colour: str, paper: str) -> str:
    """The colour, mixed with white until it can be read on dark paper."""
    shares = (part / 20 for part in range(21))
    lifted = (mixed("#ffffff", colour, share) for share in shares)
    return next(one for one in lifted if contrast(one, paper) >= READABLE)
