"""The bodies of the commands that are not `compress`."""
