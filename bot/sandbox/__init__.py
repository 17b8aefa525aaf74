"""A simulated Slack workspace and a simulated CRM, reached by the bot over the wire only."""
