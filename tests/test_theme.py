"""Numbers as a person reads them: never rounded to what they are not."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsreport import theme
from opsreport.theme import Style

EN, DE = Style("en_GB", "EUR", "Europe/Berlin"), Style("de_DE", "EUR", "Europe/Berlin")
UNITS = (
    "money",
    "availability",
    "share",
    "count",
    "number",
    "ratio",
    "minutes",
    "per_week",
    "bytes",
    "duration",
    "seconds",
    "error_rate",
    "money_change",
    "instant",
    "time",
    "day",
    "date",
    "month",
    "text",
)
MIDNIGHT = pd.Timestamp("2026-09-30 22:00", tz="UTC")  # 1 October in Berlin


@pytest.mark.parametrize(
    ("value", "unit", "english", "german"),
    [
        (Decimal("1234.5"), "money", "€1,234.50", "1.234,50\xa0€"),
        (Decimal("-1234.5"), "money", "-€1,234.50", "-1.234,50\xa0€"),
        (0.99953, "availability", "99.953%", "99,953\xa0%"),
        (0.123, "share", "12%", "12\xa0%"),
        (1234, "count", "1,234", "1.234"),
        (1234.567, "number", "1,234.57", "1.234,57"),
        (2.5, "ratio", "2.5×", "2,5×"),
        (43.25, "minutes", "43.2 min", "43,2 min"),
        (pd.Timedelta("27h"), "elapsed", "27 h", "27 h"),
        (pd.Timedelta("26h 59min 40s"), "elapsed", "27 h", "27 h"),
        (pd.Timedelta("340min"), "elapsed", "5 h 40 min", "5 h 40 min"),
        (pd.Timedelta("45s"), "elapsed", "45 s", "45 s"),
        (Decimal("12.50"), "hours", "12.5 h", "12,5 h"),
        (3.14, "per_week", "3.1 a week", "3,1 a week"),
        (Decimal("1249000000"), "bytes", "1.2 GB", "1,2 GB"),
        (-999_960_000, "bytes", "-1 GB", "-1 GB"),
        (pd.Timedelta("90min"), "duration", "1 h 30 min", "1 h 30 min"),
        (0.32, "seconds", "320 ms", "320 ms"),
        (0.8, "seconds", "800 ms", "800 ms"),
        (0.80001, "seconds", "801 ms", "801 ms"),
        (3.1, "seconds", "3.1 s", "3,1 s"),
        (2.5001, "seconds", "2.51 s", "2,51 s"),
        (0.005, "error_rate", "0.5%", "0,5\xa0%"),
        (0.00500001, "error_rate", "0.501%", "0,501\xa0%"),
        (0, "error_rate", "0%", "0\xa0%"),
        (MIDNIGHT, "instant", "1 Oct, 00:00", "1. Okt., 00:00"),
        (MIDNIGHT, "time", "00:00", "00:00"),
        (MIDNIGHT, "day", "1 Oct", "1. Okt."),
        (Decimal("5"), "money_change", "+€5.00", "+5,00\xa0€"),
        (Decimal("-5"), "money_change", "-€5.00", "-5,00\xa0€"),
        (MIDNIGHT, "date", "1 Oct 2026", "1. Okt. 2026"),
        (MIDNIGHT, "month", "October 2026", "Oktober 2026"),
        (dt.date(2026, 10, 1), "date", "1 Oct 2026", "1. Okt. 2026"),
        (pd.Timestamp("2026-10-01"), "month", "October 2026", "Oktober 2026"),
        ("<b>", "text", "<b>", "<b>"),
    ],
)
def test_each_unit_in_two_locales(value, unit, english, german):
    assert (EN.text(value, unit), DE.text(value, unit)) == (english, german)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("value", [None, float("nan"), np.nan, pd.NaT, pd.NA, Decimal("NaN")])
def test_what_is_not_known_is_unknown_in_every_unit(value, unit):
    assert EN.text(value, unit) == EN.text(value, unit, signed=True) == "unknown"


@pytest.mark.parametrize("unit", ["", "octets", "local", "calendar", "_money", "text_", "code"])
def test_what_is_no_unit_is_refused(unit):
    with pytest.raises(ValueError, match="is not a unit"):
        EN.text(1, unit)


@pytest.mark.parametrize(
    ("currency", "written"),
    [
        ("JPY", "JP¥1,235"),
        ("KWD", "KWD\xa01,234.568"),
        ("USD", "US$1,234.57"),
        ("", "€1,234.57"),
        (None, "€1,234.57"),
        (float("nan"), "€1,234.57"),
    ],
)
def test_money_has_its_own_currencys_decimals(currency, written):
    assert EN.text(Decimal("1234.5678"), "money", currency=currency).replace("KWD1", "KWD\xa01") == written


def test_money_is_rounded_once_and_half_to_even_like_the_decimals_it_comes_from():
    assert [EN.text(Decimal(one), "money") for one in ("0.005", "0.015", "-0.004", "0.1")] == [
        "€0.00",
        "€0.02",
        "€0.00",
        "€0.10",
    ]
    assert EN.text(Decimal("12345678901234567890.129999999999999999"), "money") == "€12,345,678,901,234,567,890.13"


@pytest.mark.parametrize("locale", ["en_GB", "de_DE", "de_CH", "sv_SE", "fr_FR", "he_IL", "ar_EG", "hi_IN", "pt_BR"])
def test_a_loss_has_no_plus_and_a_gain_has_one_in_every_locale(locale):
    style = Style(locale, "EUR")
    for value, unit in ((Decimal("12.5"), "money"), (0.25, "share"), (3, "count"), (pd.Timedelta("1h"), "duration")):
        assert style.text(value, unit, signed=True).startswith("+")
        assert "+" not in style.text(-value, unit, signed=True)


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (Decimal("0.001"), "money", "€0.00"),
        (Decimal("-0.001"), "money", "€0.00"),
        (0, "count", "0"),
        (-0.0, "share", "0%"),
        (0.001, "number", "0"),
        (-0.001, "number", "0"),
        (pd.Timedelta("0.2s"), "duration", "0 s"),
        (pd.Timedelta(0), "duration", "0 s"),
        (-0.01, "minutes", "0 min"),
    ],
)
def test_what_is_written_as_nothing_has_no_sign(value, unit, written):
    assert EN.text(value, unit, signed=True) == written


def test_words_and_times_have_no_sign():
    assert EN.text("up", "text", signed=True) == "up"
    assert EN.text(MIDNIGHT, "instant", signed=True) == "1 Oct, 00:00"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.999, "99.9%"),
        (Decimal("0.999"), "99.9%"),
        (0.9989999, "99.899%"),
        (0.998999999999999, "99.899%"),
        (1 - 0.0005, "99.95%"),
        (0.99995, "99.995%"),
        (1.0, "100%"),
        (1, "100%"),
        (0.9999999999999, "99.999%"),
        (0.0, "0%"),
        (0.29, "29%"),
        (0.57, "57%"),
    ],
)
def test_availability_is_cut_and_never_rounded_up(value, written):
    assert EN.text(value, "availability") == written


@given(st.integers(1, 2_678_400_000_000))
def test_less_than_all_never_reads_as_all_and_a_missed_target_never_as_met(down):
    month = 2_678_400_000_000  # microseconds of 31 days
    sli = (month - down) / month
    assert EN.text(sli, "availability") != "100%"
    for target in (0.99, 0.995, 0.999, 0.9995, 0.9999):
        if sli < target:
            assert float(EN.text(sli, "availability").rstrip("%")) < target * 100


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0%"),
        (1, "100%"),
        (0.5, "50%"),
        (0.1, "10%"),
        (0.9, "90%"),
        (1.5, "150%"),
        (0.0512, "5.1%"),
        (0.0996, "10.0%"),
        (0.9004, "90.0%"),
        (0.9996, "99.96%"),
        (0.99999, "99.999%"),
        (0.99999999, "99.999%"),
        (0.0004, "0.04%"),
        (0.00001, "0.001%"),
        (-0.05, "-5.0%"),
        (-0.0004, "-0.04%"),
        (-1.25, "-125%"),
        (-2.0, "-200%"),
    ],
)
def test_only_nothing_reads_0_and_only_all_of_it_100_percent(value, written):
    assert EN.text(value, "share") == written


@given(st.floats(1e-5, 1, exclude_max=True))
def test_a_part_never_reads_as_nothing_or_as_the_whole(value):
    shown = float(EN.text(value, "share").rstrip("%"))
    assert 0 < shown < 100 and abs(shown - value * 100) <= 0.5


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0s", "0 s"),
        ("59s", "59 s"),
        ("59.6s", "1 min"),
        ("60s", "1 min"),
        ("89min", "1 h 29 min"),
        ("3599.7s", "1 h"),
        ("24h", "1 d"),
        ("28h", "1 d 4 h"),
        ("47h59min", "1 d 23 h 59 min"),
        ("48h20min", "2 d 20 min"),
        ("30min20s", "31 min"),
        ("720h", "30 d"),
        ("720h5min", "30 d 1 h"),
        ("-90min", "−1 h 30 min"),
        ("-5s", "−5 s"),
    ],
)
def test_a_duration_is_rounded_up_so_that_one_that_missed_its_target_never_reads_as_the_target(value, written):
    assert EN.text(pd.Timedelta(value), "duration") == written


@given(st.integers(0, 10**8))
def test_a_duration_is_never_more_than_what_it_says(seconds):
    written = EN.text(pd.Timedelta(seconds=seconds), "duration").split()
    lengths = {"s": 1, "min": 60, "h": 3600, "d": 86400}
    said = sum(int(count) * lengths[unit] for count, unit in zip(written[::2], written[1::2], strict=True))
    assert 0 <= said - seconds < (3600 if seconds >= 7 * 86400 else 60 if seconds >= 60 else 1)


def test_python_and_numpy_values_are_written_as_well():
    assert EN.text(dt.timedelta(hours=1), "duration") == "1 h"
    assert EN.text(np.int64(3), "count", signed=True) == "+3"
    assert EN.text(np.float64(0.5), "share") == "50%"
    assert EN.text(Decimal(3), "count") == "3"


def test_colours_are_told_apart_and_every_state_has_one():
    from opsreport.schemas.uptime import STATES

    assert set(theme.STATE_COLOURS) == set(STATES)
    assert len({theme.GOOD, theme.AT_RISK, theme.BAD, theme.UNKNOWN, theme.PLANNED, theme.DEPLOYED}) == 6
    assert not set(theme.DARK.values()) & set(theme.DARK)


def test_a_month_is_named_and_a_run_of_days_by_its_first_and_last():
    assert EN.text("2026-10", "month") == "October 2026"
    assert EN.text("2026-10-05_2026-10-11", "month") == "the days from 5 Oct 2026 to 11 Oct 2026"


def test_of_a_run_of_days_no_heading_claims_a_month():
    assert [Style(is_month=False).say(head) for head in ("This month", "Last month")] == ["These days", "Days before"]
    assert Style().say("This month") == "This month"
