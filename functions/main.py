"""The deployed API: what is imported here is what exists."""

from studiox import firestore, log

log.setup()
firestore.app()

from studiox.auth.endpoints import getProfile, initializeUser, onUserCreated  # noqa: E402
from studiox.billing.endpoints import (  # noqa: E402
    cancelSubscription,
    createCheckoutSession,
    createPortalSession,
    getBillingHistory,
    getNextBillingDate,
    getPlans,
    getSubscription,
    getSubscriptionHistory,
    getTokenPacks,
    getWebhookStatus,
    retryWebhooks,
    updateSubscription,
)
from studiox.billing.stripe_endpoints import reconcilePayments, stripeWebhook  # noqa: E402
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
from studiox.rewards.endpoints import (  # noqa: E402
    getSocialTasks,
    reviewSocialTask,
    submitSocialTask,
    updateStreak,
)
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
    "cancelSubscription",
    "cleanUp",
    "commentPost",
    "createCheckoutSession",
    "createPortalSession",
    "createStudioJob",
    "deleteComment",
    "deleteCreation",
    "deletePost",
    "dispatchStudioJobs",
    "getBillingHistory",
    "getComments",
    "getCreation",
    "getFeed",
    "getJobStatus",
    "getNextBillingDate",
    "getPlans",
    "getPost",
    "getProfile",
    "getSession",
    "getSocialTasks",
    "getStudioOptions",
    "getSubscription",
    "getSubscriptionHistory",
    "getTokenPacks",
    "getTokenTransactions",
    "getUserBalance",
    "getUserCreations",
    "getWebhookStatus",
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
    "reconcilePayments",
    "remixPost",
    "reportPost",
    "retryWebhooks",
    "reviewSocialTask",
    "settleStudioJob",
    "stripeWebhook",
    "submitSocialTask",
    "toggleFavorite",
    "updateCreation",
    "updateStreak",
    "updateSubscription",
]
