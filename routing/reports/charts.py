"""Stacked columns as SVG, drawn here: told apart by pattern as well as colour, with title, description and legend.

The colours stand in the drawing itself, as paper shows it; the page's stylesheet changes them on a dark screen by the
classes `rp-ink`, `rp-rule` and `rp-back-…`, `rp-line-…`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 400, 220
LEFT, RIGHT, TOP, BOTTOM = 30, 4, 14, 20
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
LEGEND_ROW = 18
LETTER = 5.9
"""About how wide a letter of the legend is."""
INK, RULE, EDGE = "#1f2a30", "#c4cad0", "#51585e"
PATTERNS = {
    "solid": "",
    "rising": "M-1 5L5 -1M-1 9L9 -1M3 9L9 3",
    "falling": "M-1 3L5 9M-1 -1L9 9M3 -1L9 5",
    "dotted": "M2 2h.01M6 6h.01",
    "level": "M0 2h8M0 6h8",
}
"""What is drawn over the ground, in each square of 8 by 8."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a series looks; `name` ends its classes."""

    name: str
    ground: str
    line: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Series:
    """One layer of every column, from the bottom up; `values` has a number per column."""

    label: str
    style: Style
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns of layers. `description` says in words what the drawing shows; `key` is unique on its page."""

    key: str
    title: str
    description: str
    columns: tuple[str, ...]
    series: tuple[Series, ...]

    @property
    def svg(self) -> str:
        """The drawing; the same for the page and for paper."""
        return drawn(self)


def drawn(chart: Chart) -> str:
    totals = [sum(layer) for layer in zip(*(each.values for each in chart.series), strict=True)]
    top = nice_top(max(totals, default=0))
    legend, legend_height = _legend(chart)
    height = HEIGHT + legend_height
    title, desc = f"{chart.key}-title", f"{chart.key}-desc"
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" class="rp-chart"',
            f' aria-labelledby="{title} {desc}" font-family="Source Sans 3, sans-serif" font-size="11">',
            f'<title id="{title}">{escape(chart.title)}</title>',
            f'<desc id="{desc}">{escape(chart.description)}</desc>',
            f"<defs>{''.join(_pattern(chart.key, each.style) for each in chart.series)}</defs>",
            *(_grid_line(value, top) for value in steps(top)),
            *(_column(chart, place, total, top) for place, total in enumerate(totals)),
            legend,
            "</svg>",
        ]
    )


def nice_top(highest: int) -> int:
    """Where the scale ends: at least `highest`, and four or five whole steps high (4, 5, 8, 10, 20, 25, 40, 50, …)."""
    tens = 1
    while 25 * tens < highest:
        tens *= 10
    return next(top for part in (1, 2, 5) for top in (4 * part * tens, 5 * part * tens) if top >= highest)


def steps(top: int) -> Sequence[int]:
    """The values at which the scale has a line."""
    step = top // 5 if top % 5 == 0 else top // 4
    return range(0, top + 1, step)


def _y(value: float, top: int) -> float:
    return round(TOP + PLOT_HEIGHT * (1 - value / top), 2)


def _grid_line(value: int, top: int) -> str:
    y = _y(value, top)
    return (
        f'<path class="rp-rule" d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="{RULE}" stroke-width="0.7"/>'
        f'<text class="rp-ink" x="{LEFT - 5}" y="{y + 3.5}" text-anchor="end" fill="{INK}">{value}</text>'
    )


def _column(chart: Chart, place: int, total: int, top: int) -> str:
    room = PLOT_WIDTH / len(chart.columns)
    width = min(room * 0.66, 44)
    left = LEFT + room * place + (room - width) / 2
    middle = round(left + width / 2, 2)
    parts, below = [], 0
    for each in chart.series:
        value = each.values[place]
        if value:
            upper, lower = _y(below + value, top), _y(below, top)
            parts.append(_filled(chart.key, each.style, left, upper, width, lower - upper))
        below += value
    parts.append(
        f'<text class="rp-ink" x="{middle}" y="{HEIGHT - 5}" text-anchor="middle" fill="{INK}">'
        f"{escape(chart.columns[place])}</text>"
    )
    if total:
        parts.append(
            f'<text class="rp-ink" x="{middle}" y="{_y(total, top) - 3}" text-anchor="middle" font-weight="600"'
            f' fill="{INK}">{total}</text>'
        )
    return "".join(parts)


def _filled(key: str, style: Style, left: float, top: float, width: float, height: float) -> str:
    """A rectangle in the colour of the series, and its pattern over that."""
    place = f'x="{left:.2f}" y="{top:.2f}" width="{width:.2f}" height="{height:.2f}"'
    ground = f'<rect class="rp-edge rp-back-{style.name}" {place} fill="{style.ground}" stroke="{EDGE}"/>'
    return f'{ground}<rect {place} fill="url(#{key}-{style.name})"/>' if PATTERNS[style.pattern] else ground


def _pattern(key: str, style: Style) -> str:
    strokes = PATTERNS[style.pattern]
    if not strokes:
        return ""
    width = 2.6 if style.pattern == "dotted" else 1.6
    return (
        f'<pattern id="{key}-{style.name}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<path class="rp-line-{style.name}" d="{strokes}" stroke="{style.line}" stroke-width="{width}"'
        ' stroke-linecap="round" fill="none"/></pattern>'
    )


def _legend(chart: Chart) -> tuple[str, int]:
    """The legend below the columns, and its height; what does not fit beside goes into another row."""
    parts, x, y = [], float(LEFT), HEIGHT + 12
    for each in chart.series:
        wide = 18 + LETTER * len(each.label) + 10
        if x + wide > WIDTH and x > LEFT:
            x, y = float(LEFT), y + LEGEND_ROW
        parts.append(
            _filled(chart.key, each.style, x, y - 9, 13, 11)
            + f'<text class="rp-ink" x="{x + 18:.1f}" y="{y}" fill="{INK}">{escape(each.label)}</text>'
        )
        x += wide
    return "".join(parts), y - HEIGHT + 6
