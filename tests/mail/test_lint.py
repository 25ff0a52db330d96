"""The lint refuses what one of four mail clients would not show, and what should not be in a mail at all."""

import pytest

from opsreport.mail.features import ATTRIBUTES, CLIENTS, ELEMENTS, ENHANCEMENTS, LACKING, PROPERTIES
from opsreport.mail.lint import MOST_BYTES, findings


def mail(body="", head=""):
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def styled(style, element="td"):
    return mail(f'<{element} style="{style}">x</{element}>')


@pytest.mark.parametrize(
    "body",
    [
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">'
        '<tr><td bgcolor="#ffffff" style="padding:0 12px 4px;border-top:4px solid #0b5d4e">x</td></tr></table>',
        "<p style=\"margin:0 0 12px;font-family:'Segoe UI', Arial;font-size:16px;line-height:1.5\">a<br><b>b</b></p>",
        '<img src="cid:cost.monthly@review" width="576" height="288" alt="Spend rose." '
        'style="width:100%;max-width:576px;height:auto">',
        '<a href="https://reviews.example.com/x?a=1&amp;b=2">Open</a> <a href="mailto:jo@example.com">Write</a>',
        '<div style="display:none;mso-hide:all">Before the rest</div>',
        '<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]--><p>x</p>'
        "<!--[if mso]></td></tr></table><![endif]-->",
        '<img src="cid:cost.monthly@review" width="576" alt="https://example.com went down">',
    ],
)
def test_what_all_four_clients_show_passes(body):
    assert findings(mail(body), ["cost.monthly@review"]) == []


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("position:absolute", "position is not shown by Gmail and Outlook on Windows."),
        ("float:left", "float is not shown by Outlook on Windows."),
        ("display:flex", "display: flex is not shown by Outlook on Windows."),
        ("display:grid", "display: grid is not shown by Outlook on Windows."),
        ("background-image:none", "background-image is not shown by Outlook on Windows."),
        ("box-shadow:0 0 2px #000000", "box-shadow is not shown by Gmail and Outlook on Windows."),
        ("transform:none", "transform is not shown by Gmail, Outlook on Windows and Outlook on the web."),
        ("font-size:2rem", "The unit rem is not shown by Outlook on Windows."),
        ("width:50vw", "The unit vw is not shown by Outlook on Windows."),
        ("width:calc(100% - 2px)", "calc() is not shown by Outlook on Windows and Outlook on the web."),
        ("color:var(--ink)", "var() is not shown by Gmail, Outlook on Windows and Outlook on the web."),
        ("color:rgba(0,0,0,0.5)", "rgba() is not shown by Outlook on Windows."),
        ("background-color:url(https://example.com/a.png)", "A style loads something from an address: url()."),
        ("color:#000000 !important", "!important within an element is not shown by Outlook on Windows."),
    ],
)
def test_a_style_that_a_client_lacks_is_refused_and_the_client_named(style, said):
    assert said in findings(styled(style))


@pytest.mark.parametrize(
    ("style", "element"),
    [
        ("padding:4px", "p"),  # Word pads table cells only
        ("border:1px solid #000000", "p"),
        ("border:9px solid #000000", "td"),  # Word draws 8 px at most
        ("margin:0 auto", "p"),
        ("margin:-4px", "p"),
        ("width:100px", "div"),
        ("max-width:600px", "div"),
        ("line-height:20px", "p"),
        ("font-family:system-ui", "p"),
        ("made-up:1", "p"),
        ("text-align:start", "p"),
    ],
)
def test_a_property_is_refused_where_or_as_all_do_not_show_it(style, element):
    assert findings(styled(style, element))


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<svg></svg>",
        '<form action="https://example.com"></form>',
        '<iframe src="https://example.com"></iframe>',
        "<object></object>",
        '<embed src="a">',
        "<video></video>",
        "<section>x</section>",
        '<link rel="stylesheet" href="https://example.com/a.css">',
        '<meta http-equiv="refresh" content="0;url=https://example.com">',
        "<base>",
        '<p onclick="x()">x</p>',
        '<td background="https://example.com/a.png">x</td>',
        '<p title="x">x</p>',
        '<a href="https://example.com" target="_blank">x</a>',
        '<table><tr><td width="4" width="5">x</td></tr></table>',
        "<p>a\u202eb</p>",
        "<p>a&#x202e;b</p>",
        "<!-- nobody reads this -->",
        "<!--[if !mso]><!--><p>x</p><!--<![endif]-->",
        "<![CDATA[x]]>",
        "<style>@media (max-width: 620px) { .a { width: 100% !important } }</style>",
        '<div style="display:none"><table><tr><td>x</td></tr></table></div>',
    ],
)
def test_what_does_not_belong_in_a_mail_is_refused(body):
    assert findings(mail(body))


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com", "javascript:alert(1)", "data:text/html,x", "//example.com", "/page", "#cost", "",
        "https://bank.example@evil.example/", "https://", "mailto:", "mailto:a@b.example?bcc=c@d.example",
        "mailto:a@b.example,c@d.example", "https://exa mple.com", "ftp://example.com", " https://example.com",
        "https://[::1",
    ],
)  # fmt: skip
def test_a_link_that_is_neither_https_nor_to_one_person_is_refused(address):
    assert len(findings(mail(f'<a href="{address}">x</a>'))) == 1


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        ('<img src="cid:b@review" width="576" alt="x">', "The message holds no picture 'b@review'."),
        ('<img src="cid:a@review" width="576">', "The picture 'cid:a@review' has no alt text."),
        ('<img src="cid:a@review" width="576" alt=" ">', "The picture 'cid:a@review' has no alt text."),
        ('<img src="cid:a@review" alt="x">', "The picture 'cid:a@review' has no width."),
        ('<img src="cid:a@review" width="100%" alt="x">', "The picture 'cid:a@review' has no width."),
        ('<img src="https://example.com/a.png" width="1" alt="x">',
         "A picture is not within the message: 'https://example.com/a.png'."),
        ('<img src="data:image/png;base64,AA==" width="1" alt="x">',
         "A picture is not within the message: 'data:image/png;base64,AA=='."),
    ],
)  # fmt: skip
def test_a_picture_lies_within_the_message_and_has_a_width_and_words(picture, said):
    assert findings(mail(picture), ["a@review"]) == [said]


def test_what_only_word_sees_is_read_too():
    hidden = '<!--[if gte mso 9]><img src="https://example.com/a.png" width="1" alt="x"><![endif]-->'
    assert findings(mail(hidden)) == ["A picture is not within the message: 'https://example.com/a.png'."]


@pytest.mark.parametrize(
    ("sheet", "passes"),
    [
        ("@media (prefers-color-scheme: dark) { .a td, p { color: #ffffff !important } }", True),
        ("@media (max-width: 620px) { body { margin: 0 !important } }", True),
        ("@media (max-width: 620px) { .a { padding: 0 12px !important } }", True),
        ("@media print { p { color: #000000 } }", False),
        ("@media (prefers-color-scheme: dark) { .a > p { color: #ffffff } }", False),
        ("@media (prefers-color-scheme: dark) { a:hover { color: #ffffff } }", False),
        ("@media (prefers-color-scheme: dark) { .a.b { color: #ffffff } }", False),
        ("@media (prefers-color-scheme: dark) { p { position: fixed } }", False),
        ("@media (prefers-color-scheme: dark) { @media print { p { color: #fff } } }", False),
        ("p { color: #000000 }", False),
        ("@import 'https://example.com/a.css';", False),
        ("@font-face { font-family: X; src: url(https://example.com/x.woff) }", False),
        ("@supports (display: grid) { p { color: #000000 } }", False),
        ("p {", False),
    ],
)
def test_a_style_element_holds_rules_for_dark_and_for_small_screens_only(sheet, passes):
    assert (findings(mail("<p>x</p>", f"<style>{sheet}</style>")) == []) is passes


def test_a_mail_that_gmail_would_cut_is_refused():
    room = MOST_BYTES - len(mail("<p></p>"))
    assert findings(mail(f"<p>{'x' * room}</p>")) == []
    assert findings(mail(f"<p>{'x' * (room - 1)}ü</p>")) == [
        "The HTML comes to 80,001 bytes; 80,000 are the most, and Gmail cuts it at 102 KB."
    ]


def test_a_mail_says_its_language():
    assert findings("<html><body><p>x</p></body></html>") == ["The html element does not say its language."]


def test_each_fault_is_said_once():
    assert len(findings(mail('<td style="float:left">x</td>' * 3))) == 1


def test_nothing_is_both_shown_by_all_and_lacking_somewhere():
    assert not {*ELEMENTS, *ATTRIBUTES, *PROPERTIES} & LACKING.keys()
    assert all(set(clients) <= set(CLIENTS) and clients for clients in LACKING.values())


def test_each_enhancement_says_what_is_seen_without_it_and_where():
    assert all(one.why and one.lacks and set(one.lacks) <= set(CLIENTS) for one in ENHANCEMENTS.values())


@pytest.mark.parametrize("sign", [
    "\u00ad", "\u2060", "\u180e", "\u200c", "\u200d", "\u200e", "\ufe0f", "\u034f", "\u3164", "\u2800", "\u115f",
    "\u2028", "\U000e0041", "\ue000", "\x07",
])  # fmt: skip
def test_a_sign_that_is_not_seen_is_refused(sign):
    assert len(findings(mail(f"<p>a{sign}b</p>"))) == 1
    assert len(findings(mail(f"<p>a&#{ord(sign)};b</p>"))) == 1 or ord(sign) < 32


def test_a_place_to_break_a_word_and_the_joiners_of_emoji_and_scripts_pass():
    for said in (
        "evil.\u200bexample",
        "\U0001f469\u200d\U0001f4bb",
        "\u26a0\ufe0f",
        "1\ufe0f\u20e3",
        "\u0645\u06cc\u200c\u062e",
    ):
        assert findings(mail(f"<p>{said}</p>")) == [], said


@pytest.mark.parametrize("body", [
    '<p style="font-size:0">x</p>', '<p style="font-size:0px">x</p>', '<p style="font-size:1px">x</p>',
    '<p style="color:#ffffff;font-size:16px"></p><p>x</p><div style="display:none">x</div>',
    '<div style="display:none">first</div><div style="display:none">second</div>', '<p style="mso-hide:all">x</p>',
    '<table><tr><td bgcolor="#ffffff" style="color:#fff">x</td></tr></table>',
    '<table><tr><td style="background-color:#ffffff"><p style="color:#fefefe">x</p></td></tr></table>',
])  # fmt: skip
def test_text_that_is_not_seen_is_refused(body):
    assert len(findings(mail(body))) == 1


def test_a_bars_cells_and_text_that_can_be_read_on_its_ground_pass():
    bar = '<table><tr><td bgcolor="#111111" style="font-size:1px;color:#111111">&nbsp;</td></tr></table>'
    said = '<table><tr><td bgcolor="#0b5d4e" style="color:#ffffff">x</td></tr></table>'
    assert findings(mail(bar + said)) == []


@pytest.mark.parametrize("rule", ["display: none !important", "font-size: 0 !important"])
def test_a_rule_for_small_screens_hides_nothing(rule):
    assert findings(mail("<p>x</p>", f"<style>@media (max-width: 620px) {{ .a {{ {rule} }} }}</style>"))


@pytest.mark.parametrize(("said", "address", "passes"), [
    ("https://bank.example/", "https://evil.example/", False), ("bank.example", "https://evil.example/", False),
    ("bank.\u200bexample/login", "https://evil.example/login", False),
    ("jo@bank.example", "mailto:eve@evil.example", False),
    ("see http://bank.example now", "https://evil.example", False), ("jo@bank.example", "https://bank.example/", False),
    ("https://bank.example", "https://bank.example/", True), ("bank.example", "https://bank.example/x?a=1", True),
    ("jo@bank.example", "mailto:jo@bank.example", True), ("Open the full page", "https://bank.example/", True),
    ("https://bank.example/x", "https://bank.example/y", False), ("up 3.5 %", "https://bank.example/", True),
])  # fmt: skip
def test_a_link_that_shows_an_address_leads_there(said, address, passes):
    assert (findings(mail(f'<a href="{address}">{said}</a>')) == []) is passes
