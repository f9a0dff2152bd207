"""A line plot as SVG: sizes on a logarithmic axis, rates on a linear one that begins at zero.

A plotting library would be the largest dependency of the project, for four pictures.
"""

import math
from xml.sax.saxutils import escape

import msgspec

_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 20, 45


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Points in the order of their sizes."""

    name: str
    points: tuple[tuple[float, float], ...]


def line_plot(series: Series, *, y: str) -> str:
    """Colours come from the reader's text colour, so that it fits light and dark pages."""
    top = _ceiling(max(value for _, value in series.points))
    places = [(_x(size, series), _y(value, top), size, value) for size, value in series.points]
    line = " ".join(f"{x:.1f},{at:.1f}" for x, at, _, _ in places)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-family="sans-serif" '
        f'font-size="12" fill="#777"><title>{escape(y)} by {escape(series.name)}</title>'
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        at = _y(top * share, top)
        parts.append(f'<path d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}" stroke="#777" stroke-opacity=".3"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{top * share:,.0f}</text>')
    for x, _, size, _ in places:
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 25}" text-anchor="middle">{_short(size)}</text>')
    parts.append(f'<polyline points="{line}" fill="none" stroke="#2a7de1" stroke-width="2"/>')
    for x, at, size, value in places:
        parts.append(f'<circle cx="{x:.1f}" cy="{at:.1f}" r="4" fill="#2a7de1">')
        parts.append(f"<title>{size:,.0f}: {value:,.0f}</title></circle>")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(series.name)}</text>')
    parts.append(f'<text x="{_LEFT}" y="12">{escape(y)}</text></svg>')
    return "\n".join(parts) + "\n"


def _x(size: float, series: Series) -> float:
    """Zero stands where one would, a decade before the next size."""
    sizes = [value for value, _ in series.points]
    least = min((value for value in sizes if value > 0), default=1)
    floor = math.log10(least) - (1 if 0 in sizes else 0)
    span = math.log10(max(*sizes, least)) - floor or 1
    share = (math.log10(size) - floor) / span if size > 0 else 0.0
    return _LEFT + 15 + share * (_WIDTH - _LEFT - _RIGHT - 30)


def _y(value: float, top: float) -> float:
    return _TOP + (1 - value / top) * (_HEIGHT - _TOP - _BOTTOM)


def _ceiling(value: float) -> float:
    """The next round number."""
    if value <= 0:
        return 1.0
    unit = float(10 ** math.floor(math.log10(value)))
    return next(unit * step for step in (1, 2, 4, 6, 8, 10) if unit * step >= value)


def _short(size: float) -> str:
    for unit, name in ((1_000_000, "M"), (1000, "k")):
        if size >= unit:
            return f"{size / unit:g}{name}"
    return f"{size:g}"
