"""The Chinese font of this machine that labels are written in: measured here, embedded in the
PDF, drawn into bitmaps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PIL import ImageFont

from .. import HazardError

# 黑体 first; index: which face of a collection is simplified Chinese.
_PLACES = (
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
)
_EM = 1000
_SAMPLE = "危"


@dataclass(frozen=True)
class Font:
    """A file of a font, and which face of it."""

    path: Path
    index: int = 0

    @cached_property
    def _measured(self) -> ImageFont.FreeTypeFont:
        return self.at(_EM)

    def at(self, pixels: int) -> ImageFont.FreeTypeFont:
        """The font with an em of so many pixels."""
        return ImageFont.truetype(
            str(self.path), pixels, index=self.index, layout_engine=ImageFont.Layout.BASIC
        )

    def width(self, text: str, em: float) -> float:
        """How wide a text is, in the unit of em."""
        return float(self._measured.getlength(text)) * em / _EM


def find(given: Path | None = None) -> Font:
    """The font named, or the first one that is there; HazardError where there is none."""
    if given is not None:
        return _checked(Font(given))
    for path, index in _PLACES:
        if Path(path).is_file():
            return Font(Path(path), index)
    raise HazardError(
        "labels: expected a Chinese font on this machine; as root run: apt-get install "
        "fonts-wqy-zenhei, or name one with --font"
    )


def _checked(font: Font) -> Font:
    try:
        wide = font.width(_SAMPLE, 1.0)
    except OSError as error:
        raise HazardError(f"--font: {font.path}: expected a font: {error}") from None
    if not 0.5 < wide < 1.5:
        raise HazardError(f"--font: {font.path}: expected a font with Chinese characters")
    return font
