"""Our charges against the provider's costs: compared, the gaps split into causes, stored."""
