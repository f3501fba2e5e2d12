"""Colours that must be told apart are, by colour-blind eyes too, and all stand out on white."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from gdviz.explorers import autopsy, compare_landscapes, endings, graph, pull, race, sigmoid, style
from gdviz.figures import COLORS, ink, rim
from gdviz.figures.style import CLASS_COLORS, CLASS_MARKERS, MARK, TEXT, contrast_with_white

# Machado, Oliveira and Fernandes (2009), "A Physiologically-based Model for Simulation of Color
# Vision Deficiency", severity 1; for linear RGB.
EYES = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
RGB_TO_XYZ = np.array(  # IEC 61966-2-1 (sRGB), white D65
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
APART = 10.0
"""CIEDE2000; 1 is about what can just be noticed side by side (Sharma, 2003)."""
PALETTES = {
    "classes": CLASS_COLORS,
    "racers": race.LANES,
    "ends of descents": [*endings.MINIMA, endings.NOWHERE, endings.DIVERGED],
    "where a descent is, among the ends": [*endings.MINIMA, style.NOW["color"]],
    "sizes of numbers": autopsy.PALETTE,
    "two landscapes": compare_landscapes.MARKS,
    "sigmoid and slope": [sigmoid.RED, sigmoid.SLOPE],
    "two losses": [sigmoid.BLUE, sigmoid.SQUARE],
    "pulls": [pull.OWN, pull.OTHERS],
    "graph": [style.CURRENT["color"], style.WARNING["color"], COLORS["blue"]],
}
MARKS = [color for palette in PALETTES.values() for color in palette]
TEXTS = [graph.VALUE, graph.GRADIENT, *map(ink, COLORS.values())]


def linear(color) -> np.ndarray:
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(color, eyes: str) -> np.ndarray:
    """Return CIELAB of a colour as it appears to these eyes."""
    seen = np.clip(EYES[eyes] @ linear(color), 0, 1)
    t = RGB_TO_XYZ @ seen / RGB_TO_XYZ.sum(axis=1)
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(first, second) -> float:
    """Return the difference of two colours in CIELAB (Sharma, Wu and Dalal, 2005)."""
    (L1, a1, b1), (L2, a2, b2) = first, second
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25**7))
    C1, C2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = (np.arctan2(b, stretch * a) % (2 * np.pi) for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + np.pi) % (2 * np.pi) - np.pi
    h = h1 + turn / 2  # halfway on the shorter arc
    if C1 * C2 == 0:
        turn, h = 0, h1 + h2
    L, C = (L1 + L2) / 2, (C1 + C2) / 2
    T = (
        1
        - 0.17 * np.cos(h - np.radians(30))
        + 0.24 * np.cos(2 * h)
        + 0.32 * np.cos(3 * h + np.radians(6))
        - 0.2 * np.cos(4 * h - np.radians(63))
    )
    ΔL = (L2 - L1) / (1 + 0.015 * (L - 50) ** 2 / np.sqrt(20 + (L - 50) ** 2))
    ΔC = (C2 - C1) / (1 + 0.045 * C)
    ΔH = 2 * np.sqrt(C1 * C2) * np.sin(turn / 2) / (1 + 0.015 * C * T)
    degrees = np.degrees(h) % 360
    twist = np.sin(np.radians(60 * np.exp(-(((degrees - 275) / 25) ** 2))))
    mix = -2 * np.sqrt(C**7 / (C**7 + 25**7)) * twist
    return float(np.sqrt(ΔL**2 + ΔC**2 + ΔH**2 + mix * ΔC * ΔH))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ],
)
def test_the_difference_is_the_published_one(first, second, expected):
    assert ciede2000(first, second) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("palette", PALETTES)
def test_colours_are_told_apart(palette, eyes):
    near = {
        (first, second): difference
        for first, second in combinations(PALETTES[palette], 2)
        if (difference := ciede2000(lab(first, eyes), lab(second, eyes))) < APART
    }
    assert near == {}


def test_red_and_green_alike_would_be_noticed():
    look = [ciede2000(lab("#B05A00", eyes), lab("#6F7F00", eyes)) for eyes in EYES]
    assert look[0] > APART > min(look)


@pytest.mark.parametrize("color", sorted({*COLORS.values(), *MARKS}))
def test_marks_stand_out_on_white(color):
    contrast, around = contrast_with_white(color), contrast_with_white(rim(color))
    if around == 1:
        assert contrast >= MARK
    else:  # it also stands out from its own rim
        assert around / contrast >= MARK
        assert around >= MARK


@pytest.mark.parametrize("color", TEXTS)
def test_texts_are_legible_on_white(color):
    assert contrast_with_white(color) >= TEXT


def test_contrast_is_that_of_wcag():
    assert contrast_with_white("black") == pytest.approx(21)
    assert contrast_with_white("white") == pytest.approx(1)
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.005)


def test_ink_and_rim_change_no_more_than_is_needed():
    assert ink("#0072b2") == "#0072b2"
    assert contrast_with_white(ink("#E69F00")) == pytest.approx(TEXT, rel=0.05)
    assert rim("#0072b2") == "white"
    assert rim("#E69F00") != "white"


def test_classes_have_shapes_of_their_own():
    assert len(set(CLASS_MARKERS)) == len(CLASS_MARKERS) == len(CLASS_COLORS)
