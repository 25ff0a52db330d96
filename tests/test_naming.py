"""Each source's names become the client's own; what maps to nothing is listed, never dropped."""

import json
from decimal import Decimal

import pandas as pd
import pytest

from opsreport.naming import join_parts, name_services
from opsreport.params.models import ClientParams, Service
from opsreport.schemas import FRAMES, TEXT

AT = pd.Timestamp("2026-10-01", tz="UTC")


def params():
    return ClientParams(
        client="acme", display_name="Acme", time_zone="UTC", currency="EUR",
        services={
            "shop": Service(owner="Jo", aliases={"upptime": ["Front page"], "pager": ["svc-1"], "bill": ["app=shop"]}),
            "search": Service(owner="Jo", aliases={"pager": ["shop"], "bill": ["app=search", "team=find"]}),
        },
    )  # fmt: skip


def incidents(*pairs):
    rows = {"incident_id": [str(n) for n in range(len(pairs))], "opened_at": [AT] * len(pairs),
            "service": [name for _, name in pairs]}  # fmt: skip
    frame = FRAMES["incident"].conform(pd.DataFrame(rows)) if pairs else FRAMES["incident"].empty()
    return frame.assign(source=pd.Series([source for source, _ in pairs], dtype=TEXT))


def charges(*tags):
    rows = {"billing_period_start": [AT] * len(tags), "charge_period_start": [AT] * len(tags), "tags": list(tags),
            "charge_category": ["Usage"] * len(tags), "billed_cost": [Decimal(1)] * len(tags),
            "billing_currency": ["EUR"] * len(tags)}  # fmt: skip
    return FRAMES["cost"].conform(pd.DataFrame(rows)).assign(source=pd.Series(["bill"] * len(tags), dtype=TEXT))


def test_an_alias_is_that_of_its_source_and_goes_before_a_service_of_the_same_name():
    rows = incidents(("pager", "svc-1"), ("pager", "shop"), ("github", "shop"), ("github", "svc-1"))
    gaps = name_services("incident", rows, params())
    assert rows["service"].tolist() == ["shop", "search", "shop", "svc-1"]
    assert gaps.to_dict("records") == [{"frame": "incident", "source": "github", "name": "svc-1", "rows": 1}]


def test_a_row_without_a_name_keeps_none_and_is_a_gap():
    rows = incidents(("pager", None), ("pager", None), ("other", None))
    gaps = name_services("incident", rows, params())
    assert rows["service"].isna().all() and rows["service"].dtype == TEXT
    assert sorted(gaps[["source", "name", "rows"]].itertuples(index=False, name=None)) == [
        ("other", "(none)", 1), ("pager", "(none)", 2),
    ]  # fmt: skip


def test_a_monitor_keeps_its_name_and_gets_a_service():
    held = {"monitor": ["Front page", "API"], "started_at": [AT] * 2, "ended_at": [AT] * 2, "state": ["up"] * 2}
    rows = FRAMES["monitor_state"].conform(pd.DataFrame(held)).assign(source="upptime")
    gaps = name_services("monitor_state", rows, params())
    assert rows["monitor"].tolist() == ["Front page", "API"]
    assert rows.loc[0, "service"] == "shop" and pd.isna(rows.loc[1, "service"])
    assert gaps["name"].tolist() == ["API"]


def test_a_charge_is_named_by_its_tags_and_one_without_is_no_gap():
    rows = charges(json.dumps({"app": "shop"}), json.dumps({"x": 1, "team": "find"}), json.dumps({"app": "?"}), None)
    assert name_services("cost", rows, params()).empty
    assert rows["service"].fillna("").tolist() == ["shop", "search", "", ""]


@pytest.mark.parametrize("tags", ["[]", '"app=shop"', "null", "not json", "{", ""])
def test_tags_that_are_no_object_name_nothing(tags):
    rows = charges(tags)
    name_services("cost", rows, params())
    assert rows["service"].isna().all()


#: Frames that come without a service of their own, and get one from a tag or a monitor's name.
WITHOUT = ("cost", "monitor_state")


@pytest.mark.parametrize("name", [name for name in FRAMES if "service" in FRAMES[name].names or name in WITHOUT])
def test_an_empty_frame_gets_its_column_and_no_gap(name):
    rows = FRAMES[name].empty().assign(source=pd.Series([], dtype=TEXT))
    assert name_services(name, rows, params()).empty
    assert rows["service"].dtype == TEXT


@pytest.mark.parametrize("name", sorted(set(FRAMES) - set(WITHOUT)))
def test_a_frame_that_tells_of_no_service_is_left_alone(name):
    if "service" not in FRAMES[name].names:
        rows = FRAMES[name].empty().assign(source=pd.Series([], dtype=TEXT))
        assert name_services(name, rows, params()).empty and "service" not in rows


def test_a_pattern_names_what_is_named_alike_and_what_is_said_of_one_alone_goes_before_it():
    services = {
        "shop": Service(owner="Jo", aliases={"aws": ["app/shop-*", "/shop/*"], "pager": ["shop*"]}),
        "search": Service(owner="Jo", aliases={"aws": ["/shop/search*"], "aws_logs": ["app/shop-7"]}),
    }
    client = params().model_copy(update={"services": services})
    rows = incidents(("aws_alarms", "app/shop-7"), ("aws_logs", "app/shop-7"), ("aws_logs", "/shop/search/a"),
                     ("aws_logs", "/shop/web"), ("other", "/shop/web"), ("pager", "shop 2"))  # fmt: skip
    gaps = name_services("incident", rows, client)
    assert rows["service"].tolist() == ["shop", "search", "search", "shop", "/shop/web", "shop"]
    assert gaps["name"].tolist() == ["/shop/web"]


def loads(*rows):
    """Windows of an hour, each as (source, service, hour, requests, errors)."""
    held = [
        {"service": service, "started_at": AT + pd.Timedelta(hours=hour), "ended_at": AT + pd.Timedelta(hours=hour + 1),
         "requests": requests, "errors": errors, "latency_p95": Decimal("0.2")}
        for _, service, hour, requests, errors in rows
    ]  # fmt: skip
    made = FRAMES["request_load"].conform(pd.DataFrame(held))
    return made.assign(source=pd.Series([source for source, *_ in rows], dtype=TEXT))


def test_two_load_balancers_of_one_service_are_added_and_have_no_common_percentile():
    joined = join_parts(loads(("lb", "shop", 0, 100, 1), ("lb", "shop", 0, 50, 2), ("lb", "shop", 1, 7, None),
                              ("lb", "shop", 1, 3, 0), ("lb", "desk", 0, 5, 0),
                              ("other", "shop", 0, 140, 3)))  # fmt: skip
    told = {(row.source, row.service, row.started_at.hour): row for row in joined.itertuples()}
    assert (told["lb", "shop", 0].requests, told["lb", "shop", 0].errors) == (150, 3)
    assert told["lb", "shop", 1].requests == 10 and pd.isna(told["lb", "shop", 1].errors)
    assert pd.isna(told["lb", "shop", 0].latency_p95) and told["lb", "desk", 0].latency_p95 == Decimal("0.2")
    assert told["other", "shop", 0].requests == 140 and len(joined) == 4
    assert joined.dtypes.equals(loads(("lb", "shop", 0, 1, 1)).dtypes)


def test_load_that_each_source_tells_once_is_left_as_it_is():
    rows = loads(("lb", "shop", 0, 100, 1), ("lb", "shop", 1, 50, 2))
    assert join_parts(rows) is rows
