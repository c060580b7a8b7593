"""The deployed API: what is imported here is what exists."""

from studiox.kit import firestore, log

log.setup()
firestore.app()

from studiox.account_data.endpoints import (
    cleanUp,
    deleteAccount,
    exportAccount,
    sweepMedia,
    workShard,
)
from studiox.admin.catalogue_endpoints import getCatalogue, saveCatalogueEntry
from studiox.admin.endpoints import (
    addTokens,
    getAuditLog,
    getModerationQueue,
    getModerationReport,
    getWeeklyReports,
    runWeeklyReport,
    searchUsers,
    setJobStatus,
    setPlan,
    suspendUser,
    weeklyReport,
)
from studiox.admin.overview_endpoints import getOverview
from studiox.admin.support_endpoints import getRateLimits, getUserLedger
from studiox.auth.endpoints import getProfile, initializeUser, onUserCreated, revokeSessions, updateProfile
from studiox.billing.endpoints import (
    cancelSubscription,
    confirmCheckout,
    createCheckoutSession,
    createPortalSession,
    getBillingHistory,
    getNextBillingDate,
    getSubscription,
    getSubscriptionHistory,
    getWebhookStatus,
    previewSubscription,
    reconcilePayments,
    retryWebhooks,
    stripeWebhook,
    updateSubscription,
)
from studiox.billing.offer_endpoints import getPlans, getTokenPacks
from studiox.billing.referral_endpoints import getReferral, redeemReferral
from studiox.billing.top_up_endpoints import payTopUp, setAutoTopUp
from studiox.community.endpoints import (
    blockUser,
    commentPost,
    deleteComment,
    deletePost,
    getBlockedUsers,
    getComments,
    getFeed,
    getPost,
    likePost,
    publishPost,
    remixPost,
)
from studiox.community.moderation_endpoints import appealModeration, moderatePost, reportComment, reportPost
from studiox.community.share_endpoints import sharePage
from studiox.creations.collection_endpoints import (
    changeCollection,
    deleteCollection,
    listCollections,
    saveCollection,
)
from studiox.creations.endpoints import (
    deleteCreation,
    deleteCreations,
    getCreation,
    getUserCreations,
    incrementPlayCount,
    makeRenditions,
    toggleFavorite,
    updateCreation,
)
from studiox.health import health
from studiox.studio.endpoints import (
    cancelStudioJob,
    createStudioJob,
    dispatchStudioJobs,
    getJobStats,
    getJobStatus,
    listStudioJobs,
    quoteStudioJob,
    settleStudioJob,
)
from studiox.studio.http_endpoints import createGenerationRequest, getUserCredits
from studiox.studio.lyrics_endpoints import generateLyrics
from studiox.studio.options_endpoints import getStudioOptions, measureModels
from studiox.studio.session_endpoints import getSession, listSessions
from studiox.studio.webhook_endpoints import WEBHOOKS as WEBHOOKS
from studiox.tokens.endpoints import (
    auditLedger,
    checkGenerationAllowance,
    getSocialTasks,
    getTokenTransactions,
    getUsageAnalytics,
    getUserBalance,
    resetMonthlyTokens,
    reviewSocialTask,
    submitSocialTask,
    updateStreak,
    useTokens,
)

__all__ = [
    "addTokens",
    "appealModeration",
    "auditLedger",
    "blockUser",
    "cancelStudioJob",
    "cancelSubscription",
    "changeCollection",
    "checkGenerationAllowance",
    "cleanUp",
    "commentPost",
    "confirmCheckout",
    "createCheckoutSession",
    "createGenerationRequest",
    "createPortalSession",
    "createStudioJob",
    "deleteAccount",
    "deleteCollection",
    "deleteComment",
    "deleteCreation",
    "deleteCreations",
    "deletePost",
    "dispatchStudioJobs",
    "exportAccount",
    "generateLyrics",
    "getAuditLog",
    "getBillingHistory",
    "getBlockedUsers",
    "getCatalogue",
    "getComments",
    "getCreation",
    "getFeed",
    "getJobStats",
    "getJobStatus",
    "getModerationQueue",
    "getModerationReport",
    "getNextBillingDate",
    "getOverview",
    "getPlans",
    "getPost",
    "getProfile",
    "getRateLimits",
    "getReferral",
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
    "getUserLedger",
    "getWebhookStatus",
    "getWeeklyReports",
    "health",
    "incrementPlayCount",
    "initializeUser",
    "likePost",
    "listCollections",
    "listSessions",
    "listStudioJobs",
    "makeRenditions",
    "measureModels",
    "moderatePost",
    "onUserCreated",
    "payTopUp",
    "previewSubscription",
    "publishPost",
    "quoteStudioJob",
    "reconcilePayments",
    "redeemReferral",
    "remixPost",
    "reportComment",
    "reportPost",
    "resetMonthlyTokens",
    "retryWebhooks",
    "reviewSocialTask",
    "revokeSessions",
    "runWeeklyReport",
    "saveCatalogueEntry",
    "saveCollection",
    "searchUsers",
    "setAutoTopUp",
    "setJobStatus",
    "setPlan",
    "settleStudioJob",
    "sharePage",
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
    "workShard",
]

# A provider's spec names its webhook; the deployment and the server find functions by their names here.
globals().update(WEBHOOKS)
