"""The summary tells what was missed first, names what held, and never leaves a section out."""

from opsreport.exhibit import notice, prose
from opsreport.metrics.rows import scorecard_rows
from opsreport.narrative.executive import executive
from opsreport.narrative.sections import Sections
from opsreport.theme import Style

STYLE = Style("en_GB", "EUR")


def said(id, text):
    return prose(id, text, STYLE)


def scores(section, *verdicts, target=1):
    return scorecard_rows([{"id": f"{section}.{n}", "measure": f"{section} {n}", "section": section, "target": target,
                            "verdict": verdict} for n, verdict in enumerate(verdicts)])  # fmt: skip


def review(**sections):
    made = Sections()
    for name, (finding, *score) in sections.items():
        made.add(name, finding, *score)
    return made


def test_what_was_missed_is_told_first_and_what_held_is_named():
    made = executive(review(
        uptime=(said("uptime.finding", "All up."), scores("uptime", "met")),
        cost=(said("cost.finding", "Spent much."), scores("cost", "met")),
        backups=(said("backups.finding", "Backups failed."), scores("backups", "missed", "met")),
    ), STYLE)  # fmt: skip
    assert made.text.startswith("Of 4 targets on the scorecard, 3 met and 1 missed. Missed: backups 0.")
    assert made.text.index("Backups failed.") < made.text.index("Spent much.")
    assert "All up." not in made.text and "As agreed in every target: uptime." in made.text
    assert '<a href="#backups">backups 0</a>' in made.html


def test_a_section_that_is_not_known_is_said_to_be():
    made = executive(review(access=(notice("access.finding", "No source."),)), STYLE)
    assert "Nothing is known of: access." in made.text and "No source." not in made.text


def test_a_section_without_targets_or_with_unjudged_ones_is_named():
    made = executive(review(
        delivery=(said("delivery.finding", "Deployed."), scores("delivery", "unknown", target=None)),
        uptime=(said("uptime.finding", "Perhaps."), scores("uptime", "unknown")),
    ), STYLE)  # fmt: skip
    assert "No target was agreed of: delivery." in made.text and "Not to be judged in part: uptime." in made.text


def test_a_single_target_is_told_in_the_singular():
    told = {"met": "The one target on the scorecard was met.", "missed": "The one target on the scorecard was missed.",
            "at risk": "The one target on the scorecard was met, and nearly missed.",
            "unknown": "Whether the one target on the scorecard was met cannot be judged."}  # fmt: skip
    for verdict, words in told.items():
        made = executive(review(cost=(said("cost.finding", "Spent."), scores("cost", verdict))), STYLE)
        assert made.text.startswith(words)


def test_every_section_stands_somewhere():
    names = [f"section{n}" for n in range(9)]
    every = {name: (said(f"{name}.finding", f"{name} went wrong."), scores(name, "missed")) for name in names}
    made = executive(review(**every), STYLE)
    assert all(f'href="#{name}"' in made.html for name in names)
    assert made.text.count("went wrong") == 6 and "Missed or nearly missed as well: section6" in made.text


def test_the_cost_and_the_work_are_always_told_and_never_called_missed_when_they_were_not():
    """However much else was missed, and however they stand."""
    names = ["uptime", "patches", "access", "backups", "incidents", "support", "performance"]
    every = {name: (said(f"{name}.finding", f"{name} went wrong."), scores(name, "missed")) for name in names}
    kept = {name: (said(f"{name}.finding", f"{name} as agreed."), scores(name, "met")) for name in ("work", "cost")}
    made = executive(review(**kept, **every), STYLE)
    assert "cost as agreed." in made.text and "work as agreed." in made.text
    rest = made.text[made.text.index("Missed or nearly missed as well"):]
    assert "cost" not in rest and "work" not in rest
    assert made.text.index("uptime went wrong.") < made.text.index("cost as agreed.")


def test_why_what_is_asked_and_what_became_of_last_month_stand_under_their_headings():
    made = executive(review(), STYLE, why=[said("w", "Because.")], asked=[said("a", "Decide.")], since=[])
    assert "<h3>Why</h3><ul><li>Because.</li></ul>" in made.html
    assert "<h3>What we ask you to decide</h3><ul><li>Decide.</li></ul>" in made.html
    assert "What became of" not in made.html


def test_words_from_outside_are_escaped():
    hostile = scores("cost", "missed").assign(measure="<b>x</b>")
    made = executive(review(cost=(said("cost.finding", "ok"), hostile)), STYLE)
    assert "<b>x" not in made.html and "&lt;b&gt;x" in made.html
