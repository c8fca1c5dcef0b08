"""tollbook: what an organization's use of model APIs cost, and whether that was within budget.

The map: packages in the order of the data's way. A package imports only those above it.

    characters, errors, money, meters, schemas, dates, text, csv_table, resources
                  the vocabulary: plain modules that open nothing
    config/       tollbook.toml: its models, loading, the texts of its keys; the log
    network/      which addresses may be connected to
    storage/      paths, the DuckDB file and its migrations, Parquet, atomic files, the lock;
                  engines/ (where the work of reading is done: here, in processes, on Spark)
    pricing/      the price book: reading, checking, layering, picking a price
    ledger/       accepted usage: files, identities, duplicates, bucket versions, minutes
    directory/    organization, projects, people, keys, limits, cost centres, with their history
    intake/       raw files to validated records: discovery, kinds of files, validation, quarantine
    providers/    one package a provider: fetching, pages to records, costs, directory lists
    calendar/     which days each source has covered to their end
    charges/      what usage costs: rating/, postings, what the provider bills; periods/ (closed
                  months and their corrections), reconciliation/
    forecasts/    what a period will have cost at its end, from daily costs; their track record
    anomalies/    days that cost far more or less than usual, as incidents with a driver
    compaction/   small files of the ledger and of postings, merged into larger ones
    budgets/      plans, periods, status
    actions/      limits set at the provider while a hard budget is over, and taken back
    alerts/       conditions, one table of transitions, texts, routes; delivery/, monitors/
    published/    snapshot/ makes the snapshot; how it is read: reader, SQL, as-of, queries, formats
    metrics/      figures for Prometheus, in a file for its collector
    reporting/    the month's report (month/, sections/) and explanations (explain/)
    runs/         the order of the stages: run.py is the way through the house; corrections/,
                  closure/ (of months), doctor/, schedule/
    demo/         the sample organization, the fake of the provider's API
    cli/          the verbs, one file a group

SQL is in `queries/`, whose folders mirror these packages; `schema/` there has the migrations,
`checks/` the invariants of a run, `analysis/` what `tollbook query` knows by name. Report
templates are in `reports/`.
"""

__version__ = "0.7.0"
