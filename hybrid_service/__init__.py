"""A service too large for a layer: the client in functions, the supervisor in the task.

The package stands alone: it needs boto3 and nothing else of this project, on Python 3.10 and newer.
"""

from hybrid_service.client import Endpoint, service
from hybrid_service.errors import ServiceError, ServiceFailed, ServiceUnavailable

__all__ = ["Endpoint", "ServiceError", "ServiceFailed", "ServiceUnavailable", "service"]
