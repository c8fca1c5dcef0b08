"""The words of the keys of [schedule], [metrics], [retention], [engine] and [network]."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config.keys.key_text import KeyText

OPERATIONS_TEXTS: Mapping[str, KeyText] = {
    "schedule.run": KeyText('When `tollbook schedule` runs; "" is never.', '"0 * * * *"'),
    "schedule.daily_report": KeyText("When it writes the current month's report.", '"0 6 * * *"'),
    "schedule.monthly_report": KeyText(
        "When it writes the report of the month just ended.", '"0 7 1 * *"'
    ),
    "schedule.digest": KeyText(
        'When it sends digests that are due and messages that wait, such as "0 8 * * *". It does '
        "so beside its jobs, too; as a job its last outcome is listed.",
        '""',
    ),
    "schedule.close_check": KeyText(
        'When it looks whether the month just ended can be closed, such as "0 8 4 * *"; what is in '
        "the way is told as a problem of the job.",
        '""',
    ),
    "metrics.textfile": KeyText(
        "Written anew after each run and job, also after one that failed. Its name ends in .prom, "
        "in the folder that node_exporter is given with --collector.textfile.directory.",
        '"/var/lib/node_exporter/tollbook.prom"',
    ),
    "retention.snapshots": KeyText(
        "How many published snapshots are always kept, the newest first. What a reader has open "
        "is kept, too, until it is closed.",
        "3",
    ),
    "retention.snapshot_minutes": KeyText(
        "Every snapshot is kept so long, for those who read its files without a database.", "15"
    ),
    "retention.snapshot_hours": KeyText("One snapshot of each hour is kept so long.", "24"),
    "retention.raw_days": KeyText(
        "Fetched answers are removed so many days after they were read; 0: they stay for ever. No "
        "figure needs them, but the storage can no longer be computed anew from them.",
        "0",
    ),
    "retention.version_days": KeyText(
        "Versions of usage buckets and of provider costs that a later fetch replaced are removed "
        "so many days afterwards; 0: they stay for ever. No total needs them; `explain` and usage "
        "as of an earlier instant do, and forgetting the file that replaced them.",
        "0",
    ),
    "retention.compact_files": KeyText(
        "A run merges the small ledger files of a month, and small posting files, when there are "
        "more of them than this; 0: only `tollbook compact` does.",
        "50",
    ),
    "engine.kind": KeyText(
        'Where files of requests are read: "duckdb" is this process, "processes" several of this '
        'machine, "spark" a cluster. All figures are the same. See `tollbook guide scale`.',
        '"duckdb"',
    ),
    "engine.workers": KeyText(
        'How many processes kind = "processes" has; by default one a core.', "8"
    ),
    "engine.master": KeyText(
        'The master of a Spark cluster; kind = "spark" needs this or `connect`.',
        '"spark://spark.example.com:7077"',
    ),
    "engine.connect": KeyText(
        "The address of a Spark Connect server, in place of `master`.",
        '"sc://spark.example.com:15002"',
    ),
    "network.allow_private_addresses": KeyText(
        "Private addresses and ranges (of the machine itself, the local network, a cloud's "
        "metadata) that webhooks, `base_url` and https:// paths may lead to; any other is refused.",
        '["10.20.0.0/16", "127.0.0.1"]',
    ),
    "network.allow_redirects": KeyText(
        "Whether redirects of webhooks and https:// paths are followed, to addresses that are "
        "allowed. Those of the provider's API never are: its key would go along.",
        "false",
    ),
}
