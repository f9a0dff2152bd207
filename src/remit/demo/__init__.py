"""The demo: a real Remit, a real tool server and a real MCP client play a short story."""
