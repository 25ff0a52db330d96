"""The report's own words that stand in frames as text, so that they can be said in the client's language.

A metric writes English, by which its rows are compared and looked up; where it is shown, a text
that is one of these templates, its values filled in, is said in the client's language. Only
columns whose `Measure` has ``is_words`` are looked at: names from outside stay as they are.
"""

#: What the scorecard's rows are called.
KEY_FIGURES = (
    "Spend", "Spend on {service}", "Change in spend, for the same days", "Tag coverage", "Cost per {unit}",
    "Savings carried out, by the bill", "Log stores kept as agreed",
    "Keeping logs that never expire", "Availability of {monitor}", "Availability of {monitor} from {day}",
    "Incidents opened", "Time with an incident", "Found by our own alert",
    "Late responses", "Responses in the agreed time", "Median time to restore, {severity}", "Deployments of {service}",
    "Median lead time, {service}", "Change fail rate, {service}", "Pipeline runs that succeeded",
    "Time with a broken main branch", "Backups completed, of those scheduled", "Backups completed, of those known",
    "Longest time that could have been lost, {resource}", "Restore, as last proven, {resource}",
    "Age of the newest proven recovery point, {resource}", "Machines known to be patched",
    "Vulnerabilities past the agreed date", "Known to be attacked, past CISA's date", "Without MFA", "Keys too old",
    "Unused access", "Error rate of {service}", "{service}: 95 of 100 requests within",
    "{service}: 99 of 100 requests within", "Alerts that led to action",
    "Incidents that no alert caught", "Calls outside support hours", "First responses in time",
    "Resolutions in time", "Requests open at month end", "Hours of work used",
)  # fmt: skip

#: What the timeline says of a happening.
HAPPENINGS = (
    "Incident: {title}", "Deployment: {name}", "Failed deployment: {name}", "Deployment, rolled back: {name}",
    "Deployment, outcome unknown: {name}", "Unusual cost of {service} from this day", "{monitor} was down",
)  # fmt: skip

#: States, kinds and notes.
WORDS = (
    # Every section: groups without a key, and notes.
    "(none)", "(all)", "(other)", "all", "unrated", "unknown", "met", "missed", "at risk", "none", "yes", "no",
    "not known", "not recorded", "not seen", "not seen lately", "not visible", "as agreed", "none agreed",
    "no source is named",
    "in time", "overdue",
    "fewer than 5: see the list", "part of the month was not seen: at least", "until {day}", "from {day}",
    # Money.
    "commitments", "credits and refunds", "days", "new", "one-off charges", "price", "removed", "tax", "usage",
    "without quantity", "fewer than {weeks} weeks of history", "agreed for {days} of {all} days",
    "these days' share of a month's budget", "no charge is allocated to a service",
    "agreed in {currency}, compared at the stated rate of {rate}", "no exchange rate is stated: shown apart",
    "ended within the month", "ends within {days} days", "without usage to check it by", "rounded to whole units",
    "not reconciled with billed cost", "sound", "these days are not a calendar month",
    "this month's bill was not seen whole", "that takes {months} whole months of bills",
    "an interval takes {months} months to test it on", "no charge is mapped to the service",
    "the bill was not seen whole", "how many there were is not known", "there were none",
    "spend is not known", "the month was not seen whole",
    # What steers the bill.
    "kept for ever", "shorter than agreed", "longer than agreed", "nothing agreed", "no budget there",
    "another amount", "nobody is told", "whether anybody is told is not known", "accepted", "done", "proposed",
    "rejected", "at the provider in {currency}, compared at the stated rate",
    "at the provider in {currency}, for which no rate is stated",
    "last seen long before the month's end: it may have changed", "the bill does not tell what it costs",
    "the bill does not tell what keeping it costs", "too little history to tell what a limit would save",
    "when it was done is not recorded", "estimated at {amount} {currency}, billed in {other}: not compared",
    "it names no resource to look for in the bill",
    "the bill of the month before does not name it",
    "the bill of the month before it was done was not seen whole", "no whole month has passed since",
    "the bill of this month was not seen whole",
    "the whole bill", "the logs of {name}", "the growth of the logs of {name}", "{resource}, which is new",
    "savings plan {name}", "reservation {name}",
    # Uptime and the timeline.
    "up", "down", "degraded", "maintenance", "paused", "agreed maintenance", "excused",
    "was down already when the month began", "still down when the month ended", "still down when last seen",
    "degraded, which counts as down", "maintenance outside an agreed window", "{monitor}: downtime excused",
    "maps to no service, so nothing can be matched",
    # Incidents and support.
    "drill", "planned", "the provider's", "open at month end", "resolved", "acknowledge", "restore", "open past target",
    "pending",
    "acknowledgement not recorded: at most", "open when last seen: at least",
    "it fell due in time that was not seen", "when it no longer waited for you is not recorded",
    "no support hours are agreed",
    "no severity is stated, so no target applies", "no priority is stated, so no target applies", "first response",
    "resolution", "first response not recorded: at most", "when it waited for you cannot be read",
    "waits for you",
    # Delivery and pipelines.
    "failed before production", "needed intervention", "succeeded", "failed", "cancelled",
    "not recovered by month end", "until its incident was resolved", "until the next good deployment",
    "some do not say whether they needed intervention", "no run on a branch called main, master or trunk is known",
    # Backups.
    "completed", "some failed", "never ran", "in scope", "out of scope", "protected", "not protected", "never proven",
    "no plan is agreed: only those that are known", "last listed before this month: it may be out of date",
    "no inventory says what is to be backed up", "the newest inventory is from before this month",
    "the test does not say what it recovered", "the newest test failed", "how the newest test ended is not known",
    # Patches.
    "critical", "high", "medium", "low", "up to date", "patches missing", "patches failed", "waiting for a reboot",
    "unmanaged", "not seen in the last seven days", "the patch tool never told of it",
    "not all of its state was told", "reopened", "acceptance ended", "fixed", "asset gone", "risk accepted",
    "still open", "open when last seen", "fixed late", "ended: open again", "exists", "none yet",
    "an unnamed asset",
    # Access.
    "ours", "client", "on", "off", "not asked for", "no MFA", "MFA not visible", "may need MFA",
    "a key older than agreed", "a key older than usual", "age of its key not visible",
    "its key came of age after it was seen",
    "may not have been used since it was seen", "unused for longer than agreed",
    "unused for longer than usual", "last use not visible", "not seen this month", "not on our list of staff",
    "became privileged", "is no longer privileged", "MFA was turned on", "MFA was turned off", "other roles",
    "got a key", "has no key any more", "another key", "joined", "left", "changed", "person", "service", "root",
    "seen in the month", "older than the month", "never seen", "Root or owner without MFA", "People without MFA",
    "Keys too old", "Unused", "Privileged", "Others without MFA", "Privileged without MFA",
    # Audits.
    "under review", "reviewed", "inactive",
    # Performance and monitoring.
    "main picture shown", "reaction to a tap", "layout shift",
    "the source's month", "the source's month, counted in UTC", "histograms (estimate)", "hours: a band only",
    "shorter windows: a band only", "nothing was seen", "beyond the last bound, so at least: {names}", "good",
    "needs improvement", "poor", "not measured in this month", "measured from {first} to {last}", "no hours agreed",
    "an alert", "nothing", "but a customer reported it", "the incident names no service",
    "the alerts of that time were not seen", "an alert of that time names no service",
    "it says that an alert found it, but none is recorded", "an alert from before was still going: {name}",
    "cannot warn", "can warn", "the newest list of the month does not hold it", "disabled", "no action", "no data",
    "not said: {what}", "whether it is enabled", "whether it acts", "whether it has data",
    # Findings and decisions.
    "now", "this month", "plan", "nobody is named", "to be named", "at least", "at most", "open", "closed",
    "Whether it is found again", "judged late: it was neither closed nor given another date",
    # How complete the records are.
    "ok", "partial", "unavailable", "not collected", "no source", "never read", "no rows",
    "no source is named in the client's file", "it tells of {start} to {end} only",
)  # fmt: skip

#: The sections' ids, where a table names a row's section.
_SECTIONS = ("work", "cost", "spending", "uptime", "incidents", "delivery", "pipeline", "backups", "patches", "access",
             "performance", "monitoring", "support")  # fmt: skip

#: Everything that a column of the report's own words may hold.
ALL_WORDS = (*WORDS, *KEY_FIGURES, *HAPPENINGS, *_SECTIONS)
