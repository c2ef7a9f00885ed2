"""The aiohttp application: everything that faces people."""
