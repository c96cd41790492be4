"""When work may go to a peer: gates, their pace, health checks and outages."""
