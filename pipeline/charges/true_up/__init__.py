"""True-up: what is charged for a settled day is made equal to the provider's bill.

Owns the table `bill_days` and the postings with reason `bill`. Invariants: on a day that follows
the bill, the charges of a project at a provider are its costs without credits, to the last digit;
rated charges and list costs stay as they are; the same bill again posts nothing.
"""
