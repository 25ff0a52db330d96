"""An executed notebook made by hand, with every kind of output that the page knows."""

import nbformat.v4 as v4
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from opsreport import theme

MONTHS = ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"]
SPEND = [3890.10, 3961.44, 4102.00, 4050.75, 3987.20, 4210.33]
LOGO = ("data:image/svg+xml;base64,"
        "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA0OCA0OCIgd2lkdGg9IjQ4"
        "IiBoZWlnaHQ9IjQ4Ij48cmVjdCB3aWR0aD0iNDgiIGhlaWdodD0iNDgiIHJ4PSIxMCIgZmlsbD0iIzZmNDJjMSIvPjxw"
        "YXRoIGQ9Ik0xMiAzMlYxNmwxMiAxMCAxMi0xMHYxNiIgZmlsbD0ibm9uZSIgc3Ryb2tlPSIjZmZmIiBzdHJva2Utd2lk"
        "dGg9IjQiLz48L3N2Zz4=")  # fmt: skip
COVER = {
    "kind": "cover", "id": "cover", "client": "demo-shop", "display_name": "Demo Shop", "period": "October 2026",
    "month": "2026-10", "state": "draft", "state_note": "Not yet reviewed by an engineer.", "colour": "#6f42c1",
    "logo": LOGO, "prepared": "3 November 2026", "language": "en", "zone": "Europe/Berlin",
}  # fmt: skip
SPARK = (
    '<svg class="spark" viewBox="0 0 96 24" aria-hidden="true"><polyline points="4,18 18,17 32,13 46,15 60,16 74,10 '
    '92,5"/><circle cx="92" cy="5" r="2.5"/></svg>'
)


def fact(id, text):
    """A figure as prose prints it."""
    return f'<span class="fact" data-fact="{id}">{text}</span>'


def output(kind, id, html="", figure=None, **about):
    """A display_data output that says what it is."""
    data = {"text/html": html, "text/plain": id}
    if figure is not None:
        data["application/vnd.plotly.v1+json"] = figure
    return v4.new_output("display_data", data, metadata={"opsreport": {"kind": kind, "id": id, **about}})


def cell(*outputs, source="show()"):
    """A code cell that has run."""
    return v4.new_code_cell(source, outputs=list(outputs), execution_count=1)


def notebook(*cells, cover=COVER):
    """A notebook with a cover and these cells."""
    about = {key: value for key, value in cover.items() if key not in ("kind", "id")}
    return v4.new_notebook(cells=[cell(output("cover", "cover", **about)), *cells])


def chart(id, figure, title, subtitle, height=320, html=None, alt=None):
    """A chart whose figure carries its title, as the figures of the package do."""
    figure.update_layout(
        template=theme.pio.templates["opsreport"], title={"text": title, "subtitle": {"text": subtitle}}
    )
    html = html or table(["Month", "Spend [EUR]"], zip(MONTHS, (f"{value:,.2f}" for value in SPEND), strict=True))
    return output("chart", id, html, figure.to_plotly_json() | {"layout": figure.layout.to_plotly_json()},
                  title=title, subtitle=subtitle, height=height, alt=alt or f"{title}. {subtitle}")  # fmt: skip


def table(head, rows, caption="Numbers"):
    """A table whose first column names its row; cells with a digit in them are numbers."""
    rows = [list(map(str, row)) for row in rows]
    kinds = ["num" if any(c.isdigit() and "<" not in value for c in value) else "" for value in rows[0]]
    kinds[0] = ""
    heads = "".join(f'<th scope="col" class="{kind}">{name}</th>' for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f'<td class="{kind}" data-label="{name}">{value}</td>'
                  for name, kind, value in list(zip(head, kinds, row, strict=True))[1:])
        + "</tr>" for row in rows
    )  # fmt: skip
    return f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def verdict(name, glyph):
    """A verdict as the package writes it."""
    kind = name.replace(" ", "-")
    return f'<span class="verdict {kind}"><span aria-hidden="true">{glyph}</span> {name}</span>'


def bars():
    """Spend by month: this month strong, history pale, the target a thin line with its number."""
    figure = go.Figure(go.Bar(x=MONTHS, y=SPEND, marker_color=[theme.HISTORY] * 5 + [theme.THIS_MONTH],
                              text=[""] * 5 + ["€4,210"], textposition="outside", cliponaxis=False))  # fmt: skip
    figure.add_hline(y=4500, line={"color": theme.TARGET, "width": 1}, annotation_text="Budget €4,500",
                     annotation_position="top left", annotation_font_color=theme.INK_SOFT)  # fmt: skip
    return figure.update_xaxes(type="category").update_yaxes(rangemode="tozero", tickformat=",.0f", range=[0, 5000])


def strip():
    """A service's states over the month."""
    spans = [("2026-10-01", "2026-10-07 14:20", "up"), ("2026-10-07 14:20", "2026-10-07 22:05", "down"),
             ("2026-10-07 22:05", "2026-10-19", "up"), ("2026-10-19", "2026-10-20", "maintenance"),
             ("2026-10-20", "2026-11-01", "up")]  # fmt: skip
    figure = go.Figure()
    for row in ("shop", "checkout", "search"):
        for start, end, state in spans if row == "checkout" else [("2026-10-01", "2026-11-01", "up")]:
            figure.add_scatter(x=[start, end], y=[row, row], mode="lines", showlegend=False, name=state,
                               line={"width": 18, "color": theme.STATE_COLOURS[state]})  # fmt: skip
    figure.add_annotation(
        x="2026-10-08", y="checkout", text="7 h 45 min down", showarrow=False, xanchor="left", yshift=22
    )
    return figure.update_xaxes(range=["2026-10-01", "2026-11-01"], tickformat="%-d %b")


def small_multiples():
    """DORA's four numbers over six months, each on its own scale."""
    names = ("Deployments a week", "Lead time [h]", "Failed [%]", "Recovery [h]")
    figure = make_subplots(rows=2, cols=2, subplot_titles=names, vertical_spacing=0.22)
    for place, values in enumerate(
        ([4, 5, 5, 6, 7, 9], [30, 28, 29, 22, 20, 18], [12, 9, 11, 8, 8, 5], [3, 2, 4, 2, 1, 1])
    ):
        figure.add_scatter(x=MONTHS, y=values, mode="lines+markers", line_color=theme.THIS_MONTH, showlegend=False,
                           row=place // 2 + 1, col=place % 2 + 1)  # fmt: skip
    return figure.update_yaxes(rangemode="tozero").update_annotations(font_size=13, xanchor="center")


def full():
    """A review as a client would get it."""
    return notebook(*_in_short(), *_cost(), *_uptime(), *_rest())


def _in_short():
    heads = ["Measure", "This month", "Target", "Last month", "Baseline", "13 months", "Seen", "Verdict"]
    rows = [
        ["Spend", "€4,210.33", "€4,500.00", "€3,987.20", "€3,998.30", SPARK, "100%", verdict("met", "✓")],
        ["Availability", "98.96%", "99.9%", "99.98%", "99.97%", SPARK, "99.8%", verdict("missed", "✕")],
        ["Lead time", "18 h 20 min", "24 h", "20 h 5 min", "22 h 40 min", SPARK, "100%", verdict("at risk", "△")],
        ["Time to restore", "unknown", "4 h", "unknown", "1 h 10 min", SPARK, "0%", verdict("unknown", "?")],
    ]
    links = zip(("cost", "uptime", "delivery", "incidents"), rows, strict=True)
    rows = [[f'<a href="#{section}">{row[0]}</a>', *row[1:]] for section, row in links]
    text = (
        f"<p>Demo Shop spent {fact('short.spend', '€4,210.33')}, within budget, but checkout was down for "
        f"{fact('short.down', '7 h 45 min')} on 7 October and missed its target.</p>"
    )
    score = table(heads, rows, "Scorecard")
    return (
        v4.new_markdown_cell("## In short\n\n*What should I know about October?*"),
        cell(
            output("prose", "summary.finding", text, role="finding"),
            output("scorecard", "scorecard", score, title="Scorecard", note="The baseline is the mean of six months."),
        ),
    )


def _cost():
    heads = ["Service", "Owner", "Region", "October", "September", "Change", "Change [%]", "Budget"]
    names = ("Amazon Elastic Compute Cloud", "Amazon RDS", "Amazon S3", "AWS Data Transfer")
    numbers = ["€1,204.50", "€1,180.00", "+€24.50", "+2.1", "€1,300.00"]
    wide = table(heads, [[name, "Platform", "Frankfurt", *numbers] for name in names])
    said = (
        f"<p>Spend rose by {fact('cost.change', '€223.13')} to {fact('cost.spend', '€4,210.33')}; "
        "most of it is the new search cluster.</p>"
    )
    note = "<p>Amortised cost as billed by the provider, credits excluded.</p>"
    title = "October was the dearest month since May, and within budget"
    return (
        v4.new_markdown_cell("## Cost\n\n*What did we spend, and why did it change?*"),
        cell(output("prose", "cost.finding", said, role="finding")),
        cell(chart("cost.by-month", bars(), title, "Effective cost by month, EUR; the line is the agreed budget", 340)),
        cell(output("table", "cost.services", wide, title="Spend by service", note="Showing 4 of 31 rows.")),
        cell(output("prose", "cost.note", note, role="note")),
    )


def _uptime():
    method = "<p>Measured from outside every minute; maintenance that was announced two days ahead is not counted.</p>"
    title = "One long outage on 7 October; planned work on the 19th"
    return (
        v4.new_markdown_cell("## Uptime and objectives\n\n*Could customers use the shop?*"),
        cell(
            output("prose", "uptime.finding", "<p>Checkout was down once, for most of a day.</p>", role="finding"),
            chart("uptime.strip", strip(), title, "State of each service over the month, Europe/Berlin", 220),
        ),
        cell(output("prose", "uptime.method", method, role="method")),
    )


def _rest():
    missing = (
        "<p>No incidents from PagerDuty since 14 September 2026: its key was refused. "
        "This section is left out rather than shown as zero.</p>"
    )
    steps = (
        "1. Move search to reserved instances.\n2. Rehearse the failover.\n\nSee [the runbook](https://example.com)."
    )
    return (
        v4.new_markdown_cell("## Incidents\n\n*What broke, and what did we learn?*"),
        cell(output("notice", "incidents.missing", missing, role="missing")),
        v4.new_markdown_cell("## Delivery\n\n*How fast and how safely do changes reach customers?*"),
        cell(chart("delivery.dora", small_multiples(), "Deploying more, failing less", "The four keys by month", 460)),
        v4.new_markdown_cell(f"## Next month\n\n{steps}"),
    )
