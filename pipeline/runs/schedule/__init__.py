"""The service of `tollbook schedule`: jobs at their cron times, one at a time, with retries.

Its memory is one small file beside the database (`job_state`): what is due, and problems that the
outbox does not know of yet. A due time is worked off once, made up once if it was missed, and a
problem is alerted once, through the outbox like every other alert.
"""
