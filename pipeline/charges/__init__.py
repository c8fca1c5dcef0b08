"""Rating: from the ledger to charges, postings and the small sums of days."""
