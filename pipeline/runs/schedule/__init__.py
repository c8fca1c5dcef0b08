"""The schedule: due times, the state of jobs, and the service that runs them.

A due time that was missed is made up once; a failed job is retried and its alert goes through the
outbox like all others.
"""
