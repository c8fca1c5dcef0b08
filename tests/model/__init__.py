"""The books against a model: random sequences of ordinary acts, compared after every step.

The model (`content`, `requests`, `buckets`, `money`, `watch`, `books`) is written from the design
alone, in plain dictionaries and decimals, and imports nothing of the product. `product` drives the
product in this process; `world` holds what both sides see; `changes` and `verbs` are the acts, and
`compare` says where the two sides differ. The long form: `python -m tests.model --steps 10000`.
"""
