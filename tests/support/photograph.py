"""A label as a phone sees it: turned, askew, creased, badly lit, out of focus, noisy."""

from __future__ import annotations

import io
import math
import random

import numpy as np
from PIL import Image, ImageFilter

SIDE = 1440  # of the photograph; the label is about two thirds as wide


def taken(label: Image.Image, seed: int) -> Image.Image:
    """One photograph; the same for a seed."""
    luck = random.Random(seed)  # noqa: S311
    rng = np.random.default_rng(seed)
    paper = _creased(np.asarray(label.convert("L"), dtype=np.float32), luck)
    image = _turned(Image.fromarray(paper.astype(np.uint8)), luck)
    light = np.asarray(image, dtype=np.float32) * _lit(luck)
    soft = Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(luck.uniform(0.3, 1.6))
    )
    noisy = np.asarray(soft, dtype=np.float32) + rng.normal(0, luck.uniform(1, 7), (SIDE, SIDE))
    packed = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(
        packed, "JPEG", quality=luck.randint(45, 92)
    )
    return Image.open(packed)


def _creased(paper: np.ndarray, luck: random.Random) -> np.ndarray:
    """Up to three creases: beside each the paper is shifted by a little, on it darker or bright."""
    h, w = paper.shape
    ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
    shift_x, shift_y, shade = np.zeros_like(paper), np.zeros_like(paper), np.ones_like(paper)
    for _ in range(luck.randint(1, 3)):
        a = luck.uniform(0, math.pi)
        far = (xs - luck.uniform(0, w)) * math.cos(a) + (ys - luck.uniform(0, h)) * math.sin(a)
        wide = luck.uniform(4, 10)
        bent = np.exp(-((far / (6 * wide)) ** 2)) * luck.uniform(-3, 3)
        shift_x += bent * math.cos(a)
        shift_y += bent * math.sin(a)
        shade *= 1 + luck.choice([-0.45, -0.3, 0.25]) * np.exp(-((far / wide) ** 2))
    at_x = np.clip(xs + shift_x, 0, w - 1).astype(int)
    at_y = np.clip(ys + shift_y, 0, h - 1).astype(int)
    bent_paper: np.ndarray = np.clip(paper[at_y, at_x] * 0.92 * shade + 8, 0, 255)
    return bent_paper


def _turned(paper: Image.Image, luck: random.Random) -> Image.Image:
    """In the picture at any angle, seen from up to 35° aside."""
    angle = luck.choice([0, 90, 180, 270]) + luck.uniform(-25, 25)
    half = SIDE * luck.uniform(0.36, 0.46) / 1.25
    tilt, toward = math.radians(luck.uniform(0, 35)), luck.uniform(0, 2 * math.pi)
    middle = SIDE / 2 + luck.uniform(-30, 30), SIDE / 2 + luck.uniform(-30, 30)
    corners = []
    for x, y in ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)):
        a = math.radians(angle)
        px, py = x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a)
        along = px * math.cos(toward) + py * math.sin(toward)
        depth = 1 + along * math.sin(tilt) / 4  # from four half sides away
        squeezed = along * (math.cos(tilt) - 1)
        px, py = px + squeezed * math.cos(toward), py + squeezed * math.sin(toward)
        corners.append((middle[0] + half * px / depth, middle[1] + half * py / depth))
    w, h = paper.size
    rows: list[list[float]] = []
    values: list[float] = []
    for (x, y), (u, v) in zip(corners, ((0, 0), (w, 0), (w, h), (0, h)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    found = np.linalg.solve(np.array(rows, dtype=float), np.array(values, dtype=float))
    return paper.transform(
        (SIDE, SIDE), Image.Transform.PERSPECTIVE, [float(x) for x in found],
        Image.Resampling.BICUBIC, fillcolor=luck.randint(60, 170),
    )  # fmt: skip


def _lit(luck: random.Random) -> np.ndarray:
    """Dim, and darker on one side; now and then the shadow of a hand lies over a corner."""
    ys, xs = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE - 0.5
    a = luck.uniform(0, 2 * math.pi)
    light = luck.uniform(0.22, 1.0) * (
        1 + luck.uniform(0, 0.55) * (xs * math.cos(a) + ys * math.sin(a))
    )
    if luck.random() < 0.3:
        edge = xs * math.cos(a + 1) + ys * math.sin(a + 1) - luck.uniform(-0.1, 0.35)
        light *= np.where(edge > 0, 0.6, 1.0)
    return np.asarray(light, dtype=np.float32)
