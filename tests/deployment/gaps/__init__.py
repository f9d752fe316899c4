"""What the local AWS does not do by itself, each in one file. `close_all` is called before it starts."""

from gaps import adopted_tables, batch_grants, gradual_deployment, metric_math, routes, sender_identity, transport


def close_all() -> None:
    """Teaches the local AWS what the template needs besides."""
    adopted_tables.close()
    batch_grants.close()
    routes.close()
    gradual_deployment.close()
    metric_math.close()
    sender_identity.close()
    transport.close()
