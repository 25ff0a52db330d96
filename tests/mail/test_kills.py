"""Senders that are killed, at every place and while others race: nothing is sent twice, lost or torn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def campaign(what, folder, number, kills, seconds):
    """What `tests.mail.kills` says, run as a process of its own."""
    command = [sys.executable, "-m", "tests.mail.kills", what, str(folder), str(number), str(kills)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    ran = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=seconds)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def check(told, clients, kills):
    assert told["problems"] == []
    assert told["kills"] >= kills and told["clients"] == clients
    assert told["most copies of one mail"] == 1
    assert told["copies"] == told["mails"]  # once what was unknown was resolved by the inbox
    assert told["unknown"] <= told["kills"]
    assert told["unknown"] == told["unknown found by a person"]
    assert told["parts left"] == 0


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.long)])
def test_a_sender_killed_at_any_place_leaves_what_the_next_one_ends(tmp_path, every):
    told = campaign("each", tmp_path, every, 0, 600)
    places = len(range(0, told["places of one sending"], every))
    check(told, places, places)
    assert told["places of one sending"] > 200 and told["places killed at"] == places
    assert 0 < told["not arrived"] < told["unknown"]  # some died before the final dot was out, and some after


def test_four_senders_killed_at_sixty_places_send_each_mail_once(tmp_path):
    told = campaign("race", tmp_path, 20, 60, 300)
    check(told, 20, 60)
    assert told["unknown"] > 0  # some died between the row and the answer


@pytest.mark.long
def test_a_hundred_clients_mails_are_sent_once_by_four_senders_killed_at_five_hundred_places(tmp_path):
    told = campaign("race", tmp_path, 100, 500, 2400)
    check(told, 100, 500)
    assert told["places killed at"] > told["places of one sending"] * 0.7
    assert 0 < told["not arrived"] < told["unknown"]
