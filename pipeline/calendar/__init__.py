"""The calendar: which days each source has covered to their end.

Owns the definition of a complete day, which every comparison uses. Invariants: a day is complete
where every source that decides and has begun has covered it to its end; a source decides if it
charges usage (or, where none does, if it brings costs) and is not set aside; a day without traffic
is complete once something later of the source is there. Depends on stored rows and on today's date
alone.
"""
