"""Curves as SVG, in the page's own colours and fonts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from numpy.typing import NDArray

SMALL = 200  # px: narrower drawings have narrow margins


@dataclass(frozen=True)
class Line:
    """One curve.

    Attributes:
        across, up: Its points, (N,) each.
        kind: A class of the style sheet: "blurred", "restored", "ideal", …
        label: What the legend calls it; nothing if empty.
    """

    across: NDArray
    up: NDArray
    kind: str = ""
    label: str = ""


def plot(
    lines: Sequence[Line],
    alt: str,
    x: tuple[float, float],
    y: tuple[float, float],
    x_marks: Mapping[float, str],
    y_marks: Mapping[float, str],
    size: tuple[int, int] = (420, 190),
    extra: str = "",
) -> str:
    """Draw curves over one pair of axes; what lies outside is cut at the edge.

    Args:
        lines: The curves.
        alt: What they show, for those who do not see them.
        x, y: Lowest and highest value of the axes.
        x_marks, y_marks: Texts along them, by value.
        size: Width and height of the drawing, of which the page shows as much as there is room for.
        extra: More SVG, drawn on top.
    """
    place = Frame(x, y, size)
    left, right, top, bottom = place.margins
    drawn = "".join(
        f'<polyline class="{line.kind}" points="{" ".join(f"{place.across(a):.1f},{place.up(u):.1f}" for a, u in zip(line.across, line.up, strict=True))}"/>'
        for line in lines
    )
    below = "".join(
        f'<text x="{place.across(value):.1f}" y="{size[1] - 4}" text-anchor="{_anchor(value, x)}">{escape(text)}</text>'
        for value, text in x_marks.items()
    )
    beside = "".join(
        f'<text x="{left - 5}" y="{place.up(value) + 4:.1f}" text-anchor="end">{escape(text)}</text>' for value, text in y_marks.items()
    )
    legend = "".join(f'<li class="{line.kind}">{escape(line.label)}</li>' for line in lines if line.label)
    return (
        f'<svg class="response" style="--w:{size[0]}" viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{escape(alt)}">'
        f'<path class="axis" d="M{left} {top}V{size[1] - bottom}H{size[0] - right}"/>{drawn}{below}{beside}{extra}</svg>'
        + (f'<ul class="legend">{legend}</ul>' if legend else "")
    )


@dataclass(frozen=True)
class Frame:
    """Where a value lies in a drawing of this size; for what is drawn on top of a plot."""

    x: tuple[float, float]
    y: tuple[float, float]
    size: tuple[int, int] = (420, 190)

    @property
    def margins(self) -> tuple[int, int, int, int]:
        """Left, right, top and bottom, px."""
        return (44, 6, 8, 22) if self.size[0] > SMALL else (22, 4, 8, 16)

    def across(self, value: float) -> float:
        """Px from the left."""
        left, right, _, _ = self.margins
        return left + (self.size[0] - left - right) * _share(value, self.x)

    def up(self, value: float) -> float:
        """Px from the top."""
        _, _, top, bottom = self.margins
        return self.size[1] - bottom - (self.size[1] - bottom - top) * _share(value, self.y)


def _share(value: float, limits: tuple[float, float]) -> float:
    return min(max((float(value) - limits[0]) / (limits[1] - limits[0]), 0.0), 1.0)


def _anchor(value: float, limits: tuple[float, float]) -> str:
    return {limits[0]: "start", limits[1]: "end"}.get(value, "middle")
