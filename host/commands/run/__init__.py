"""What the larger subcommands do, apart from their options: the host job's rooms and libraries
take a moment to load, and only the subcommand that runs should wait for them."""
