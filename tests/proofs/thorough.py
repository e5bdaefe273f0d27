"""A pytest plugin: the property tests with many more examples (`-p thorough --hypothesis-profile thorough`)."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=int(os.environ.get("LECS_EXAMPLES", "1500")),
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
