"""The sentences that carry numbers, one file a section; every number in them is a fact."""
