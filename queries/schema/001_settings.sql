-- row: one fact about this storage that later runs must agree with, such as its time zone.
CREATE TABLE settings (
  name  VARCHAR PRIMARY KEY,
  value VARCHAR NOT NULL
)
