"""What each key of tollbook.toml means, in words. A key without words fails a test."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.config.keys.alerts_texts import ALERT_TEXTS
from pipeline.config.keys.key_text import KeyText
from pipeline.config.keys.operations_texts import OPERATIONS_TEXTS

TEXTS: Mapping[str, KeyText] = {
    "organization.id": KeyText(
        "The organization's id at the provider. A record is known by it and its own id, so it "
        "must not change later.",
        '"default"',
        is_on=True,
    ),
    "organization.name": KeyText("The name that reports and alerts show.", '""', is_on=True),
    "organization.timezone": KeyText(
        "IANA time zone of the days and months in reports and budgets. The storage is kept in it: "
        "with another one, start another `storage.root`.",
        '"UTC"',
        is_on=True,
    ),
    "organization.fiscal_year_start": KeyText(
        "Month with which the fiscal year begins, 1 to 12: budgets by quarter and year go by it.",
        "1",
    ),
    "organization.also": KeyText(
        "Ids of further organizations whose rows count too. With an id, rows of any other one are "
        "quarantined; without (default), rows of all are taken.",
        '["org-subsidiary"]',
    ),
    "storage.root": KeyText(
        "Folder for everything that tollbook keeps: ledger, raw files, published files, reports.",
        '"tollbook-data"',
        is_on=True,
    ),
    "storage.ledger": KeyText(
        "Address of an object store for the ledger's files, such as s3://, with the extra for it "
        "(`pip install 'tollbook[s3]'`); all else stays under root. Without it, they do, too.",
        '"s3://bucket/ledger"',
    ),
    "sources.name": KeyText("A name of your own, shown as `source`.", '"gateway"', is_on=True),
    "sources.kind": KeyText(
        "request_log (response bodies, one JSON object a line), records (CSV or Parquet), "
        "openai_usage or openai_costs (saved pages of the provider's usage and costs endpoints), "
        "openai (fetches these pages; needs no path, and has the keys from base_url on).",
        '"request_log"',
        is_on=True,
    ),
    "sources.provider": KeyText(
        "Of request_log and records: whose models these are, where a row does not say. The same "
        "model at two providers has two prices.",
        '"openai"',
    ),
    "sources.path": KeyText(
        "Files, folders or globs; .gz and .zst are read as they are. Also s3://, gs:// and "
        "https://, with the extra for it (`pip install 'tollbook[s3]'`).",
        '["logs/*.jsonl*"]',
        is_on=True,
    ),
    "sources.basis": KeyText(
        '"charge": its usage is charged. "detail": it is only kept, and compared with what is '
        "charged. The same traffic must be charged once.",
        '"charge"',
    ),
    "sources.enabled": KeyText(
        "false: the source is set aside, nothing of it is fetched or read. What was read of it "
        "before goes on counting.",
        "true",
    ),
    "sources.replace": KeyText(
        "records: true: a rewritten file is the whole truth of that file, rows that vanished from "
        "it count no longer. false: they go on counting.",
        "false",
    ),
    "sources.scopes": KeyText(
        "What it is charged for, if another source charges the rest: models, fine_tuning, "
        "storage, tools. Empty: all of it.",
        '["models", "fine_tuning"]',
    ),
    "sources.base_url": KeyText(
        "openai: address of the API, for a proxy or a regional host. Without it OPENAI_BASE_URL "
        "of the environment, else https://api.openai.com/v1.",
        '"https://api.openai.com/v1"',
    ),
    "sources.key": KeyText(
        "openai: which variable of the environment holds an admin key of the organization.",
        '"env:OPENAI_ADMIN_KEY"',
    ),
    "sources.since": KeyText(
        "openai: the first UTC day to fetch. Without it the first of the month before the first "
        "run. Earlier days: `tollbook ingest --since`.",
        '"2026-01-01"',
    ),
    "sources.trailing_days": KeyText(
        "openai: how many days before the current one each run fetches again, since the provider "
        "corrects them; at the turn of a month the whole month.",
        "3",
    ),
    "sources.bucket_width": KeyText(
        'openai: "1h", for days in your time zone, or "1d", which is less to fetch.', '"1h"'
    ),
    "sources.minute_buckets": KeyText(
        "openai: fetch minutes of completions as well, to see how close rate limits are. Never "
        "charged.",
        "false",
    ),
    "sources.requests_in_flight": KeyText(
        "openai: how many requests may be under way at once, 1 to 16.", "4"
    ),
    "prices.files": KeyText(
        "Price files on top of the built-in list prices; the later file wins. `tollbook guide "
        "prices` shows their columns, `tollbook prices check` checks them.",
        '["our-prices.csv"]',
    ),
    "discounts.percent": KeyText(
        "Percent off the list price; a negative one is a surcharge. Of several that apply to a "
        "line one holds, they are never added up: the one with project and model, else project, "
        "else model, else neither; among equals the larger.",
        '"7.5"',
    ),
    "discounts.provider": KeyText("Only for this provider's prices.", '"openai"'),
    "discounts.project": KeyText("Only for this project's id.", '"proj_chatbot"'),
    "discounts.model": KeyText("Only for this model's id, as recorded.", '"gpt-5-mini-2025-08-07"'),
    "discounts.valid_from": KeyText("First UTC day.", '"2026-07-01"'),
    "discounts.valid_to": KeyText("UTC day on which it no longer holds.", '"2027-07-01"'),
    "budgets.id": KeyText("A name of your own; it tells alerts apart.", '"chatbot-monthly"'),
    "budgets.owner": KeyText("Who answers for it.", '"sam@example.com"'),
    "budgets.provider": KeyText("Only this provider's spend.", '"openai"'),
    "budgets.project": KeyText("Only this project's spend.", '"proj_chatbot"'),
    "budgets.team": KeyText(
        "Only projects of this team, as [directory] cost_centers maps them.", '"search"'
    ),
    "budgets.cost_center": KeyText("Only projects of this cost centre.", '"CC-4711"'),
    "budgets.model": KeyText("Only this model's spend.", '"gpt-5-mini-2025-08-07"'),
    "budgets.scope": KeyText("Only this scope's: models, fine_tuning, storage, tools.", '"models"'),
    "budgets.model_family": KeyText(
        "Only models of this name, with or without a date behind it; a * at the end stands for any "
        "ending. Not together with model.",
        '"gpt-5-mini"',
    ),
    "budgets.api_key": KeyText(
        "Only what this API key used. What the provider billed beyond usage names no key.",
        '"key_abc"',
    ),
    "budgets.user": KeyText("Only what this user used.", '"user_abc"'),
    "budgets.service_account": KeyText(
        "Only what the keys of this service account used.", '"svc_abc"'
    ),
    "budgets.calendar": KeyText(
        "Its periods: daily, weekly (from Monday), monthly, quarterly, yearly, or one range of "
        'days, such as "2026-03-01 to 2026-05-15". Quarters and years begin with the fiscal year.',
        '"monthly"',
    ),
    "budgets.amount_usd": KeyText(
        "US dollars for each period. Needed, unless amount or amounts is there.", '"2000.00"'
    ),
    "budgets.amount": KeyText("In place of amount_usd: the amount in currency.", '"1800.00"'),
    "budgets.currency": KeyText(
        "Currency of amount; [currency] rates says what it is worth on a period's first day.",
        '"USD"',
    ),
    "budgets.amounts": KeyText(
        "Other amounts from a day on. Of the period in which the day lies it is the amount from "
        "that day; periods that ended keep theirs.",
        '[{ valid_from = "2027-01-01", amount_usd = "2500.00" }]',
    ),
    "budgets.rollover": KeyText(
        "What goes over to the next period: none, unused, overspend, both. Needs valid_from.",
        '"none"',
    ),
    "budgets.rollover_cap": KeyText(
        "At most so much that is unused goes over, in the budget's currency.", '"500.00"'
    ),
    "budgets.thresholds": KeyText(
        "Percentages at which an alert is raised, once in a period each.", "[50, 80, 100]"
    ),
    "budgets.thresholds_usd": KeyText(
        "Amounts in US dollars at which an alert is raised, too.", '["1500.00"]'
    ),
    "budgets.forecast_thresholds": KeyText(
        "Percentages at which an alert is raised on what the period is expected to cost.",
        "[100]",
    ),
    "budgets.hard": KeyText("Whether it is a limit and not only a plan.", "false"),
    "budgets.action": KeyText(
        "What is set at the provider while it is over, as [actions] allows: spend_limit (the "
        "project's hard limit) or rate_limits (1 request a minute for each model). Needs hard = "
        "true and project.",
        '"spend_limit"',
    ),
    "budgets.valid_from": KeyText(
        "First day; the period in which it lies counts as a whole.", '"2026-07-01"'
    ),
    "budgets.valid_to": KeyText("Day on which it no longer holds.", '"2027-07-01"'),
    "amendments.budget": KeyText("Id of the budget.", '"chatbot-monthly"'),
    "amendments.valid_from": KeyText("First day of the new amount.", '"2027-01-01"'),
    "amendments.amount_usd": KeyText(
        "US dollars for each period. Needed, unless amount is there.", '"2500.00"'
    ),
    "amendments.amount": KeyText("The amount where the budget has a currency.", '"2200.00"'),
    "amendments.reason": KeyText("Why.", '"more users"'),
    "amendments.by": KeyText("Who decided it.", '"sam@example.com"'),
    "actions.mode": KeyText(
        '"off"; "dry-run": what would be done is recorded and said, and nothing is set; "on".',
        '"off"',
    ),
    "actions.approval": KeyText(
        "Whether each action waits for `tollbook actions approve ID`.", "true"
    ),
    "actions.source": KeyText(
        "The source whose key sets the limits, where several are fetched. The key needs the scope "
        "api.management.write.",
        '"openai"',
    ),
    "currency.rates": KeyText(
        "A CSV with the columns currency, valid_from, usd_per_unit: a rate holds from its day "
        "until the next one of its currency.",
        '"rates.csv"',
    ),
    "directory.sync": KeyText(
        "Fetch projects, people, keys and limits at every run, too, from sources with an API. "
        "false: the files below are the whole directory.",
        "true",
    ),
    "directory.projects": KeyText(
        "A CSV with the columns project_id, project_name, and optionally state (active, "
        "archived), created_at, archived_at, and what the API does not have: description, "
        "website, owner_team. This file and the next six may have valid_from and valid_to (UTC; "
        "valid_to no longer counts): then they are the whole history. Without these a row is what "
        "is so now, and a change is dated by the run that sees it.",
        '"projects.csv"',
    ),
    "directory.members": KeyText(
        "People: user_id, role, and optionally name, email, project_id. With a project the role "
        "is owner or member of it; without one owner or reader of the organization.",
        '"members.csv"',
    ),
    "directory.service_accounts": KeyText(
        "service_account_id, project_id, and optionally name, role, created_at.",
        '"service-accounts.csv"',
    ),
    "directory.keys": KeyText(
        "API keys, never their values: api_key_id, project_id, and optionally name, "
        "service_account_id or user_id, state (active, inactive), created_at, expires_at.",
        '"keys.csv"',
    ),
    "directory.rate_limits": KeyText(
        "project_id, model, and optionally max_requests_per_1_minute, max_tokens_per_1_minute, "
        "max_images_per_1_minute, max_audio_megabytes_per_1_minute, max_requests_per_1_day, "
        "batch_1_day_max_input_tokens, provider (empty: openai).",
        '"rate-limits.csv"',
    ),
    "directory.model_permissions": KeyText(
        "project_id, mode (allow_list, deny_list), model_ids (with blanks between them).",
        '"model-permissions.csv"',
    ),
    "directory.spend_limits": KeyText(
        "Hard limits at the provider: project_id (empty: the organization's), amount_usd a month.",
        '"spend-limits.csv"',
    ),
    "directory.cost_centers": KeyText(
        "Which cost centre pays for a project on which of your days: project_id, cost_center, "
        "team, and optionally valid_from, valid_to (which no longer counts). A change "
        "is a row of its own, so that a reorganization does not rewrite history.",
        '"cost-centers.csv"',
    ),
    "projects.id": KeyText("Its id.", '"proj_chatbot"'),
    "projects.name": KeyText("Its name, where the API does not give it.", '"Chatbot"'),
    "projects.description": KeyText("What it is for.", '"Answers customers"'),
    "projects.website": KeyText("A page about the project.", '"https://wiki.example.com/chatbot"'),
    "projects.owner_team": KeyText("The team that answers for it.", '"Customer care"'),
    **ALERT_TEXTS,
    "quality.max_quarantined_percent": KeyText(
        "A run that holds back more of its rows ends with 3, though what is good is committed.",
        "5",
    ),
    "bill.true_up": KeyText(
        "What of the difference between charges and the provider's costs is charged once a day's "
        'costs are settled: "all", "unpriced" (only usage that has no price here) or "none" '
        "(costs are compared only, as for a reseller's bill).",
        '"all"',
    ),
    "bill.lag_days": KeyText(
        "Days after the end of a UTC day until its costs are taken as settled, if they were "
        "fetched after that and did not move since.",
        "2",
    ),
    "headroom.near_percent": KeyText(
        "A minute that uses so much of a rate limit is near it: alerted once a month for each "
        "project and model, and once more at 100.",
        "80",
    ),
    "policy.alerts": KeyText(
        "Alert, once a month for each finding; false: findings are only listed.", "true"
    ),
    "anomalies.alerts": KeyText(
        "Alert, once for each incident; false: incidents are only listed.", "true"
    ),
    **OPERATIONS_TEXTS,
}
