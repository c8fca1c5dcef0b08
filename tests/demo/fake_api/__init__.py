"""The fake admin API: its answers, its server, the SDK against it, its bill against our charges."""
