"""Figures as people read them: tables on the terminal, sections and plots of a Markdown document.

A document has places for figures between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`; what stands there is
replaced.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from remit.bench.figures import Figures
from remit.bench.plot import Series, line_plot
from remit.bench.sweeps import Swept
from remit.terms import InvalidInput

Row = tuple[str, ...]


def tables(figures: Figures) -> list[Table]:
    shown = [_table("speed", ("", "decisions/s", "of bare", ""), speed(figures))]
    shown.append(_table("how it was", ("", ""), circumstances(figures)))
    if figures.steps_us:
        shown.append(_table("processor time per decision", ("step", "µs"), steps(figures)))
    return shown


def markdown(figures: Figures) -> str:
    parts = [_markdown(("", "decisions/s", "of bare", ""), speed(figures)), _markdown(("", ""), circumstances(figures))]
    if figures.steps_us:
        parts.append(_markdown(("step", "µs per decision"), steps(figures)))
    if figures.functions:
        top = [(f"`{name}`", f"{share:.1f}") for name, share in list(figures.functions.items())[:15]]
        parts.append(_markdown(("function (innermost of ours)", "% of the loop's thread"), top))
    return "\n\n".join(parts)


def speed(figures: Figures) -> list[Row]:
    rows: list[Row] = [
        _rate("Remit, profile A", figures.decisions_per_s, figures, f"{figures.cpu_us:.0f} µs of CPU each"),
        _rate("bare handler", figures.bare_per_s, figures, f"{figures.bare_cpu_us:.0f} µs of CPU each"),
        _rate("bare, a row kept", figures.durable_per_s, figures, f"{figures.durable_cpu_us:.0f} µs of CPU each"),
        _rate("Remit, batches", figures.batched_per_s, figures, "20 in a request"),
        _rate("Remit, profile B", figures.profile_b_per_s, figures, "call token minted and consumed with DPoP"),
    ]
    for name, peer in sorted(figures.peers.items()):
        where = f"in process, p50 {peer.p50_us:.0f} µs" if peer.p50_us else ""
        if peer.decisions_per_s:
            where = where or f"Remit is {figures.decisions_per_s / peer.decisions_per_s:.1f} times as fast"
        rows.append(_rate(name, peer.decisions_per_s, figures, peer.reason or where))
    return rows


def _rate(name: str, rate: float | None, figures: Figures, note: str) -> Row:
    if rate is None:
        return (name, "absent", "", note)
    return (name, f"{rate:,.0f}", f"{rate / figures.bare_per_s:.2f}", note)


def circumstances(figures: Figures) -> list[Row]:
    mix = ", ".join(f"{count:,} {name}" for name, count in figures.outcomes.items())
    rows: list[Row] = [
        ("policies, of which apply", f"{figures.policies:,}, {figures.applying}"),
        ("agents, connections", f"{figures.agents:,}, {figures.connections}"),
        ("outcomes", mix),
        ("open loop at 80 %: p50, p99, p99.9", _three(figures.p50_ms, figures.p99_ms, figures.p999_ms)),
    ]
    if figures.closed is not None:
        closed = figures.closed
        rows.append(("closed loop: p50, p99, p99.9", _three(closed.p50_ms, closed.p99_ms, closed.p999_ms)))
    if figures.path_us is not None:
        rows.append(("the path, as the server says (p50)", f"{figures.path_us:.1f} µs"))
    rows += [
        ("memory now, at most", f"{figures.memory_mb:.0f} MB, {figures.peak_mb:.0f} MB"),
        ("start to first answer", f"{figures.start_s:.2f} s"),
        ("busy: server, load generator", f"{figures.server_busy:.0%}, {figures.generator_busy:.0%} of a core each"),
        ("fsync of 4 kB on this disk", f"{figures.fsync_ms:.2f} ms"),
        ("others: cores used, time all waited for a disk", f"{figures.others_busy:.2f}, {figures.disk_stalled:.1%}"),
        ("runs", f"{figures.runs}, of which the median counts"),
    ]
    if figures.restart_s is not None and figures.first_calls_s is not None:
        told = f"{figures.restart_s:.2f} s, {figures.first_calls_s:.2f} s"
        rows.append(("after all this: restart, then a first call of every instance", told))
    return rows + _stress(figures)


def _stress(figures: Figures) -> list[Row]:
    rows: list[Row] = []
    if (over := figures.overload) is not None:
        told = (
            f"{over.decided_per_s:,.0f} decided/s ({over.kept:.0%} of the maximum), {over.refused_per_s:,.0f} refused/s"
        )
        kept_back = f"{over.unsent_per_s:,.0f} not sent/s for want of a free connection"
        rows.append(("overload by 3", f"{told}, {kept_back}, {over.failed} failed, p99 {over.p99_ms:.0f} ms"))
    if (soak := figures.soak) is not None:
        rows.append(
            (
                f"{soak.minutes:g} minutes at 80 %, outcomes attested: p50, p99, p99.9",
                _three(soak.latency.p50_ms, soak.latency.p99_ms, soak.latency.p999_ms),
            )
        )
        rows.append(("memory along the way", ", ".join(f"{value:.0f}" for value in soak.memory_mb) + " MB"))
    return rows


def steps(figures: Figures) -> list[Row]:
    rows: list[Row] = [(name, f"{micros:.1f}") for name, micros in figures.steps_us.items()]
    return [*rows, ("all", f"{sum(figures.steps_us.values()):.1f}")]


def _three(*values: float | None) -> str:
    return ", ".join("–" if value is None else f"{value:.2f}" for value in values) + " ms"


# Sweeps.
_COLUMNS = ("", "decisions/s", "CPU µs", "p50 ms", "p99 ms", "memory MB", "start s")


def swept_rows(swept: Swept) -> list[Row]:
    return [
        (
            f"{point.size:,}",
            f"{point.per_s:,.0f}",
            f"{point.cpu_us:.0f}",
            f"{point.p50_ms:.2f}",
            f"{point.p99_ms:.2f}",
            f"{point.memory_mb:.0f}",
            f"{point.start_s:.2f}",
        )
        for point in swept.points
    ]


def swept_table(swept: Swept) -> Table:
    return _table(swept.name, (swept.name, *_COLUMNS[1:]), swept_rows(swept))


def swept_markdown(document: Path, swept: Swept) -> str:
    """The table and the plot, which is written beside the document."""
    series = Series(name=swept.name, points=tuple((point.size, point.per_s) for point in swept.points))
    plot = document.parent / "plots" / f"{swept.name}.svg"
    plot.parent.mkdir(exist_ok=True)
    plot.write_text(line_plot(series, y="decisions/s"), encoding="utf-8")
    picture = f"![decisions per second by {swept.name}](plots/{swept.name}.svg)"
    told = f"The last is {swept.last_of_first:.2f} of the first."
    return "\n\n".join((picture, _markdown((swept.name, *_COLUMNS[1:]), swept_rows(swept)), told))


def write(document: Path, name: str, text: str) -> None:
    """Replace what stands between the marks. Raises `InvalidInput` when the document has no such place."""
    old = document.read_text(encoding="utf-8")
    begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    place = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    if not place.search(old):
        raise InvalidInput(f"expected {document} to have a line `{begin}` and a line `{end}`")
    document.write_text(place.sub(lambda _: f"{begin}\n\n{text}\n\n{end}", old), encoding="utf-8")


def _table(title: str, columns: Sequence[str], rows: Sequence[Row]) -> Table:
    table = Table(title=title, title_style="dim", header_style="bold", show_header=any(columns))
    for number, column in enumerate(columns):
        table.add_column(
            column, justify="right" if number and len(columns) > 2 and number < len(columns) - 1 else "left"
        )
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(columns: Sequence[str], rows: Sequence[Row]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
