"""What a person writes: by its headings, small, and without anything that could do something or pass for a figure."""

import re

import pytest

from opsreport import markup

BAD = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](https://example.com/x.png)",
    "[x](javascript:alert(1))", "[x](http://example.com)", "[x](data:text/html,x)", "<a href='javascript:x'>x</a>",
    '<p style="position:fixed">x</p>', "<style>p{}</style>", "<iframe src='https://example.com'></iframe>",
    "<svg onload=alert(1)>", "[x]: javascript:alert(1)\n\n[x]", "<https://example.com/%22onmouseover=alert(1)>",
    "<form action='https://example.com'><input></form>", "`<script>`", "&lt;script&gt;alert(1)&lt;/script&gt;",
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("made", [markup.remark, lambda text: "".join(html for _, html in markup.remarks(text))])
def test_nothing_that_could_do_something_is_let_through(bad, made):
    html = made(f"Before\n\n{bad}\n\nafter")
    tags = " ".join(re.findall(r"<[^>]*>", str(html)))
    assert not re.search(r"script|img|style=|iframe|svg|form|input|\bon\w+=|javascript:|data:|http://", tags), html
    assert "Before" in html and "after" in html


def test_a_hand_written_figure_does_not_pass_for_a_measured_one():
    html = markup.remark('<span class="fact" data-fact="cost.spend">1</span> <em class="verdict met">met</em>')
    assert "<span" not in html and "<em" not in html and "&lt;span" in html


def test_what_a_person_needs_is_kept():
    html = markup.remark("**Bold**, *so* [there](https://example.com).\n\n- one\n- two\n\n> said\n\n|a|\n|-|\n|1|\n")
    for kept in ("<strong>Bold</strong>", "<em>so</em>", 'href="https://example.com"', "<li>", "<blockquote>", "<td>"):
        assert kept in html


def test_remarks_are_told_apart_by_headings_of_two_levels_and_others_stay_small():
    parts = markup.remarks("First\n\n## Cost & more\n\nDear\n\n### Why\n\nlogs\n\nUptime\n------\n\nFine\n\n# Empty\n")
    assert parts == [
        ("", "<p>First</p>"), ("Cost & more", "<p>Dear</p>\n<h3>Why</h3>\n<p>logs</p>"), ("Uptime", "<p>Fine</p>"),
        ("Empty", ""),
    ]  # fmt: skip


def test_a_heading_in_code_is_none_and_one_in_a_quotation_leaves_nothing_open():
    assert [title for title, _ in markup.remarks("```\n## Cost\n```\n")] == [""]
    (_, before), (title, after) = markup.remarks("> one\n>\n> ## Cost\n> two\n")
    assert title == "Cost" and before.count("<blockquote>") == before.count("</blockquote>") == 1
    assert after == "<p>two</p>"


def test_a_picture_leaves_no_empty_paragraph():
    assert markup.remark("![x](https://example.com/x.png)") == ""


def test_a_notes_headings_lie_below_the_pages():
    assert markup.remark("# Big") == "<h4>Big</h4>"
