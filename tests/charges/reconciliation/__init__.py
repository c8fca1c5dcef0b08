"""Our charges against the provider's costs."""
