"""All that a source of AWS needs: to open the client's account, ask it, and make frames of its answers."""

from opsreport.sources._aws_policy import action
from opsreport.sources._aws_prices import price_of
from opsreport.sources._aws_questions import AwsSettings, Questions, account_of, opened
from opsreport.sources._aws_rows import resource, within
from opsreport.sources._questions import Answer
from opsreport.sources._rows import EXACT, FOR_EVER, ONLY_NOW, amount, batches, each, instant, rows_of, told

__all__ = [
    "EXACT", "FOR_EVER", "ONLY_NOW", "Answer", "AwsSettings", "Questions", "account_of", "action", "amount",
    "batches", "each", "instant", "opened", "price_of", "resource", "rows_of", "told", "within",
]  # fmt: skip
