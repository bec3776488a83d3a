"""What a service needs: configuration, logs, metrics, health, backups."""
