"""Who calls, what they may do, and how much: TLS, tokens, tenants, roles, quotas, limits, audit (docs/security.md)."""
