"""A month's commentary: who says it, and that a file that no review would show is refused."""

import pytest

from opsreport.errors import ParamsError
from opsreport.params import load_commentaries, load_commentary


@pytest.fixture
def written(tmp_path):
    def writing(text, name="2026-10.md"):
        (tmp_path / "acme.commentary").mkdir(exist_ok=True)
        (tmp_path / "acme.commentary" / name).write_bytes(text.encode())
        return tmp_path

    return writing


def test_without_a_file_nothing_is_said(tmp_path):
    assert load_commentary(tmp_path, "acme", "2026-10").text == ""
    assert load_commentaries(tmp_path, "acme") == {}


def test_each_month_has_its_own(written):
    written("October")
    folder = written("September", "2026-09.md")
    assert load_commentary(folder, "acme", "2026-09").text == "September"
    assert list(load_commentaries(folder, "acme")) == ["2026-09", "2026-10"]


@pytest.mark.parametrize("head", ["---\nby: Jo\n---\n", "\ufeff---\r\nby: Jo\r\n---\r\n", "--- \nby: Jo\n--- \n"])
def test_who_says_it_stands_above(written, head):
    made = load_commentary(written(head + "Fine.\n\n---\n\nReally."), "acme", "2026-10")
    assert (made.by, made.text.replace("\r", "")) == ("Jo", "Fine.\n\n---\n\nReally.")


@pytest.mark.parametrize("text", ["Fine.", "---\n---\nFine.", "\n---\nby: Jo\n---"])
def test_nobody_need_be_named(written, text):
    assert load_commentary(written(text), "acme", "2026-10").by == ""


@pytest.mark.parametrize(("head", "message"), [
    ("---\n\nbye: Jo\n---\n", "2026-10.md, line 3: bye is not a known key"), ("---\nby: 7\n---\n", "line 2: by"),
    ("---\nby: &a Jo\nx: *a\n---\n", "uses a YAML alias"), ("---\njust words\n---\n", "does not hold a mapping"),
])  # fmt: skip
def test_a_wrong_head_is_refused_with_its_line(written, head, message):
    with pytest.raises(ParamsError, match=message):
        load_commentary(written(head + "Fine."), "acme", "2026-10")


def test_a_file_that_is_no_months_is_refused(written):
    with pytest.raises(ParamsError, match=r"october\.md is not named after a month"):
        load_commentaries(written("Fine.", "october.md"), "acme")
