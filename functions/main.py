"""The deployed API: what is imported here is what exists."""

from studiox import firestore, log

log.setup()
firestore.app()

from studiox.auth.endpoints import getProfile, initializeUser, onUserCreated  # noqa: E402
from studiox.creations.endpoints import getCreation, getUserCreations  # noqa: E402
from studiox.health import health  # noqa: E402
from studiox.studio.endpoints import (  # noqa: E402
    cancelStudioJob,
    createStudioJob,
    dispatchStudioJobs,
    getJobStatus,
    getStudioOptions,
    listStudioJobs,
    poyoWebhook,
    settleStudioJob,
)
from studiox.tokens.endpoints import getTokenTransactions, getUserBalance  # noqa: E402

__all__ = [
    "cancelStudioJob",
    "createStudioJob",
    "dispatchStudioJobs",
    "getCreation",
    "getJobStatus",
    "getProfile",
    "getStudioOptions",
    "getTokenTransactions",
    "getUserBalance",
    "getUserCreations",
    "health",
    "initializeUser",
    "listStudioJobs",
    "onUserCreated",
    "poyoWebhook",
    "settleStudioJob",
]
