"""The deployed API: what is imported here is what exists."""

from studiox import firestore, log

log.setup()
firestore.app()

from studiox.auth.endpoints import getProfile, initializeUser, onUserCreated  # noqa: E402
from studiox.cleanups.endpoints import cleanUp  # noqa: E402
from studiox.community.endpoints import (  # noqa: E402
    commentPost,
    deleteComment,
    deletePost,
    getComments,
    getFeed,
    getPost,
    likePost,
    moderatePost,
    publishPost,
    remixPost,
    reportPost,
)
from studiox.creations.endpoints import (  # noqa: E402
    deleteCreation,
    getCreation,
    getUserCreations,
    incrementPlayCount,
    toggleFavorite,
    updateCreation,
)
from studiox.health import health  # noqa: E402
from studiox.sessions.endpoints import getSession, listSessions  # noqa: E402
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
    "cleanUp",
    "commentPost",
    "createStudioJob",
    "deleteComment",
    "deleteCreation",
    "deletePost",
    "dispatchStudioJobs",
    "getComments",
    "getCreation",
    "getFeed",
    "getJobStatus",
    "getPost",
    "getProfile",
    "getSession",
    "getStudioOptions",
    "getTokenTransactions",
    "getUserBalance",
    "getUserCreations",
    "health",
    "incrementPlayCount",
    "initializeUser",
    "likePost",
    "listSessions",
    "listStudioJobs",
    "moderatePost",
    "onUserCreated",
    "poyoWebhook",
    "publishPost",
    "remixPost",
    "reportPost",
    "settleStudioJob",
    "toggleFavorite",
    "updateCreation",
]
