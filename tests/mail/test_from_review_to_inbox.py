"""From a made review to the inboxes of a real mail server, by the commands that people use."""

from __future__ import annotations

import json
import re
import shutil
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

import opsreport
from opsreport.approved import approval, approvals
from opsreport.cli import main
from opsreport.mail.ledger import Ledger
from tests.mail import servers

MONTH, WHO = "2026-10", "Ines Carvalho"
TEAM = """\
mail:
  sender: {{name: Operations, email: ops@team.example}}
  reply_to: {{name: Ines Carvalho, email: ines@team.example}}
  operator: {{name: Desk, email: desk@team.example}}
  smtp: {{host: 127.0.0.1, port: {port}, user: reports, password: "env:SMTP_PASSWORD", authorities: ca.pem}}
publish: {{folder: {{path: www, address: "https://reviews.team.example"}}}}
"""


@pytest.fixture(scope="module")
def office(demo_home, tmp_path_factory, ca, trusted):
    """A home of its own with the demo's reviews, and a mail server that the team's file names."""
    home = tmp_path_factory.mktemp("office")
    shutil.copytree(demo_home, home, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns("demo-data"))
    ca.cert_pem.write_to_path(home / "ca.pem")
    with servers.FaultySmtp(trusted) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMTP_PASSWORD", servers.PASSWORD)
        (home / "www").mkdir()
        (home / "opsreport.yaml").write_text(TEAM.format(port=server.port))
        yield Office(home, server)


class Office:
    def __init__(self, home: Path, server: servers.FaultySmtp) -> None:
        self.home, self.server = home, server

    def run(self, *words: str, code: int = 0) -> str:
        made = CliRunner().invoke(main, [*words, "--home", str(self.home)])
        assert made.exit_code == code, made.output
        return made.output

    def approve(self, client: str, code: int = 0, *more: str) -> str:
        return self.run("approve", client, "--month", MONTH, "--by", WHO, *more, code=code)

    def send(self, client: str, code: int = 0, *more: str) -> str:
        return self.run("send", client, "--month", MONTH, "--by", WHO, *more, code=code)

    def letters(self, client_domain: str) -> list:
        return [message_from_bytes(copy.message, policy=default) for copy in self.server.inbox
                if copy.recipient.endswith(client_domain)]  # fmt: skip

    def told(self) -> list:
        return self.letters("desk@team.example")

    def manifest(self, client: str) -> dict:
        return json.loads((self.home / "out" / client / MONTH / "manifest.json").read_text("utf-8"))

    def write(self, client: str, change) -> None:
        """Change a client's file, comments and all."""
        path, yaml = self.home / "params" / f"{client}.yaml", YAML()
        content = yaml.load(path)
        change(content)
        yaml.dump(content, path)


def test_a_review_goes_from_preview_to_inbox_once_and_a_correction_follows_in_its_thread(office):
    shop = "demo-shop"
    # Nothing goes before somebody says so, and the operator hears of it.
    assert "nobody approved it" in office.run("preview", shop, "--month", MONTH, code=3)
    shown = office.home / "out" / shop / "preview" / MONTH
    assert {path.suffix for path in shown.iterdir()} >= {".eml", ".html", ".txt"}
    assert "nobody approved it" in office.send(shop, 1)
    assert office.letters("@example.com") == [] and office.told() == []

    content = office.manifest(shop)["content"]
    assert "revision 1 approved by Ines Carvalho" in office.approve(shop)
    assert "approved just this" in office.approve(shop)
    assert office.manifest(shop)["state"] == "approved" and office.manifest(shop)["content"] == content
    assert "Approved by Ines Carvalho" in (office.home / "out" / shop / MONTH / f"{shop}-{MONTH}.html").read_text()

    assert "to be sent" in office.send(shop, 0, "--dry-run") and office.letters("@example.com") == []
    office.send(shop)
    office.send(shop)
    first = office.letters("@example.com")
    to = sorted(one["To"].addresses[0].addr_spec for one in first)
    assert to == ["maya.okafor@example.com", "tom.reyes@example.com"]
    assert all(one["Reply-To"].addresses[0].addr_spec == "ines@team.example" for one in first)
    subject = "Harbour & Pine, October 2026: 9 of 19 targets missed"
    assert {one["Subject"] for one in first} == {subject}
    text = first[0].get_body(("plain",)).get_content()
    assert "$5,096.98" in text
    (link,) = set(re.findall(r"https://reviews\.team\.example/(\S+)", text))
    assert "Approved by Ines Carvalho" in (office.home / "www" / link).read_text("utf-8")
    assert "maya" in office.send(shop, 0, "--log") and f"by {WHO}" in office.send(shop, 0, "--log")
    kept = sorted((office.home / "out" / shop / "mail" / MONTH).glob("r1-*.eml"))
    assert {path.read_bytes() for path in kept} == {copy.message for copy in office.server.inbox
                                                     if copy.recipient.endswith("@example.com")}  # fmt: skip

    # What was approved stays what it was, whatever is written or collected afterwards.
    assert "nothing is left to send: 2 sent" in office.send(shop)
    office.write(shop, lambda file: file["agreement"][0]["budgets"][0].update(amount=9000))
    frozen = opsreport.load(shop, MONTH, home=office.home)
    assert frozen.state == "approved" and frozen.agreements[-1].budgets[0].amount == 4200
    office.send(shop)
    assert len(office.letters("@example.com")) == 2

    # Who receives it is approved too; others get the same revision, and those who have it nothing more.
    office.write(shop, lambda file: file["recipients"].append({"name": "Al Day", "email": "al.day@example.com"}))
    assert "who receives it changed after Ines Carvalho approved it" in office.send(shop, 1)
    assert "revision 1 approved" in office.approve(shop)
    office.send(shop)
    assert [one["To"].addresses[0].addr_spec for one in office.letters("@example.com")[2:]] == ["al.day@example.com"]

    # What nobody approved is neither published nor sent, though the month is approved.
    notebook = office.home / "notebooks/monthly_review.ipynb"
    before = notebook.read_text("utf-8")
    told = json.loads(before)
    told["cells"].append({"cell_type": "markdown", "id": "extra", "metadata": {}, "source": ["Words nobody approved."]})
    notebook.write_text(json.dumps(told))
    office.run("report", shop, "--month", MONTH)
    assert "not the one that was approved" in office.send(shop, 1)
    assert office.manifest(shop)["state"] == "final"
    assert "nobody approved" not in (office.home / "www" / link).read_text("utf-8")
    office.run("publish", shop, "--month", MONTH, code=1)
    notebook.write_text(before)

    # Until it is restated: then it is made from what is known now, approved anew, and goes as a correction.
    office.run("restate", shop, "--month", MONTH, "--why", "The budget had been raised to $9,000 in June.")
    assert "nobody approved it" in office.send(shop, 1)
    office.run("report", shop, "--month", MONTH)
    assert "revision 2 approved" in office.approve(shop)
    assert office.manifest(shop)["state"] == "corrected"
    office.send(shop)
    office.send(shop)
    first, second = office.letters("@example.com")[:3], office.letters("@example.com")[3:]
    assert len(second) == 3
    earlier = {one["To"].addresses[0].addr_spec: one["Message-ID"] for one in first}
    for one in second:
        assert one["In-Reply-To"] == one["References"] == earlier[one["To"].addresses[0].addr_spec]
        assert one["Subject"].startswith("Corrected: Harbour & Pine, October 2026: 8 of 19 targets missed")
        text = " ".join(one.get_body(("plain",)).get_content().split())
        assert "The budget had been raised to $9,000 in June." in text
        assert "Spend: a target of $4,200.00 before, $9,000.00 now. It read missed, and reads met." in text
    assert [one.revision for one in approvals(office.home / "store", shop, MONTH)] == [1, 2]
    assert approval(office.home / "store", shop, MONTH).corrects == 1


def test_a_review_that_is_changed_or_older_than_its_records_needs_approval_again(office):
    clinic = "demo-clinic"
    office.write(clinic, lambda file: file.update(display_name="Northgate Medical Centre"))
    assert "params/demo-clinic.yaml changed since it was made" in office.approve(clinic, 1)
    office.write(clinic, lambda file: file.update(display_name="Northgate Clinic"))
    assert office.letters("@northgate.test") == []
    page = office.home / "out" / clinic / MONTH / f"{clinic}-{MONTH}.html"
    whole = page.read_bytes()
    page.write_bytes(whole.replace(b"Northgate", b"Southgate"))
    assert "is not as it was made" in office.approve(clinic, 1)
    page.write_bytes(whole)


def test_nobody_is_written_to_outside_the_agreed_domains_nor_is_another_client_named(office):
    clinic = "demo-clinic"
    eve = {"name": "Eve", "email": "eve@northgate.test.evil.example"}
    office.write(clinic, lambda file: file["recipients"].append(eve))
    said = office.run("preview", clinic, "--month", MONTH, code=3)
    assert "eve@northgate.test.evil.example is of no domain agreed" in said
    office.write(clinic, lambda file: file["recipients"].pop())
    office.write("demo-shop", lambda file: file.update(display_name="Northgate"))
    said = office.run("preview", clinic, "--month", MONTH, code=3)
    office.write("demo-shop", lambda file: file.update(display_name="Harbour & Pine"))
    assert "✕ client:demo-shop" in said
    assert Ledger(office.home / "store", clinic).rows() == []
