"""The review to print: all that the page shows, nothing off the sheet, nothing fetched, the same bytes again."""

import base64
import builtins
import contextlib
import hashlib
import io
import re
import zlib

import nbformat
import nbformat.v4 as v4
import pytest
from PIL import Image

from opsreport.errors import ReportError
from opsreport.report.blocks import FIGURE
from opsreport.report.columns import fit, widths
from opsreport.report.palette import indexed
from opsreport.report.pdf import document, layout, pdf

weasyprint = pytest.importorskip("weasyprint", reason="WeasyPrint is not installed", exc_type=(ImportError, OSError))

COVER = {
    "client": "acme", "display_name": "Acme & Sons", "period": "October 2026", "month": "2026-10", "state": "final",
    "state_note": "The month has ended.", "colour": "#6f42c1", "logo": "", "prepared": "3 November 2026",
    "language": "en_GB", "zone": "Europe/Berlin",
}  # fmt: skip


def shown(kind, id, html="<p>x</p>", figure=None, **about):
    data = {"text/html": html} | ({FIGURE: figure} if figure else {})
    return v4.new_output("display_data", data, metadata={"opsreport": {"kind": kind, "id": id, **about}})


def notebook(*parts, **cover):
    """A review of headings, as text, and of outputs."""
    cells = [v4.new_markdown_cell(part) if isinstance(part, str) else v4.new_code_cell("x", outputs=[part])
             for part in (shown("cover", "cover", **COVER | cover), *parts)]  # fmt: skip
    return v4.new_notebook(cells=cells)


def table(columns, rows, cell="1,234.50", kind="num"):
    head = "".join(f'<th scope="col" class="{kind}">Column{at}</th>' for at in range(columns))
    row = "<tr>" + f'<td class="{kind}">{cell}</td>' * columns + "</tr>"
    return f"<table><caption>T</caption><thead><tr>{head}</tr></thead><tbody>{row * rows}</tbody></table>"


def chart(id="cost.monthly", rows=2, alt="Spend rose by a fifth."):
    said = {"title": "Spend rose", "subtitle": "EUR by month", "alt": alt, "height": 320}
    return shown("chart", id, table(2, rows), {"data": [{"type": "bar"}], "layout": {}}, **said)


def png(colour=(0, 114, 178), size=(1280, 640)):
    held = io.BytesIO()
    Image.new("RGB", size, colour).save(held, "PNG")
    return held.getvalue()


def lines(made):
    """Each line of text in a laid-out document: sheet, left, right, bottom, text. [CSS px]"""
    for number, sheet in enumerate(made.pages, start=1):
        for box in sheet._page_box.descendants():
            if getattr(box, "text", "").strip():
                yield number, box.position_x, box.position_x + box.width, box.position_y + box.height, box.text


def texts(made, sheet):
    return " ".join(text for number, *_, text in lines(made) if number == sheet)


# What it shows.


def test_everything_that_the_page_shows_is_there_in_its_order():
    finding = shown("prose", "cost.finding", "<p>Spend was 5.</p>", role="finding")
    made = notebook("## Cost\n\n*What was spent?*", finding,
                    "### By month", chart(), shown("table", "cost.list", table(2, 1, "cell"), title="A list"),
                    shown("notice", "cost.none", "<p>No source.</p>"), "### By day\n\nBy hand.")  # fmt: skip
    html = document(made)
    order = [
        ">Cost</h2>",
        "What was spent?",
        "Spend was 5.",
        "By month",
        "Spend rose",
        "A list",
        "No source.",
        "By hand.",
    ]
    places = [html.index(one) for one in order]
    assert places == sorted(places)


def test_each_sheet_says_whose_review_it_is_of_which_month_and_its_number():
    made = layout(document(notebook("## Cost\n\nText.", "## Uptime\n\nText.")))
    assert len(made.pages) == 2
    assert "Acme & Sons · October 2026" in texts(made, 2) and "Page 2 of 2" in texts(made, 2)
    assert "Awaiting approval" in texts(made, 2)


def test_the_contents_give_each_sections_sheet():
    long = "## Cost\n\n" + "\n\n".join(["A paragraph of the review."] * 60)
    made = layout(document(notebook(long, "## Uptime\n\nText.")))
    (cost, uptime) = (re.search(rf"{name}\s+(\d+)", texts(made, 1))[1] for name in ("Cost", "Uptime"))
    assert (cost, uptime) == ("2", str(len(made.pages)))


def test_sections_are_bookmarks_and_their_parts_lie_in_them():
    made = layout(document(notebook("## Cost", "### By month\n\nText.", "## Uptime\n\nText.")))
    tree = [(label, [part[0] for part in parts]) for label, _, parts, _ in made.make_bookmark_tree()]
    assert tree == [("Cost", ["By month"]), ("Uptime", [])]


def test_who_approved_it_stands_in_place_of_the_notebooks_state():
    html = document(notebook("## Cost\n\nText."), "by Jo Doe on 3 November 2026")
    assert re.search(r'badge approved">✓ Approved</span> by Jo Doe on 3 November 2026', html)
    assert "Awaiting approval" not in html and "The month has ended." not in html


def test_it_is_written_in_the_clients_language():
    html = document(notebook("## Cost\n\nText.", language="de"))
    assert '<html lang="de">' in html and ">Inhalt<" in html


# Charts.


def test_a_chart_is_a_picture_with_its_words_and_a_short_table_under_it():
    html = document(notebook("## Cost", chart()), draw=lambda figure: png())
    assert '<img class="chart" src="data:image/png;base64,' in html and 'alt="Spend rose by a fifth."' in html
    assert html.index("<img") < html.index("Column0")
    assert "Column0" not in document(notebook("## Cost", chart(rows=40)), draw=lambda figure: png())


def test_a_chart_of_an_unknown_kind_is_the_table_of_its_numbers():
    for draw in (None, lambda figure: b""):
        html = document(notebook("## Cost", chart(rows=40)), draw=draw)
        assert "<img" not in html and "Column0" in html and "EUR by month" in html


def test_what_draws_is_given_the_figure_and_must_give_a_png():
    given = []
    document(notebook("## Cost", chart()), draw=lambda figure: given.append(figure) or b"")
    assert given[0]["data"] == [{"type": "bar"}]
    with pytest.raises(ReportError, match=r"cost\.monthly is no PNG"):
        document(notebook("## Cost", chart()), draw=lambda figure: b"<svg/>")


def test_a_picture_of_few_colours_keeps_its_pixels_by_a_palette():
    picture = Image.new("RGB", (5, 2), (255, 255, 255))
    picture.putpixel((3, 1), (1, 2, 3))
    made, colours = indexed(_data(picture), 5, 2)
    assert colours == bytes((1, 2, 3, 255, 255, 255))
    assert zlib.decompress(made) == bytes((0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 1))  # each row after its filter


def test_a_picture_of_many_colours_stays_as_it_is():
    picture = Image.new("RGB", (300, 1))
    for at in range(300):
        picture.putpixel((at, 0), (at % 256, at // 256, 7))
    assert indexed(_data(picture), 300, 1) is None


def _data(picture):
    """What stands in a PNG's IDAT chunks."""
    held = io.BytesIO()
    picture.save(held, "PNG")
    content, at, found = held.getvalue(), 8, b""
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] == b"IDAT":
            found += content[at + 8 : at + 8 + length]
        at += 12 + length
    return found


# Tables.


@pytest.mark.parametrize(
    ("columns", "cell"), [(4, "1,234.50"), (9, "12 h 30 min"), (14, "12 h 30 min"), (9, "a word or two more")]
)
def test_no_table_runs_off_its_sheet(columns, cell):
    kind = "text" if "word" in cell else "num"
    made = layout(
        document(notebook("## Cost", "### Wide", shown("table", "cost.wide", table(columns, 4, cell, kind), title="")))
    )
    for number, left, right, bottom, _ in lines(made):
        sheet = made.pages[number - 1]
        assert left >= 0 and right <= sheet.width - 40 and bottom <= sheet.height


def test_a_table_too_wide_for_a_sheet_turns_it_and_takes_its_heading_along():
    wide = shown("table", "cost.wide", table(14, 2, "12 h 30 min"), title="")
    made = layout(document(notebook("## Cost\n\nText.", "### Wide", wide, "### After\n\nText.")))
    turned = [number for number, sheet in enumerate(made.pages, start=1) if sheet.width > sheet.height]
    assert len(turned) == 1 and texts(made, turned[0]).count("Wide") == 1
    assert "After" in texts(made, turned[0] + 1)


def test_a_long_table_repeats_its_head_and_leaves_no_row_alone():
    made = layout(document(notebook("## Cost", "### Long", shown("table", "cost.long", table(3, 120), title=""))))
    sheets = range(2, len(made.pages) + 1)
    assert len(sheets) >= 3
    for sheet in sheets:
        assert "Column0" in texts(made, sheet) and texts(made, sheet).count("1,234.50") >= 6


def test_no_heading_stands_alone_at_the_foot_of_a_sheet():
    for filling in range(20, 45, 3):
        text = "## Cost\n\n" + "\n\n".join(["Filling."] * filling)
        made = layout(document(notebook(text, "### Heading", shown("table", "cost.t", table(3, 6), title=""))))
        (sheet,) = {number for number, *_, words in lines(made) if words == "Heading"}
        assert "1,234.50" in texts(made, sheet)


def test_letters_are_as_large_as_a_table_lets_them():
    assert fit(table(3, 1)).size == "size-85" and fit(table(14, 1, "12 h 30 min")).is_turned
    assert fit("<p>none</p>").size == "size-85"
    narrow, easy = widths("<table><tr><td>one two three</td><td class='num'>12 h 30 min</td></tr></table>")
    assert narrow == pytest.approx((5 + 11) * 0.56 + 2) and easy == pytest.approx((13 + 11) * 0.56 + 2)


# The file.


def test_the_same_notebook_gives_the_same_bytes_and_is_not_changed():
    made = notebook("## Cost", chart(), shown("table", "cost.t", table(3, 3), title="T"))
    before = nbformat.writes(made)
    one, other = (pdf(made, draw=lambda figure: png()) for _ in range(2))
    assert one == other and nbformat.writes(made) == before and len(one) < 60_000
    assert hashlib.sha256(one).digest() != hashlib.sha256(pdf(made)).digest()


def test_it_is_tagged_named_in_its_language_and_tells_no_date():
    content = pdf(notebook("## Cost\n\nText."))
    whole = content + b"".join(_streams(content))
    assert content.startswith(b"%PDF-1.7") and b"pdfuaid:part" in whole
    assert all(part in whole for part in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang (en-GB)"))
    assert not any(part in whole for part in (b"CreationDate", b"ModDate", b"CreateDate"))


def _streams(content):
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S):
        with contextlib.suppress(zlib.error):
            yield zlib.decompress(found[1])


@pytest.mark.parametrize("address", ["https://127.0.0.1:9/x.png", "file:///etc/passwd", "http://example.com/x.png"])
def test_nothing_is_fetched(address):
    image = f'<image href="{address}" width="9" height="9"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{image}</svg>'
    logo = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    with pytest.raises(ReportError, match="would fetch"):
        pdf(notebook("## Cost\n\nText.", logo=logo))


def test_words_from_outside_stay_words():
    made = notebook("## Cost\n\nText.", display_name='Acme"; } </style><script>x</script>')
    html = document(made)
    assert "<script>x" not in html and "</style><script" not in html
    assert 'Acme"; } </style><script>x</script> · October 2026' in texts(layout(html), 2)


@pytest.mark.parametrize(("error", "said"), [
    (ModuleNotFoundError("No module named 'weasyprint'"), r"pip install 'opsreport\[pdf\]'"),
    (OSError("cannot load library 'libpango-1.0-0'"), "install Pango"),
])  # fmt: skip
def test_what_is_not_installed_is_named(monkeypatch, error, said):
    original = builtins.__import__

    def importing(name, *given, **more):
        if name == "weasyprint":
            raise error
        return original(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(ReportError, match=said):
        pdf(notebook("## Cost\n\nText."))


def test_what_is_too_large_for_a_mail_is_no_attachment(monkeypatch):
    monkeypatch.setattr("opsreport.report.pdf.MOST_BYTES", 1000)
    with pytest.raises(ReportError, match="is the most"):
        pdf(notebook("## Cost\n\nText."))
