-- row: one destination of one message: a route of the configuration, or one person it writes to.
--      A message without a row goes to the channels of [alerts].
CREATE TABLE IF NOT EXISTS message_routes (
  message_id VARCHAR NOT NULL,
  route      VARCHAR NOT NULL,   -- '' stands for the channels of [alerts]
  address    VARCHAR NOT NULL,   -- a person's mail address; '' where none is meant
  is_digest  BOOLEAN NOT NULL,   -- the message is a digest for this destination
  digest_id  VARCHAR             -- the digest that carries the message there; NULL: none
)
