"""Options that commands share: their groups, their values from shells and configurations."""
