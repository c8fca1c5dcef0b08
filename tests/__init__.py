"""What the product promises, as tests. They mirror the packages; what they share is in `support`.

    python -m pytest -q -n 2 --dist worksteal    # the suite: some minutes, no network

The slow jobs show the same with more of everything. Each has a short form, some minutes long, which
`.ci/run` takes after the suite, and a long one, for a night:

    python -m pytest -q -m slow                  # 30 kills at random moments, 90 days fetched with
                                                 # every fault, 12 made-up logs for each promise,
                                                 # a quarter of budgets and alerts day by day, the
                                                 # examples of the pages, the demo of a wheel,
                                                 # and of many tests the long form, whose short
                                                 # one is in the suite
                                                 # the first months of a year, closed;
                                                 # and two rounds of each kind of torture
    TOLLBOOK_LONG=1 python -m pytest -q -m slow  # 1,000 kills, 400 days, 1,000 logs, a year

One job alone, with or without TOLLBOOK_LONG=1:

    python -m pytest -q -m slow tests/runs/test_killed_runs.py
    python -m pytest -q -m slow tests/runs/test_promises.py
    python -m pytest -q -m slow tests/runs/test_year.py
    python -m pytest -q -m slow tests/providers/openai/fetch/test_backfill.py
    python -m pytest -q -m slow tests/cli/test_demo.py  # the live demo; it has one form, as the
    python -m pytest -q -m slow tests/runs/test_quarter.py  # others below
    python -m pytest -q -m slow tests/model/test_months.py  # closed months against the model
    python -m pytest -q -m slow tests/intake/pieces  # files read by processes that are killed
    python -m pytest -q -m slow tests/fuzz           # every hostile value in every place
    python -m pytest -q -m slow tests/storage/engines tests/test_portable_statements.py  # with Java
                                                       # and the extra spark, which `.ci/run`
                                                       # installs; a million people in the long form
    python -m pytest -q -m slow tests/runs/test_ledger_in_a_store.py  # needs an S3 server,
                                                       # which `.ci/run` installs
    python -m pytest -q -m slow tests/test_readme.py
    python -m pytest -q -m slow tests/storage/test_earlier_versions.py
    python -m pytest -q -m slow tests/test_wheel.py

Property tests take the same examples in every run. TOLLBOOK_RANDOM=1 takes others.

Five more are commands of their own; `.ci/run` calls the first and the last with 100 steps and
200,000 rows:

    python -m tests.model --steps 10000          # random sequences of acts against a model
    python -m tests.torture --rounds 1000 --only kill  # kills, disks, clocks, hosts, servers …
    python -m tests.forecasts.score --seeds 1,2  # forecasts beside plain rules; FOLDER: of a folder
    python -m tests.anomalies.score --seeds 8    # incidents against the truth; FOLDER: of a folder
    python -m tests.bench                        # a whole run beside DuckDB's bare load

Each parser can be fuzzed as long as one likes, guided by what was reached where atheris is there:

    python -m tests.fuzz request_log --seconds 600
"""
