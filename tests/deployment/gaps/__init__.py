"""Features of AWS that the emulator lacks, one in each file. `close_all` is called before it starts."""

from gaps import (
    adopted_tables,
    batch_grants,
    gradual_deployment,
    metric_math,
    routes,
    sender_identity,
    transport,
)


def close_all() -> None:
    """Adds all missing features that the template needs."""
    adopted_tables.close()
    batch_grants.close()
    routes.close()
    gradual_deployment.close()
    metric_math.close()
    sender_identity.close()
    transport.close()
