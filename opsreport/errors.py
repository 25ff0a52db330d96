"""Every error that opsreport raises on purpose.

::

    OpsreportError
    ├── ParamsError          a client file, plan or corrections file is wrong
    ├── PeriodError          a month or date that does not exist or cannot be read
    ├── SchemaError          rows that do not fit their frame
    ├── SourceError          a system of record could not be read
    ├── StoreError           the store is missing, damaged or cannot be written
    ├── ReconciliationError  numbers that must add up do not
    ├── ReportError          a report could not be executed, rendered or published
    └── MailError            a mail could not be made or sent, or the ledger of what was sent not kept

Each says who, which month and what happened, and then, as a hint, what to do.
"""


class OpsreportError(Exception):
    """Base of all errors raised on purpose; carries a hint on how to mend it.

    Parameters
    ----------
    message : str
        What went wrong: who, which month, what.
    hint : str
        What to do about it; empty where nothing useful can be said.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message


class ParamsError(OpsreportError):
    """A client file, plan or corrections file is wrong; names file and line.

    Parameters
    ----------
    location : tuple
        The keys down to the fault, where the file and its lines are known only further up.
    """

    def __init__(self, message: str, hint: str = "", location: tuple = ()) -> None:
        super().__init__(message, hint)
        self.location = location


class PeriodError(OpsreportError):
    """A month or date that does not exist or cannot be read."""


class SchemaError(OpsreportError):
    """Rows that do not fit the frame they were meant for."""


class SourceError(OpsreportError):
    """A system of record could not be read."""


class StoreError(OpsreportError):
    """The store is missing, damaged or cannot be written."""


class ReconciliationError(OpsreportError):
    """Numbers that must add up do not; the report is not made."""


class ReportError(OpsreportError):
    """A report could not be executed, rendered or published."""


class MailError(OpsreportError):
    """A mail could not be made or sent, or the ledger of what was sent not kept."""
