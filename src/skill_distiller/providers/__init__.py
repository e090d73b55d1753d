"""The one door to language models: a small contract, the SDKs behind it, and a session that minds limits."""
