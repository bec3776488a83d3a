-- Who may use the page, and what each did. Both are only ever added to: the latest row of a
-- name holds. secret: an argon2 hash, or sha256:… of a token; empty for one that was removed.
CREATE TABLE account (
    id {serial},
    at BIGINT NOT NULL,          -- Unix seconds UTC
    name TEXT NOT NULL,
    role TEXT NOT NULL,          -- viewer, operator, admin; none: removed
    secret TEXT NOT NULL,
    by TEXT NOT NULL
);
CREATE INDEX account_name ON account (name, id);
CREATE TABLE audit (
    id {serial},
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    address TEXT NOT NULL,       -- whence
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL
);
