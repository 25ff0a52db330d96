"""How a mail looks, and that its HTML and its plain text say the same of the same summary."""

import io
import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from opsreport.colours import READABLE, contrast
from opsreport.errors import MailError
from opsreport.mail.colours import palette
from opsreport.mail.lint import MOST_BYTES, findings
from opsreport.mail.look import as_html, as_text
from opsreport.mail.model import Chart, Part, Score, Summary
from opsreport.mail.words import shown, sought

TABLE = (
    '<table><caption>Spend</caption><thead><tr><th scope="col">Month</th><th scope="col" class="num">Spend</th></tr>'
    '</thead><tbody><tr><th scope="row">October</th><td class="num"><span>5 096 USD</span></td></tr></tbody></table>'
)


def png(width=1280, height=640):
    picture = io.BytesIO()
    Image.new("P", (width, height)).save(picture, "PNG")
    return picture.getvalue()


def chart(**given):
    return Chart(**{"id": "cost.monthly", "title": "Spend rose", "subtitle": "By month, in USD", "figure": {},
                    "table": TABLE, "alt": "Spend rose: 3,642 in September, 5,096 in October.", "png": png(),
                    **given})  # fmt: skip


def score(measure="Spend", verdict="missed", reached=1.25, section="Cost"):
    return Score(section, measure, "$5,000.00", "$4,000.00", "$3,642.81", verdict, verdict, reached)


def summary(**given):
    return Summary(**{
        "client": "demo-shop", "display_name": "Harbour & Pine", "month": "2026-10", "period": "October 2026",
        "language": "en", "colour": "#0B5D4E", "subject": "Harbour & Pine, October 2026: 1 of 2 targets missed",
        "preheader": "Agree another budget.", "opening": ("Of 2 targets, 1 met and 1 missed.", "Missed: Spend."),
        "parts": (
            Part("changed", "What changed", ("Spend was $5,000.00.", "Search was down for 38 min.")),
            Part("why", "Why", ("Debug logs were on.",)),
            Part("asked", "What we ask you to decide", ("Agree another budget.", "Back up vol-0f3b.")),
            Part("since", "What became of last month's review", ("4 actions are open.",)),
            Part("ahead", "What comes next", ("November will cost $5,302.31.",)),
        ),
        "scores": (score(), score("Availability", "met", None, "Uptime")), "charts": (chart(),),
        "link": "https://reviews.example.com/7f3a?a=1&b=2", "link_until": "December 9, 2026",
        "reply_to": "Jo Lindqvist", "prepared": "November 24, 2026", **given,
    })  # fmt: skip


def read(html):
    return BeautifulSoup(html, "html.parser")


def wording(html):
    """What is read in a mail's HTML, without the preheader."""
    page = read(html)
    page.select_one(".preheader").decompose()
    return " ".join(sought(page.body.get_text(" ")).split())


FORMS = {
    "whole": summary(),
    "short": summary(parts=(), scores=(), charts=(), link="", link_until="", opening=(), reply_to="", prepared=""),
    "attached": summary(link="", link_until="", attachments=("demo-shop-2026-10.pdf",)),
    "corrected": summary(parts=(Part("corrected", "What was corrected", ("Spend: $1 before.",)),), revision=2),
    "no picture": summary(charts=(chart(png=b""),)),
    "all verdicts": summary(scores=tuple(score(one, one) for one in ("met", "at risk", "missed", "unknown", "odd"))),
    "German": summary(language="de", period="Oktober 2026"),
    "yellow": summary(colour="#ffff00"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_client_shows_all_of_it(form):
    assert findings(as_html(form), [one.cid for one in form.charts if one.png]) == []


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_same_summary_gives_the_same_mail(form):
    assert (as_html(form), as_text(form)) == (as_html(replace(form)), as_text(replace(form)))


ORDER = (
    "Harbour & Pine", "October 2026", "Of 2 targets", "What changed", "Why", "What we ask you to decide", "Scorecard",
    "Spend rose", "What became of last month's review", "What comes next", "Jo Lindqvist answers", "Data of November",
)  # fmt: skip


def test_what_a_reader_wants_first_stands_first_in_both():
    html, text = wording(as_html(summary())).lower(), as_text(summary()).lower()
    for said in (html, text):
        places = [said.index(one.lower()) for one in ORDER]
        assert places == sorted(places)


def test_a_correction_stands_before_everything_else():
    made = summary(
        parts=(*summary().parts, Part("corrected", "What was corrected", ("Spend: $1 before.",))), revision=2
    )
    assert "corrected (revision 2)" in wording(as_html(made)) and "corrected (revision 2)" in as_text(made)
    assert wording(as_html(made)).index("Spend: $1 before.") < wording(as_html(made)).index("Of 2 targets")
    assert as_text(made).index("Spend: $1 before.") < as_text(made).index("Of 2 targets")


def test_both_hold_every_sentence_and_figure():
    made = summary()
    html, text = wording(as_html(made)), " ".join(as_text(made).split())
    for sentence in (*made.opening, *(item for part in made.parts for item in part.items), made.link_until):
        assert sentence in html and sentence in text
    for figure in ("$5,000.00", "$4,000.00", "$3,642.81", "missed", "met"):
        assert figure in html and figure in text


def test_a_state_is_told_by_a_word_and_a_mark_beside_its_colour():
    page = read(as_html(FORMS["all verdicts"]))
    marks = [cell.get_text() for cell in page.select("td.state")]
    assert marks == ["✕", "△", "?", "?", "✓"]
    assert [one.get_text() for one in page.select(".word")] == ["Missed", "At\u00a0risk", "Odd", "Unknown", "Met"]


def test_what_was_missed_stands_first_with_its_section_and_what_was_met_has_one_line():
    scores = (score("Uptime of a", "met", 0.5, "Uptime"), score("Spend", "missed", 1.2, "Cost"),
              score("Errors", "unknown", None, "Performance"), score("Hours", "missed", 1.2, "Work"))  # fmt: skip
    said = read(as_html(summary(scores=scores))).select_one("table.scores tbody")
    assert [one.get_text() for one in said.select("th.group")] == ["Missed: 2", "Unknown: 1", "Met: 1"]
    names = [one.get_text("|").replace("\u00a0", " ") for one in said.select("th.name")]
    against = "· target $4,000.00 · last month $3,642.81"
    assert names == [f"Spend|Cost {against}", f"Hours|Work {against}", f"Errors|Performance {against}",
                     "Uptime of a| · Uptime"]  # fmt: skip
    assert len(said.select("table.bar")) == 2
    text = as_text(summary(scores=scores))
    assert text.index("Spend (Cost)") < text.index("Hours (Work)") < text.index("Uptime of a (Uptime)")


def test_no_line_of_a_score_ends_with_a_dot():
    said = read(as_html(summary())).select_one("th.name .small").get_text()
    assert said == "Cost ·\u00a0target\u00a0$4,000.00 ·\u00a0last\u00a0month\u00a0$3,642.81"


@pytest.mark.parametrize(
    ("reached", "cells"),
    [
        (0.5, [("missed", 30), ("grid", 30), ("ink", 2), ("grid", 28)]),
        (1.0, [("missed", 60), ("ink", 2), ("grid", 28)]),
        (1.25, [("missed", 60), ("ink", 2), ("missed", 13), ("grid", 15)]),
        (9.0, [("missed", 60), ("ink", 2), ("missed", 28)]),
        (0.0, [("grid", 60), ("ink", 2), ("grid", 28)]),
        (None, []),
    ],
)
def test_a_bar_is_cells_with_the_target_two_thirds_along(reached, cells):
    made = read(as_html(summary(scores=(score(reached=reached),)))).select("td.cell")
    assert [(re.search(r"of-(\S+)", " ".join(one["class"]))[1], int(one["width"])) for one in made] == cells
    assert all(one["bgcolor"] for one in made)


def test_a_picture_keeps_its_shape_and_is_named_within_the_message():
    made = chart(png=png(1280, 720))
    picture = read(as_html(summary(charts=(made,)))).img
    assert (picture["src"], picture["width"], picture["height"]) == (f"cid:{made.cid}", "570", "321")
    assert picture["alt"] == "Spend rose: 3,642 in September, 5,096 in October."


def test_where_there_is_no_picture_the_numbers_stand():
    page = read(as_html(FORMS["no picture"]))
    assert page.img is None
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select("table.numbers tr")]
    assert rows == [["Month", "Spend"], ["October", "5\u00a0096\u00a0USD"]]
    assert page.select("table.numbers td")[1]["align"] == "right"


def test_a_large_table_of_numbers_is_cut_and_says_so():
    head = "".join(f"<th>c{one}</th>" for one in range(7))
    rows = "".join(f"<tr>{''.join(f'<td>r{row}c{one}</td>' for one in range(7))}</tr>" for row in range(12))
    html = as_html(summary(charts=(chart(png=b"", table=f"<table><tr>{head}</tr>{rows}</table>"),)))
    assert "r9c4" in html and "r10c0" not in html and "r0c5" not in html
    assert "The first 10 of 12 rows; the full page has them all." in wording(html)
    assert "The full page has 2 more columns." in wording(html)


def test_the_page_is_all_that_is_linked_to_and_it_says_when_the_link_runs_out():
    page = read(as_html(summary()))
    assert [one["href"] for one in page.find_all("a")] == ["https://reviews.example.com/7f3a?a=1&b=2"] * 2
    assert "The link works until December 9, 2026." in wording(as_html(summary()))
    assert "https://reviews.example.com/7f3a?a=1&b=2" in as_text(summary()).splitlines()


def test_the_page_is_linked_to_right_below_the_opening_and_again_at_the_end():
    html, lines = as_html(summary()), as_text(summary()).splitlines()
    said = wording(html)
    assert said.index("Missed: Spend.") < said.index("Open the full page") < said.index("What changed")
    assert said.rindex("Open the full page") > said.index("What comes next")
    first, last = (place for place, line in enumerate(lines) if line == summary().link)
    assert lines[first - 1] == "Open the full page:" and first < lines.index("WHAT CHANGED")
    assert last > lines.index("WHAT COMES NEXT")


def test_without_a_link_it_says_what_is_attached():
    made = FORMS["attached"]
    assert read(as_html(made)).a is None
    for said in (" ".join(read(as_html(made)).body.get_text(" ").split()), as_text(made)):
        assert "The full page is attached: demo-shop-2026-10.pdf." in said


def test_only_our_own_file_names_are_left_as_they_are():
    for name in ("evil.example", "x-2026-10.example", "www.evil-2026-10.zip"):
        made = summary(link="", link_until="", attachments=(name,))
        assert name not in as_text(made) and name not in read(as_html(made)).get_text()


@pytest.mark.parametrize(
    "link",
    [
        "http://example.com",
        "javascript:x",
        'https://a.example/"><b>',
        "https://a@b.example",
        "https://a b",
        "https:///x",
    ],
)
def test_a_link_that_is_no_https_address_makes_no_mail(link):
    for make in (as_html, as_text):
        with pytest.raises(MailError):
            make(summary(link=link))


HOSTILE = (
    "</title></td><script>alert(1)</script>\"'><a href='https://evil.example'>x</a> "
    "\u202eevil\u2066\x00\x1b www.evil.example"
)


def hostile():
    part = Part("asked", HOSTILE, (HOSTILE, HOSTILE))
    return Summary(
        HOSTILE, HOSTILE, HOSTILE, HOSTILE, "en", HOSTILE, HOSTILE, HOSTILE, (HOSTILE,),
        (part, replace(part, kind="corrected"), replace(part, kind=HOSTILE)),
        (Score(*(HOSTILE for _ in range(7)), 0.5),),
        (chart(title=HOSTILE, subtitle=HOSTILE, alt=HOSTILE),
         chart(id="b", title=HOSTILE, png=b"", table=f"<table><tr><td onclick='x()'>{HOSTILE}</td></tr></table>")),
        "https://reviews.example.com/x", HOSTILE, (HOSTILE,), HOSTILE, HOSTILE,
    )  # fmt: skip


def test_no_field_makes_markup_or_a_link():
    html, text = as_html(hostile()), as_text(hostile())
    page = read(html)
    assert findings(html, [one.cid for one in hostile().charts]) == []
    assert {one["href"] for one in page.find_all("a")} == {"https://reviews.example.com/x"}
    assert page.find("script") is None and not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", html + text)
    # A client makes links of bare addresses by itself: none is left whole.
    for said in (page.get_text(), page.img["alt"], text.replace("https://reviews.example.com/x", "")):
        assert "evil" in said and not re.search(r"https?://|www\.(?!\u200b)|evil\.example", said)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("up 99.95 % since 10.6.", "up 99.95 % since 10.6."),
        ("z.B. um 3.5 h", "z.B. um 3.5 h"),
        ("x@evil.example", "x@\u200bevil.\u200bexample"),
        ("https://evil.example", "https:\u200b//evil.\u200bexample"),
        ("a\u200bb\ufeffc\u00add\U000e0041", "abcd"),
        ("one\r\ntwo\u2028three", "one two three"),
    ],
)
def test_words_are_left_as_they_are_but_for_what_misleads(text, seen):
    assert shown(text) == seen
    assert shown(seen) == seen


LONG = tuple(f"Sentence {number} of some length, as a review says them: " + "and so on " * 16 for number in range(6))


def test_a_long_mail_leaves_out_what_was_met_and_says_so():
    scores = (score(), *(score(f"Measure {one} with a long name", "met", 0.5) for one in range(70)))
    html = as_html(summary(scores=scores))
    assert len(html.encode()) <= MOST_BYTES
    assert "70 more targets were met; they are on the full page." in wording(html) and "Measure 3" not in html
    assert "Measure 3" in as_text(summary(scores=scores))


def test_a_longer_one_shortens_its_parts_but_never_what_is_asked():
    parts = tuple(Part("asked" if one == 0 else "changed", f"Part {one}", LONG * 2) for one in range(30))
    html = as_html(summary(parts=parts))
    assert len(html.encode()) <= MOST_BYTES
    assert wording(html).count("9 more on the full page.") == 29
    assert wording(html).count("Sentence 5") == 2


def test_one_that_cannot_be_made_short_is_an_error_that_says_what_to_do():
    with pytest.raises(MailError, match="80,000 are the most") as raised:
        as_html(summary(parts=(Part("asked", "Asked", LONG * 80),)))
    assert raised.value.hint


def test_a_scorecard_is_a_table_in_plain_text():
    lines = as_text(summary(link="")).splitlines()
    start = lines.index("SCORECARD")
    assert lines[start + 2 : start + 8] == [
        "Measure                This month     Target  Last month  Verdict",
        "---------------------  ----------  ---------  ----------  --------",
        "Spend (Cost)            $5,000.00  $4,000.00   $3,642.81  ✕ missed",
        "Availability (Uptime)   $5,000.00  $4,000.00   $3,642.81  ✓ met",
        "",
        "CHARTS",
    ]


def test_a_scorecard_with_long_figures_is_a_list_in_plain_text():
    made = replace(score(), this_month="2 d 17 h 37 min", last_month="1 d 11 h 11 min", target="10 h 30 min")
    lines = as_text(summary(scores=(made,))).replace("\u00a0", " ").splitlines()
    start = lines.index("- Spend (Cost): 2 d 17 h 37 min, ✕ missed")
    assert lines[start + 1] == "  target 10 h 30 min · last month 1 d 11 h 11 min"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_plain_text_has_no_markup_and_short_lines(form):
    text = as_text(form)
    assert max(len(line) for line in text.splitlines() if line != form.link) <= 72
    assert not re.search(r"</?[a-z]|&amp;|&nbsp;|[ \t]\n", text)


def test_who_sent_it_and_who_answers_is_said():
    for said in (wording(as_html(summary())), " ".join(as_text(summary()).split())):
        assert "Jo Lindqvist answers: just reply to this mail." in said
        assert "It was sent automatically by the team that looks after the systems of Harbour & Pine." in said
        assert "Data of November 24, 2026." in said


def test_an_inbox_shows_the_preheader_and_the_mail_does_not():
    hidden = read(as_html(summary())).select_one(".preheader")
    assert hidden.get_text() == "Agree another budget." and "display:none" in hidden["style"]


@pytest.mark.parametrize("colour", ["#0B5D4E", "#ffff00", "#7a1f5c", "#000000", "#0072B2", "red", ""])
def test_words_can_be_read_on_every_ground_in_light_and_in_dark(colour):
    for colours in palette(colour):
        pairs = [("accent", "paper"), ("on-accent", "accent"), ("soft", "paper"), ("ink", "tint"), ("ink", "wash")]
        pairs += [("ink", f"{one}-ground") for one in ("met", "at-risk", "missed", "unknown")]
        low = {pair: contrast(*(colours[one] for one in pair)) for pair in pairs}
        assert {pair: ratio for pair, ratio in low.items() if ratio < READABLE} == {}


def test_a_client_s_colour_that_cannot_be_read_is_not_used():
    assert "#ffff00" not in as_html(FORMS["yellow"]) and "#0b5d4e" in as_html(summary())
