"""The deployed API: what is imported here is what exists."""

from studiox import firestore, log

log.setup()
firestore.app()

from studiox.admin.endpoints import (  # noqa: E402
    addTokens,
    getAuditLog,
    getModerationQueue,
    searchUsers,
    setJobStatus,
    setPlan,
    suspendUser,
)
from studiox.auth.endpoints import (  # noqa: E402
    getProfile,
    initializeUser,
    onUserCreated,
    revokeSessions,
    updateProfile,
)
from studiox.billing.endpoints import (  # noqa: E402
    cancelSubscription,
    confirmCheckout,
    createCheckoutSession,
    createPortalSession,
    getBillingHistory,
    getNextBillingDate,
    getPlans,
    getSubscription,
    getSubscriptionHistory,
    getTokenPacks,
    getWebhookStatus,
    reconcilePayments,
    retryWebhooks,
    stripeWebhook,
    updateSubscription,
)
from studiox.cleanups.endpoints import cleanUp  # noqa: E402
from studiox.closing.endpoints import deleteAccount  # noqa: E402
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
from studiox.exports.endpoints import exportAccount  # noqa: E402
from studiox.generation_requests.endpoints import createGenerationRequest, getUserCredits  # noqa: E402
from studiox.health import health  # noqa: E402
from studiox.ledger_audit.endpoints import auditLedger  # noqa: E402
from studiox.lyrics.endpoints import generateLyrics  # noqa: E402
from studiox.reports.endpoints import getWeeklyReports, runWeeklyReport, weeklyReport  # noqa: E402
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
    getJobStats,
    getJobStatus,
    getStudioOptions,
    listStudioJobs,
    piapiWebhook,
    poyoWebhook,
    settleStudioJob,
)
from studiox.sweeps.endpoints import sweepMedia  # noqa: E402
from studiox.tokens.endpoints import getTokenTransactions, getUserBalance  # noqa: E402
from studiox.upkeep.endpoints import resetMonthlyTokens  # noqa: E402
from studiox.usage.endpoints import checkGenerationAllowance, getUsageAnalytics, useTokens  # noqa: E402

__all__ = [
    "addTokens",
    "auditLedger",
    "cancelStudioJob",
    "cancelSubscription",
    "checkGenerationAllowance",
    "cleanUp",
    "commentPost",
    "confirmCheckout",
    "createCheckoutSession",
    "createGenerationRequest",
    "createPortalSession",
    "createStudioJob",
    "deleteAccount",
    "deleteComment",
    "deleteCreation",
    "deletePost",
    "dispatchStudioJobs",
    "exportAccount",
    "generateLyrics",
    "getAuditLog",
    "getBillingHistory",
    "getComments",
    "getCreation",
    "getFeed",
    "getJobStats",
    "getJobStatus",
    "getModerationQueue",
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
    "getUsageAnalytics",
    "getUserBalance",
    "getUserCreations",
    "getUserCredits",
    "getWebhookStatus",
    "getWeeklyReports",
    "health",
    "incrementPlayCount",
    "initializeUser",
    "likePost",
    "listSessions",
    "listStudioJobs",
    "moderatePost",
    "onUserCreated",
    "piapiWebhook",
    "poyoWebhook",
    "publishPost",
    "reconcilePayments",
    "remixPost",
    "reportPost",
    "resetMonthlyTokens",
    "retryWebhooks",
    "reviewSocialTask",
    "revokeSessions",
    "runWeeklyReport",
    "searchUsers",
    "setJobStatus",
    "setPlan",
    "settleStudioJob",
    "stripeWebhook",
    "submitSocialTask",
    "suspendUser",
    "sweepMedia",
    "toggleFavorite",
    "updateCreation",
    "updateProfile",
    "updateStreak",
    "updateSubscription",
    "useTokens",
    "weeklyReport",
]
