"""What the host job needs to run as a service: configuration, logs, metrics, health, backups."""
