"""The service's operations as typed methods. Begin with ``Client`` or ``AsyncClient``."""

from . import errors, models
from .about import VERSION
from .client import AsyncClient, Client
from .failures import ApiError, ClientError, ConnectionFailed, LoginRequired, UnexpectedAnswer
from .retry import Retry
from .tokens import AsyncTokenStore, MemoryTokens, Tokens, TokenStore
from .unset import UNSET, Unset

__version__ = VERSION

__all__ = [
    "UNSET",
    "ApiError",
    "AsyncClient",
    "AsyncTokenStore",
    "Client",
    "ClientError",
    "ConnectionFailed",
    "LoginRequired",
    "MemoryTokens",
    "Retry",
    "TokenStore",
    "Tokens",
    "UnexpectedAnswer",
    "Unset",
    "__version__",
    "errors",
    "models",
]
