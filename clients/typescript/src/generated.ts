// Generated from the structs of the deployed functions by `make client`: do not edit.

/** A time: ISO 8601, UTC, ending in `Z`. */
export type Timestamp = string;

export interface AccountDeleted {
  deleted: boolean;
}

export interface AccountExported {
  url: string;
  expiresAt: Timestamp;
}

export interface ActiveWeek {
  weekStart: string;
  activeUsers: number;
}

export interface AddTokens {
  /** An id: 1–128 characters, no `/`. */
  uid: string;
  /** -1,000,000,000 to 1,000,000,000. */
  amount: number;
  /** 1–500 characters. */
  reason: string;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
}

/** A plan's monthly limits; null is unlimited. */
export interface Allowances {
  songsPerMonth: number | null;
}

export interface AppealModeration {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  /** 1–2,000 characters. */
  text: string;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  commentId?: string | null;
}

export interface Appealed {
  status: "open" | "overturned" | "upheld";
}

export interface AuditEntry {
  actor: string;
  action: string;
  target: string;
  at: Timestamp;
  details: Record<string, unknown>;
}

export interface AuditLog {
  entries: AuditEntry[];
  nextCursor: string | null;
}

/** `card` is absent until a checkout of a pack has saved one. The others are null if it was never turned on. */
export interface AutoTopUpSettings {
  enabled: boolean;
  packId: string | null;
  below: number | null;
  monthlyCeiling: number | null;
  card?: Card;
}

export interface Balance {
  balance: number;
  buckets: Buckets;
  plan: "enterprise" | "free" | "pro";
  isPremium: boolean;
  creditResetAt: Timestamp;
}

export interface BillingHistory {
  payments: Payment[];
  nextCursor: string | null;
}

export interface BlockUser {
  /** An id: 1–128 characters, no `/`. */
  uid: string;
  blocked: boolean;
}

export interface BlockedUser {
  uid: string;
  displayName: string;
  photoUrl: string | null;
}

export interface BlockedUsers {
  users: BlockedUser[];
}

/** Tokens by where they came from. In an entry: signed changes. */
export interface Buckets {
  monthly: number;
  bonus: number;
  purchased: number;
}

export interface CancelSubscription {
  /** Default true. */
  atPeriodEnd?: boolean | null;
}

export interface Card {
  brand: string;
  last4: string;
}

export interface Catalogue {
  entries: CatalogueEntry[];
}

/** `problem`: why the entry is not offered although it is enabled; empty if it is valid. */
export interface CatalogueEntry {
  /** As `models/nano-banana`. */
  key: string;
  label: string;
  enabled: boolean;
  /** The fields that a document overrides. */
  overridden: string[];
  problem: string;
  /** Of a feature or a size. */
  tokens?: number;
  /** Of a model, as the rest. */
  type?: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  provider?: string;
  plan?: "enterprise" | "free" | "pro";
  price?: Price;
  /** At most 200. */
  rates?: Rate[];
}

export interface ChangeCollection {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  collectionId: string;
  /** At most 50 items, each matches `^(?!__.*__$)[A-Za-z0-9_-]{1,128}$(?!\n)`. */
  add?: string[] | null;
  /** At most 50 items, each matches `^(?!__.*__$)[A-Za-z0-9_-]{1,128}$(?!\n)`. */
  remove?: string[] | null;
}

export interface CheckGenerationAllowance {
  /** Default false. */
  consume?: boolean | null;
}

export interface Checkout {
  sessionId: string;
  url: string;
}

export interface CollectionChanged {
  count: number;
}

export interface CollectionDeleted {
  deleted: boolean;
}

export interface CollectionItem {
  collectionId: string;
  name: string;
  count: number;
  updatedAt: Timestamp;
  coverPath?: string;
}

export interface CollectionSaved {
  collectionId: string;
}

export interface Collections {
  collections: CollectionItem[];
  nextCursor: string | null;
}

export interface Comment {
  commentId: string;
  uid: string | null;
  authorName: string;
  text: string;
  createdAt: Timestamp;
}

export interface CommentPost {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  /** 1–2,000 characters. */
  text: string;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
}

export interface CommentRef {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  commentId: string;
}

export interface Commented {
  commentId: string;
}

export interface Comments {
  comments: Comment[];
  nextCursor: string | null;
}

export interface ConfirmCheckout {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  sessionId: string;
}

/**
 * The state of the checkout.
 *
 * `open`: not paid yet. `processing`: the payment is delayed, or in review. `paid`: the caller has the pack's
 * `tokens`, or the `plan`. `expired`: nothing was bought, and the session can no longer be paid.
 */
export interface ConfirmedCheckout {
  status: "expired" | "open" | "paid" | "processing";
  tokens?: number;
  plan?: "enterprise" | "free" | "pro";
}

/** Exactly one of `packId`, `planId` and `priceId`. The price comes from the catalogue. */
export interface CreateCheckoutSession {
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  packId?: string | null;
  planId?: "enterprise" | "free" | "pro" | null;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  priceId?: string | null;
}

export interface CreateStudioJob {
  type: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  /** 1–100 characters. */
  model: string;
  /** 1–10,000 characters. */
  prompt: string;
  /** 1–2,000 characters. */
  negativePrompt?: string | null;
  /** 1–100 characters. */
  style?: string | null;
  /** 1–100 characters. */
  color?: string | null;
  /** 1–100 characters. */
  size?: string | null;
  /** 1–100 characters. */
  aspectRatio?: string | null;
  /** 1–3,600. */
  durationSeconds?: number | null;
  /** At most 10 items, each 1–512 characters. */
  inputPaths?: string[] | null;
  /** At most 20 entries. */
  options?: Record<string, boolean | number | string> | null;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  sessionId?: string | null;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
  /** 0–1,000,000. */
  maxPrice?: number | null;
}

export interface Creation {
  creationId: string;
  jobId: string;
  title: string;
  type: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  model: string;
  prompt: string;
  params: Record<string, unknown>;
  media: MediaItem[];
  isFavorite: boolean;
  playCount: number;
  createdAt: Timestamp;
  rating: "general" | "mature";
  text?: string;
  postId?: string;
  sources?: string[];
}

export interface CreationDeleted {
  deleted: boolean;
}

export interface Creations {
  creations: Creation[];
  nextCursor: string | null;
}

export interface CreationsDeleted {
  deleted: string[];
  missing: string[];
}

/** A ledger entry. `credits` is negative for a debit. The sum of all entries of an account is its balance. */
export interface CreditTransaction {
  id: string;
  type: "admin_adjustment" | "clawback" | "deduction" | "plan_expiry" | "plan_grant" | "purchase" | "refund" | "restore" | "reward" | "welcome_bonus";
  credits: number;
  timestamp: Timestamp;
  generationRequestId?: string;
}

/** `by`: `reports` if enough reports hid it, `admin` if an administrator decided. */
export interface DecisionMade {
  action: "hidden" | "removed";
  by: "admin" | "reports";
  reason: "copyright" | "hate" | "other" | "sexual" | "spam" | "violence";
  at: Timestamp;
}

export interface DeleteAccount {
  /** 1–320 characters. */
  confirm: string;
}

export interface DeleteCollection {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  collectionId: string;
}

export interface DeleteCreations {
  /** 1–50 items, each matches `^(?!__.*__$)[A-Za-z0-9_-]{1,128}$(?!\n)`. */
  creationIds: string[];
}

export interface Deleted {
  deleted: boolean;
}

export interface EventCounts {
  handled: number;
  failed: number;
  parked: number;
}

export interface FailedEvent {
  eventId: string;
  type: string;
  attempts: number;
  error: string;
  receivedAt: Timestamp;
}

export interface Favorite {
  isFavorite: boolean;
}

export interface Feed {
  posts: Post[];
  nextCursor: string | null;
}

/** The rule that a field breaks, with its bounds or the hosts that it allows. */
export interface FieldRule {
  allowed?: string[];
  least?: number;
  most?: number;
  rule: "characters" | "choice" | "excluded" | "format" | "mismatch" | "missing" | "notAPicture" | "notOffered" | "notYours" | "other" | "outOfRange" | "own" | "tooFew" | "tooLarge" | "tooLate" | "tooLong" | "tooMany" | "tooManyLinks" | "tooShort" | "tooSmall" | "type" | "unknown" | "wrongHost";
}

export interface FoundUser {
  uid: string;
  email: string | null;
  displayName: string | null;
  plan: "enterprise" | "free" | "pro";
  isPremium: boolean;
  balance: number;
  suspended: boolean;
  createdAt: Timestamp;
}

export interface FoundUsers {
  users: FoundUser[];
  nextCursor: string | null;
}

/** At most `calls` of one user in `per` seconds. */
export interface FunctionLimit {
  function: string;
  calls: number;
  per: number;
  /** What the code declares; another limit is from the settings. */
  declaredCalls: number;
  declaredPer: number;
  /**
   * The calls that the user's open window has counted; reads are counted a tenth of the window at a time. Absent
   * without `uid`, and for a function that the user has not called in its window.
   */
  used?: number;
  resetsAt?: Timestamp;
}

export interface GenerateLyrics {
  /** 1–1,000 characters. */
  theme: string;
  /** 1–100 characters. */
  mood: string;
  /** 1–100 characters. */
  presetType: string;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
  /** 1–50 characters. */
  language?: string | null;
}

export interface GenerationAllowance {
  allowed: boolean;
  remaining: number | null;
  limit: number | null;
  resetsAt: Timestamp;
  reason?: "AllowanceExceeded";
}

export interface GetAuditLog {
  /** 1–512 characters. */
  actor?: string | null;
  /** 1–512 characters. */
  action?: string | null;
  /** 1–512 characters. */
  target?: string | null;
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

export interface GetComments {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

export interface GetCreation {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  creationId: string;
}

export interface GetFeed {
  /** Default new. */
  sort?: "new" | "top" | null;
  /** 1–100 characters. */
  tag?: string | null;
  /** 1–128 characters. */
  uid?: string | null;
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

export interface GetModerationQueue {
  /** Default posts. */
  kind?: "appeals" | "claims" | "comments" | "posts" | null;
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

export interface GetModerationReport {
  /** 2,000–9,999. */
  year: number;
}

export interface GetOverview {
  /** YYYY-MM-DD. */
  from?: string | null;
  /** YYYY-MM-DD. */
  to?: string | null;
}

export interface GetRateLimits {
  /** An id: 1–128 characters, no `/`. */
  uid?: string | null;
}

export interface GetSession {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  sessionId: string;
}

export interface GetTokenTransactions {
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
  type?: "admin_adjustment" | "clawback" | "deduction" | "plan_expiry" | "plan_grant" | "purchase" | "refund" | "restore" | "reward" | "welcome_bonus" | null;
}

export interface GetUsageAnalytics {
  /** YYYY-MM-DD. */
  from?: string | null;
  /** YYYY-MM-DD. */
  to?: string | null;
}

export interface GetUserCreations {
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
  type?: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video" | null;
  favorite?: boolean | null;
  /** 1–200 characters. */
  query?: string | null;
  /** 1–100 characters. */
  model?: string | null;
  /** Matches `^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z)?$`. */
  from?: string | null;
  /** Matches `^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z)?$`. */
  to?: string | null;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  collectionId?: string | null;
}

export interface GetUserLedger {
  /** An id: 1–128 characters, no `/`. */
  uid: string;
  type?: "admin_adjustment" | "clawback" | "deduction" | "plan_expiry" | "plan_grant" | "purchase" | "refund" | "restore" | "reward" | "welcome_bonus" | null;
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

export interface GetWeeklyReports {
  /** 1–100; default 12. */
  limit?: number | null;
}

export interface GivenReport {
  reason: "copyright" | "hate" | "other" | "sexual" | "spam" | "violence";
  text: string | null;
  createdAt: Timestamp;
}

export interface IncrementPlayCount {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  creationId?: string | null;
}

/** One input of a model, with everything a client needs to render its form field. */
export interface Input {
  kind: "choice" | "files" | "flag" | "integer" | "text";
  required?: boolean;
  /** Choice: the allowed values. */
  values?: (string | number)[];
  min?: number | null;
  /** Integer: the largest value, and `min` the smallest; text: the most code points; files: the most files. */
  max?: number | null;
  default?: string | number | boolean | null;
  /** Choice: the values are this collection's ids. */
  catalogue?: "" | "colors" | "sizes" | "styles";
}

export interface Job {
  jobId: string;
  status: "cancelled" | "completed" | "failed" | "pending" | "processing";
  progress: number;
  type: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  model: string;
  price: number;
  refunded: number;
  sessionId: string;
  media: MediaItem[];
  createdAt: Timestamp;
  creationId?: string;
  text?: string;
  error?: JobError;
  startedAt?: Timestamp;
  completedAt?: Timestamp;
  sources?: string[];
  wait?: JobWait;
}

export interface JobCancelled {
  jobId: string;
  status: "cancelled" | "completed" | "failed" | "pending" | "processing";
  refunded: number;
}

export interface JobCreated {
  jobId: string;
  status: "cancelled" | "completed" | "failed" | "pending" | "processing";
  price: number;
  balance: number;
  sessionId: string;
}

export interface JobEnded {
  jobId: string;
  status: "cancelled" | "completed" | "failed" | "pending" | "processing";
  refunded: number;
}

export interface JobError {
  reason: "ContentRejected" | "GenerationFailed" | "InputMissing" | "InvalidInput" | "MediaFailed" | "ProviderUnavailable" | "TimedOut";
  message: string;
}

export interface JobFigures {
  total: number;
  byType: Record<string, number>;
  byModel: Record<string, number>;
  byStatus: Record<string, number>;
}

export interface JobRef {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  jobId: string;
}

export interface JobStats {
  total: number;
  byStatus: Record<string, number>;
  byType: Record<string, number>;
  tokensSpent: number;
  tokensRefunded: number;
}

/**
 * Why a job makes no progress, and how many attempts have failed.
 *
 * `provider_busy`: the provider does not take it now, so it is sent again. `answer_lost`: the provider may be working
 * on it, and it is refunded if no result comes in time. `saving_failed`: the result is saved again soon.
 */
export interface JobWait {
  reason: "answer_lost" | "provider_busy" | "saving_failed";
  attempts: number;
}

export interface Jobs {
  jobs: Job[];
  nextCursor: string | null;
}

export interface LikePost {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  liked?: boolean | null;
}

export interface Liked {
  liked: boolean;
  likeCount: number;
}

export interface ListCollections {
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

export interface ListSessions {
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

export interface ListStudioJobs {
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
  status?: "cancelled" | "completed" | "failed" | "pending" | "processing" | null;
  type?: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video" | null;
}

export interface Lyrics {
  lyrics: string;
  title: string;
  price: number;
  balance: number;
}

/**
 * One file. `path` is for the Storage SDK; `url`, valid for an hour, is only given for a single job or creation.
 */
export interface MediaItem {
  path: string;
  contentType: string;
  bytes: number;
  url?: string;
  title?: string;
  durationSeconds?: number;
  tags?: string[];
  imagePath?: string;
  width?: number;
  height?: number;
  thumbnail?: ThumbnailItem;
  waveform?: number[];
}

export interface ModelFigures {
  completed: number;
  failed: number;
  cancelled: number;
  model: string;
  /** More than those three together if some ended before they were counted by model. */
  jobs: number;
  consumed: number;
  refunded: number;
}

export interface ModelOption {
  id: string;
  type: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  provider: string;
  label: string;
  inputs: Record<string, Input>;
  price: Price;
  rules: Rule[];
  plan: "enterprise" | "free" | "pro";
  /** Absent while too few of its jobs have been timed. */
  typicalSeconds?: TypicalSeconds;
  /** A picture of what it makes: an address, or the path of a public file in the bucket. */
  sample?: string;
}

export interface ModeratePost {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  action: "hide" | "rate" | "remove" | "restore";
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  commentId?: string | null;
  reason?: "copyright" | "hate" | "other" | "sexual" | "spam" | "violence" | null;
  rating?: "general" | "mature" | null;
  /** At most 1,000 characters. */
  note?: string | null;
}

export interface Moderated {
  postId: string;
  action: "hide" | "rate" | "remove" | "restore";
}

/**
 * How often something happened: reports were `made`, `upheld` or `overruled`; posts and comments were
 * `hiddenByReports`, and by administrators `hidden`, `removed` or `restored`; appeals were `made`, `upheld` (the
 * decision stands) or `overturned`; accounts were `suspended` or `reinstated`, for the reason `other`; prompts and
 * posts were `refused` by the check of content, for the reason `other`.
 */
export interface ModerationCount {
  kind: "accounts" | "appeals" | "comments" | "posts" | "prompts" | "reports";
  reason: "copyright" | "hate" | "other" | "sexual" | "spam" | "violence";
  outcome: string;
  count: number;
}

/**
 * A reported post or comment, an appeal, or a claim of a social task. `uid` is its author, null for a comment of a
 * deleted account.
 */
export interface ModerationItem {
  kind: "appeals" | "claims" | "comments" | "posts";
  uid: string | null;
  postId?: string;
  /** Of a comment, and of an appeal about one. */
  commentId?: string;
  commentText?: string;
  /** The time of the first open report. */
  reportedAt?: Timestamp;
  /** Also true of a post that was removed. */
  hidden?: boolean;
  reportCount?: number;
  /** At most ten reports: those that are open, of an appeal all. */
  reports?: GivenReport[];
  type?: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  model?: string;
  caption?: string | null;
  media?: MediaItem[];
  /** What was decided last. */
  decision?: DecisionMade;
  appealText?: string;
  appealedAt?: Timestamp;
  taskId?: string;
  tokens?: number;
  proofUrl?: string;
  claimedAt?: Timestamp;
}

export interface ModerationQueue {
  items: ModerationItem[];
  nextCursor: string | null;
}

export interface ModerationReport {
  year: number;
  counts: ModerationCount[];
}

export interface NextBillingDate {
  /** ISO 8601, UTC. */
  nextBillingDate: Timestamp | null;
}

/** No fields. */
export type Nothing = Record<string, never>;

export interface OpenAlert {
  uid: string;
  kind: string;
  subject: string;
  expected: string;
  found: string;
  firstSeenAt: Timestamp;
  lastSeenAt: Timestamp;
}

export interface Overview {
  from: string;
  to: string;
  days: OverviewDay[];
  /** Of the last two days, by the time of the order. */
  hours: OverviewHour[];
  /** Of all days, the most ordered first. */
  models: ModelFigures[];
  /** Users with an order, in the last three weeks. */
  active: ActiveWeek[];
  queue: Queue;
  providers: ProviderState[];
  /** The ledger alerts of the last eight days, at most 20. */
  alerts: OpenAlert[];
  /** At most 100. */
  paymentsInReview: number;
  failedEvents: number;
}

/** A day's jobs that have ended. Money is in millionths of a dollar, but `revenue` in the currency's minor unit. */
export interface OverviewDay {
  completed: number;
  failed: number;
  cancelled: number;
  date: string;
  /** Tokens, as `refunded`. */
  consumed: number;
  refunded: number;
  newUsers: number;
  /** Payments by currency, less later refunds. */
  revenue: Record<string, number>;
  /** The tokens that we kept, at their approximate price. */
  earnedMicroUsd: number;
  /** What the providers charged. */
  costMicroUsd: number;
}

export interface OverviewHour {
  completed: number;
  failed: number;
  cancelled: number;
  at: Timestamp;
}

export interface Page {
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

/**
 * `in_review`: the payment matches no order and is being reviewed. `void`: the invoice will not be paid.
 *
 * `amount` is after the `discount`, and contains the `tax`. `refunded` is the part of it that was given back. `itemId`
 * is the pack's or the plan's; it is absent while the payment is in review.
 */
export interface Payment {
  id: string;
  kind: "pack" | "subscription" | "top_up";
  amount: number;
  currency: string;
  status: "disputed" | "failed" | "paid" | "partially_refunded" | "pending" | "refunded" | "in_review" | "void";
  createdAt: Timestamp;
  itemId?: string;
  discount?: number;
  tax?: number;
  refunded?: number;
  tokens?: number;
  invoiceUrl?: string;
}

export interface PlanOffer {
  id: "enterprise" | "free" | "pro";
  name: string;
  monthlyTokens: number;
  features: string[];
  amount: number;
  currency: string;
  amounts: Record<string, number>;
  interval: "month";
  allowances: Allowances;
  maxConcurrentJobs: number;
  priceId: string | null;
}

export interface PlanSet {
  uid: string;
  plan: "enterprise" | "free" | "pro";
  isPremium: boolean;
}

export interface Plans {
  plans: PlanOffer[];
}

export interface Plays {
  monthlyPlays: number;
  resetsAt: Timestamp;
}

export interface Portal {
  url: string;
}

export interface Post {
  postId: string;
  uid: string;
  authorName: string;
  authorPhotoUrl: string | null;
  type: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  model: string;
  caption: string;
  tags: string[];
  media: MediaItem[];
  likeCount: number;
  commentCount: number;
  remixCount: number;
  hidden: boolean;
  rating: "general" | "mature";
  score: number;
  createdAt: Timestamp;
  prompt?: string;
  params?: Record<string, unknown>;
  remixOf?: string;
  sources?: string[];
  likedByMe?: boolean;
}

export interface PostRef {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
}

/**
 * Those that are given change. `emailNotifications` applies to every kind of e-mail that is not set. With
 * `matureContent` mature posts are shown.
 */
export interface Preferences {
  emailNotifications?: boolean | null;
  emailJobs?: boolean | null;
  emailPayments?: boolean | null;
  emailTokens?: boolean | null;
  emailComments?: boolean | null;
  emailModeration?: boolean | null;
  /** The most tokens that may be spent in a UTC day. Null removes it; 1–1,000,000,000,000. */
  dailySpendLimit?: number | null;
  /** Below how many tokens a notification is sent; 0 for none. Null is the default, 20; 0–1,000,000,000,000. */
  lowBalanceAt?: number | null;
  matureContent?: boolean | null;
  /**
   * The language of letters and payment pages, as a primary tag of BCP 47: `en`, `ar`. Null: not known; matches `^[a-z]{2,3}$`.
   */
  language?: string | null;
}

export interface PreviewSubscription {
  planId: "enterprise" | "free" | "pro";
}

/**
 * The price of a job: the rate in `tokens`, times the number of `per` units. `by` names the inputs that pick it.
 */
export interface Price {
  /** An integer, or nested tables keyed by the inputs' values as text, with one level for each input of `by`. */
  tokens: unknown;
  by?: string[];
  per?: "job" | "minute" | "second" | "thousandCharacters";
}

export interface Profile {
  uid: string;
  email: string | null;
  displayName: string | null;
  photoUrl: string | null;
  plan: "enterprise" | "free" | "pro";
  balance: number;
  streak: Streak;
  preferences: Record<string, boolean | number | string>;
  createdAt: Timestamp;
}

/** A time is absent unless the provider gets no orders until then, for this reason. */
export interface ProviderState {
  provider: string;
  /** Submissions that failed in a row. */
  failures: number;
  /** It fails; after this, one order is a trial. */
  openUntil?: Timestamp;
  /** Its daily limit is reached. */
  spentUntil?: Timestamp;
  /** Its daily limit of unpaid orders is reached. */
  unpaidSpentUntil?: Timestamp;
}

export interface PublishPost {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  creationId: string;
  /** At most 2,000 characters. */
  caption?: string | null;
  /** At most 10 items, each 1–100 characters. */
  tags?: string[] | null;
  /** Default true. */
  shareParams?: boolean | null;
  /** Default general. */
  rating?: "general" | "mature" | null;
}

export interface Published {
  postId: string;
}

export interface Queue {
  pending: number;
  processing: number;
  /** Of the pending jobs, at most 1,000 that wait for their provider. */
  waiting: number;
  /** When the oldest of them was ordered. */
  oldestAt?: Timestamp;
}

export interface Quote {
  price: number;
  takes: Takes;
  balance: number;
  balanceAfter: number;
  refusal?: QuoteRefusal;
  typicalSeconds?: TypicalSeconds;
}

/** The reason and the details of the error that the order would answer. */
export interface QuoteRefusal {
  reason: string;
  details: Record<string, unknown>;
}

export interface QuoteStudioJob {
  type: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  /** 1–100 characters. */
  model: string;
  /** 1–10,000 characters. */
  prompt: string;
  /** 1–2,000 characters. */
  negativePrompt?: string | null;
  /** 1–100 characters. */
  style?: string | null;
  /** 1–100 characters. */
  color?: string | null;
  /** 1–100 characters. */
  size?: string | null;
  /** 1–100 characters. */
  aspectRatio?: string | null;
  /** 1–3,600. */
  durationSeconds?: number | null;
  /** At most 10 items, each 1–512 characters. */
  inputPaths?: string[] | null;
  /** At most 20 entries. */
  options?: Record<string, boolean | number | string> | null;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  sessionId?: string | null;
}

/** One of a model's prices, for one unit. Money is in millionths of a dollar. */
export interface Rate {
  /** The inputs that pick it. */
  chosen: Record<string, string | number | boolean>;
  earnedMicroUsd: number;
  costMicroUsd: number;
}

export interface RateLimits {
  limits: FunctionLimit[];
}

export interface RedeemReferral {
  /** 1–32 characters. */
  code: string;
}

export interface Ref {
  kind: "admin" | "checkout" | "feature" | "job" | "period" | "referral" | "streak" | "subscription" | "task" | "top_up" | "user";
  id: string;
}

export interface ReferralRedeemed {
  /** Both get tokens when the caller's first purchase is settled. */
  pending: true;
}

export interface ReferralSummary {
  code: string;
  /** People who have redeemed the code. */
  invited: number;
  /** Those of them whose first purchase has brought tokens. */
  rewarded: number;
  /** The tokens that they have brought. */
  tokens: number;
}

export interface RemixPost {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
}

export interface Remixed {
  sessionId: string;
  params: Record<string, unknown>;
  type: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  model: string;
}

export interface ReportComment {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  commentId: string;
  reason: "copyright" | "hate" | "other" | "sexual" | "spam" | "violence";
  /** At most 2,000 characters. */
  text?: string | null;
}

export interface ReportMade {
  reportStatus: "success";
  report: Record<string, unknown>;
}

export interface ReportPost {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  postId: string;
  reason: "copyright" | "hate" | "other" | "sexual" | "spam" | "violence";
  /** At most 2,000 characters. */
  text?: string | null;
}

export interface Reported {
  reported: boolean;
}

export interface Retried {
  retried: number;
  failed: number;
}

export interface RetryWebhooks {
  /** 1–50 items, each matches `^(?!__.*__$)[A-Za-z0-9_-]{1,128}$(?!\n)`. */
  eventIds?: string[] | null;
}

export interface ReviewSocialTask {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  uid: string;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  taskId: string;
  approve: boolean;
  /** 1–500 characters. */
  note?: string | null;
}

/** Constraints that apply when input `when` is set, or has one of `values`. False, empty and absent are unset. */
export interface Rule {
  when: string;
  values?: (string | number | boolean)[];
  /** Inputs that are required when the rule applies. */
  needs?: string[];
  /** Inputs that must not be set when the rule applies. */
  excludes?: string[];
  /** Upper limits, lower than the inputs' own. Text: the most code points; integer: the largest value. */
  max?: Record<string, number>;
}

export interface RunWeeklyReport {
  /** YYYY-MM-DD. */
  weekStart: string;
}

export interface SaveCatalogueEntry {
  /** Matches `^(models|styles|colors|sizes|features)/.{1,200}$`. */
  key: string;
  /** Fields of the entry and their new values. null: the bundled value applies again. */
  changes: Record<string, unknown>;
  /** 1–500 characters. */
  reason: string;
  /** Return the entry as it would be, and change nothing; default false. */
  preview?: boolean | null;
}

export interface SaveCollection {
  /** 1–60 characters. */
  name: string;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  collectionId?: string | null;
}

export interface SavedEntry {
  entry: CatalogueEntry;
}

export interface SearchUsers {
  /** 3–320 characters. */
  email?: string | null;
  /** An id: 1–128 characters, no `/`. */
  uid?: string | null;
  plan?: "enterprise" | "free" | "pro" | null;
  /** 1–100; default 20. */
  pageSize?: number | null;
  /** 1–1,024 characters. */
  cursor?: string | null;
}

export interface Session {
  sessionId: string;
  params: Record<string, unknown>;
  type: "analysis" | "edit" | "image" | "lyrics" | "music" | "speech" | "video";
  model: string;
  jobs: string[];
  createdAt: Timestamp;
  sourcePostId?: string;
}

export interface Sessions {
  sessions: Session[];
  nextCursor: string | null;
}

export interface SessionsRevoked {
  revokedAt: Timestamp;
}

/**
 * To turn it on for the first time, give every field. Later a field that is absent stays as it is.
 *
 * `below`: tokens. `monthlyCeiling`: in the minor unit of the pack's currency, for each UTC month.
 */
export interface SetAutoTopUp {
  enabled: boolean;
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  packId?: string | null;
  /** 1–1,000,000,000. */
  below?: number | null;
  /** 1–99,999,999. */
  monthlyCeiling?: number | null;
}

export interface SetJobStatus {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  jobId: string;
  status: "cancelled" | "failed";
  /** 1–500 characters. */
  reason: string;
}

export interface SetPlan {
  /** An id: 1–128 characters, no `/`. */
  uid: string;
  planId: "enterprise" | "free" | "pro";
  /** 1–500 characters. */
  reason: string;
}

export interface SocialTaskStatus {
  id: string;
  title: string;
  tokens: number;
  status: "approved" | "available" | "pending" | "rejected";
  /** The hosts that the proof's URL may have; empty: any https URL. */
  proofHosts: string[];
  /** The administrator's note on the claim. */
  note?: string;
}

export interface SocialTasks {
  tasks: SocialTaskStatus[];
}

export interface Streak {
  current: number;
  longest: number;
  lastActiveDate: string | null;
}

export interface StreakVisited {
  currentStreak: number;
  longestStreak: number;
  lastActiveDate: string | null;
  reward: number;
}

export interface StudioOptions {
  models: ModelOption[];
  styles: Record<string, unknown>[];
  colors: Record<string, unknown>[];
  sizes: Record<string, unknown>[];
  features: Record<string, unknown>[];
  /** What a new account starts with. */
  welcomeTokens: number;
}

export interface SubmitSocialTask {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  taskId: string;
  /** 1–2,048 characters. */
  proofUrl: string;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
}

/** `status` is Stripe's, or `none` without a subscription. */
export interface Subscription {
  plan: "enterprise" | "free" | "pro";
  status: "active" | "canceled" | "incomplete" | "incomplete_expired" | "past_due" | "paused" | "trialing" | "unpaid" | "none";
  /** ISO 8601, UTC. */
  currentPeriodEnd: Timestamp | null;
  cancelAtPeriodEnd: boolean;
  isPremium: boolean;
}

export interface SubscriptionEvent {
  type: "cancel_scheduled" | "downgraded" | "ended" | "past_due" | "paused" | "recovered" | "renewed" | "resumed" | "started" | "upgraded";
  fromPlan: "enterprise" | "free" | "pro";
  toPlan: "enterprise" | "free" | "pro";
  status: "active" | "canceled" | "incomplete" | "incomplete_expired" | "past_due" | "paused" | "trialing" | "unpaid";
  at: Timestamp;
}

export interface SubscriptionHistory {
  events: SubscriptionEvent[];
  nextCursor: string | null;
}

/**
 * Amounts are in the currency's minor unit, with tax and after discounts and credits.
 *
 * `dueNow` is charged at once. `credited` is what the change gives back: it pays later invoices. At `nextAt`
 * `nextAmount` is charged; both are null if nothing is to come. `prorationDate` is for `updateSubscription`.
 */
export interface SubscriptionPreview {
  plan: "enterprise" | "free" | "pro";
  dueNow: number;
  credited: number;
  currency: string;
  nextAmount: number | null;
  /** ISO 8601, UTC. */
  nextAt: Timestamp | null;
  prorationDate: Timestamp;
}

export interface SuspendUser {
  /** An id: 1–128 characters, no `/`. */
  uid: string;
  suspended: boolean;
  /** 1–500 characters. */
  reason: string;
}

export interface Takes {
  monthly: number;
  bonus: number;
  purchased: number;
}

export interface TaskClaimed {
  status: "approved" | "available" | "pending" | "rejected";
  tokens: number;
}

/** A small picture of a file, for lists. Its longest side has at most 512 pixels. */
export interface ThumbnailItem {
  path: string;
  contentType: string;
  width: number;
  height: number;
}

export interface ToggleFavorite {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  creationId: string;
  favorite?: boolean | null;
}

export interface TokenFigures {
  spent: number;
  refunded: number;
  earned: number;
}

export interface TokenPack {
  id: string;
  name: string;
  tokens: number;
  amount: number;
  currency: string;
  amounts: Record<string, number>;
}

export interface TokenPacks {
  packs: TokenPack[];
}

export interface TokensAdded {
  balance: number;
}

export interface TokensUsed {
  spent: number;
  balance: number;
}

export interface Transaction {
  id: string;
  seq: number;
  type: "admin_adjustment" | "clawback" | "deduction" | "plan_expiry" | "plan_grant" | "purchase" | "refund" | "restore" | "reward" | "welcome_bonus";
  amount: number;
  buckets: Buckets;
  balanceAfter: number;
  ref: Ref;
  reason: string;
  createdAt: Timestamp;
}

export interface Transactions {
  transactions: Transaction[];
  nextCursor: string | null;
}

/** How long the model's newest jobs of a day took, from the order to the result. */
export interface TypicalSeconds {
  p50: number;
  p90: number;
}

export interface UpdateCreation {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  creationId: string;
  /** 1–100 characters. */
  title: string;
}

export interface UpdateProfile {
  /** At most 100 characters. */
  displayName?: string | null;
  /** Matches `^(https://[^\s\\]+)?$`. */
  photoUrl?: string | null;
  /**
   * Default {'emailNotifications': None, 'emailJobs': None, 'emailPayments': None, 'emailTokens': None, 'emailComments': None, 'emailModeration': None, 'matureContent': None}.
   */
  preferences?: Preferences | null;
}

/** With the `prorationDate` of a preview of the last 10 minutes, what it showed is charged. */
export interface UpdateSubscription {
  planId: "enterprise" | "free" | "pro";
  /** ISO 8601, UTC. */
  prorationDate?: Timestamp | null;
}

export interface UsageAnalytics {
  from: string;
  to: string;
  days: UsageDay[];
  total: UsageTotal;
  truncated: boolean;
}

export interface UsageDay {
  jobs: JobFigures;
  tokens: TokenFigures;
  date: string;
}

export interface UsageTotal {
  jobs: JobFigures;
  tokens: TokenFigures;
}

export interface UseTokens {
  /** An id: 1–128 of `A-Z a-z 0-9 _ -`. */
  feature: string;
  /** Repeats are recognized by it; made when it is not given. 16–64 of `A-Z a-z 0-9 _ -`. */
  requestId?: string;
}

export interface UserBlocked {
  blocked: boolean;
}

export interface UserLedger {
  uid: string;
  balance: number;
  buckets: Buckets;
  transactions: Transaction[];
  nextCursor: string | null;
}

export interface UserSuspended {
  uid: string;
  suspended: boolean;
}

/** Events of the last 90 days. `failed` lists up to 100 events that must be handled again. */
export interface WebhookStatus {
  counts: EventCounts;
  failed: FailedEvent[];
}

export interface WeeklyReports {
  reports: Record<string, unknown>[];
}

/** The details of each refusal, by its reason. */
export interface Refusals {
  /**
   * Your account is suspended. Contact support if you think this is a mistake.
   * Code `permission-denied`.
   */
  AccountSuspended: Record<string, never>;
  /**
   * You have used all the songs that your plan includes this month.
   * Code `resource-exhausted`.
   */
  AllowanceExceeded: { limit: number; resetsAt: Timestamp };
  /**
   * You have already appealed this decision. We will tell you what a moderator decides.
   * Code `already-exists`.
   */
  AlreadyAppealed: Record<string, never>;
  /**
   * You have already claimed this.
   * Code `already-exists`.
   */
  AlreadyClaimed: Record<string, never>;
  /**
   * You already have a subscription. Change or cancel it instead.
   * The user has a live subscription; it can be changed or cancelled.
   * Code `already-exists`.
   */
  AlreadySubscribed: Record<string, never>;
  /**
   * Auto top-up isn't available here.
   * Tax is calculated (`STRIPE_TAX`), which a payment without the buyer cannot carry.
   * Code `failed-precondition`.
   */
  AutoTopUpUnavailable: Record<string, never>;
  /**
   * This can't be used here. Please change the text or the pictures and try again.
   * The content is not accepted. Nothing was debited, published or stored. It is not said which part, or why.
   * Code `failed-precondition`.
   */
  ContentRejected: Record<string, never>;
  /**
   * Too many changes happened at the same time. Nothing was changed; please try again.
   * The retries ran out. Nothing was changed.
   * Code `aborted`.
   */
  Contention: { retryAfterSeconds: number };
  /**
   * Please confirm your e-mail address first. We have sent you a link.
   * Code `failed-precondition`.
   */
  EmailNotVerified: Record<string, never>;
  /**
   * You don't have permission to do this.
   * Code `permission-denied`.
   */
  Forbidden: Record<string, never>;
  /**
   * The generation failed. Your tokens were refunded.
   * Code `unavailable`.
   */
  GenerationFailed: { generationRequestId: string; refunded: number };
  /**
   * You don't have enough tokens for this.
   * Code `failed-precondition`.
   */
  InsufficientTokens: { balance: number; price: number };
  /**
   * This page is no longer available. Please start again from the first page.
   * Code `invalid-argument`.
   */
  InvalidCursor: Record<string, never>;
  /**
   * Some of the values are not valid. Please check them and try again.
   * `fields`: {field: message}, in English for developers; the empty name is the request itself.
   *
   * `rules`: {field: the rule that it breaks}, which a client words in its user's language.
   * Code `invalid-argument`.
   */
  InvalidRequest: { fields: Record<string, string>; rules: Record<string, FieldRule> };
  /**
   * The ledger does not add up.
   * The ledger is inconsistent, so no balance can be rebuilt from it. Restore it first (docs/operations.md).
   * Code `failed-precondition`.
   */
  LedgerBroken: Record<string, never>;
  /**
   * This post is rated mature. Sign in and switch on mature posts in your account to see it.
   * The post is rated mature, and the caller has not asked for such posts (`preferences.matureContent`).
   * Code `failed-precondition`.
   */
  MatureContent: Record<string, never>;
  /**
   * You don't have a subscription.
   * Code `failed-precondition`.
   */
  NoSubscription: Record<string, never>;
  /**
   * This job has already ended.
   * Code `failed-precondition`.
   */
  NotCancellable: { status: "cancelled" | "completed" | "failed" | "pending" | "processing" };
  /**
   * We couldn't find that. It may have been deleted.
   * Code `not-found`.
   */
  NotFound: Record<string, never>;
  /**
   * This can't be published: it isn't finished, or has no media.
   * `status` is the job's: not yet `completed`, or `completed` without media.
   * Code `failed-precondition`.
   */
  NotPublishable: { status: string };
  /**
   * This isn't hidden or removed, so there is nothing to appeal.
   * Code `failed-precondition`.
   */
  NothingToAppeal: Record<string, never>;
  /**
   * Payments aren't available right now. Try again later.
   * Stripe does not answer, or rejects our request. Nothing was charged.
   * Code `unavailable`.
   */
  PaymentsUnavailable: Record<string, never>;
  /**
   * Your plan doesn't include this. Please choose a higher plan.
   * Code `failed-precondition`.
   */
  PlanRequired: { plan: "enterprise" | "free" | "pro" };
  /**
   * The amount may have changed. Please look at it again.
   * The preview is more than 10 minutes old, or the subscription was billed since. Preview the change again.
   * Code `failed-precondition`.
   */
  PreviewOutdated: Record<string, never>;
  /**
   * The price has changed. Please check it and try again.
   * Code `failed-precondition`.
   */
  PriceChanged: { price: number; maxPrice: number };
  /**
   * The provider refused this request. Your tokens were refunded.
   * Code `failed-precondition`.
   */
  ProviderRejected: { jobId: string; refunded: number };
  /**
   * The provider is not available right now. You were not charged.
   * `jobId` and `refunded` are given if a job was created; none is while the provider's circuit is open.
   * Code `unavailable`.
   */
  ProviderUnavailable: { jobId?: string; refunded?: number };
  /**
   * You're doing this too often. Please wait a moment and try again.
   * Code `resource-exhausted`.
   */
  RateLimited: { retryAfterSeconds: number };
  /**
   * Please sign in again to confirm that it is you.
   * The sign-in is older than `maxAgeSeconds`. Sign in again and repeat the call.
   * Code `failed-precondition`.
   */
  RecentSignInRequired: { maxAgeSeconds: number };
  /**
   * The author doesn't share how this was made.
   * Code `failed-precondition`.
   */
  RemixDisabled: Record<string, never>;
  /**
   * This requestId was already used for a different request. Use a new one.
   * Code `already-exists`.
   */
  RequestIdReused: Record<string, never>;
  /**
   * This would exceed your daily limit. You can change the limit in your account.
   * Code `resource-exhausted`.
   */
  SpendLimitReached: { limit: number; resetsAt: Timestamp };
  /**
   * You have blocked as many people as possible. Unblock somebody first.
   * Code `resource-exhausted`.
   */
  TooManyBlocked: { limit: number };
  /**
   * That's the limit for collections. Delete one, or take the creation out of one, and try again.
   * Of the user, or of the creation that would be put into one more.
   * Code `resource-exhausted`.
   */
  TooManyCollections: { limit: number };
  /**
   * This post can't take any more comments.
   * Code `resource-exhausted`.
   */
  TooManyComments: { limit: number };
  /**
   * You have too many jobs running. Please wait until one has ended.
   * Code `resource-exhausted`.
   */
  TooManyJobs: { limit: number };
  /**
   * Please sign in and try again.
   * Code `unauthenticated`.
   */
  Unauthenticated: Record<string, never>;
  /**
   * We can't reach our servers right now. Please try again in a moment.
   * The database cannot be reached. Repeat the same call to learn whether it took effect.
   * Code `unavailable`.
   */
  Unavailable: { retryAfterSeconds: number };
}

/** Why a call was refused. */
export type Reason = keyof Refusals;

/** Every callable: what it takes, what it answers, why it may refuse. */
export interface Functions {
  /**
   * Export the caller's data as a JSON file, with a ledger whose running sum proves the balance.
   *
   * A signed-in user, also a suspended one. At most 5 an hour.
   */
  exportAccount: {
    request: Nothing;
    response: AccountExported;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Delete the caller's account permanently; `confirm` is its e-mail address. Large accounts take a little longer.
   *
   * A signed-in user, also a suspended one, who signed in within the last ten minutes. At most 10 a minute.
   */
  deleteAccount: {
    request: DeleteAccount;
    response: AccountDeleted;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "RecentSignInRequired" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List models, styles, colors, sizes and features with prices and margins, also what is disabled or invalid.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  getCatalogue: {
    request: Nothing;
    response: Catalogue;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Change fields of an entry that exists, such as `enabled` or `price`, and return it with its margins.
   *
   * A change that would make the entry invalid is refused. It takes effect within a minute.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  saveCatalogueEntry: {
    request: SaveCatalogueEntry;
    response: SavedEntry;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Add bonus tokens to a user, or debit tokens if the amount is negative. Makes a ledger entry.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  addTokens: {
    request: AddTokens;
    response: TokensAdded;
    refusals: "Contention" | "Forbidden" | "InsufficientTokens" | "InvalidRequest" | "NotFound" | "RateLimited" | "RequestIdReused" | "Unauthenticated" | "Unavailable";
  };
  /**
   * End a pending or processing job with a full refund. A result that arrives later is discarded.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  setJobStatus: {
    request: SetJobStatus;
    response: JobEnded;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "NotCancellable" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Set a user's plan without payment. A later change of a paid subscription sets the plan again.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  setPlan: {
    request: SetPlan;
    response: PlanSet;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Suspend a user, who then cannot spend or publish and is signed out everywhere, or lift the suspension.
   *
   * The user is told the reason. Their posts are hidden while the suspension lasts.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  suspendUser: {
    request: SuspendUser;
    response: UserSuspended;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the audit log, newest first. A target is a document path, such as users/{uid} or jobs/{id}.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 120 a minute.
   */
  getAuditLog: {
    request: GetAuditLog;
    response: AuditLog;
    refusals: "Contention" | "Forbidden" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List accounts, newest first, filtered by exact e-mail address, uid or plan; at most one of them.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 120 a minute.
   */
  searchUsers: {
    request: SearchUsers;
    response: FoundUsers;
    refusals: "Contention" | "Forbidden" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List what awaits a decision, oldest first: reported posts or comments, authors' appeals, or social-task claims
   * with their proofs.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 120 a minute.
   */
  getModerationQueue: {
    request: GetModerationQueue;
    response: ModerationQueue;
    refusals: "Contention" | "Forbidden" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Count reports, decisions, appeals and suspensions of a year (UTC) by kind, reason and outcome.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 120 a minute.
   */
  getModerationReport: {
    request: GetModerationReport;
    response: ModerationReport;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the latest weekly reports, newest first.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 120 a minute.
   */
  getWeeklyReports: {
    request: GetWeeklyReports;
    response: WeeklyReports;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Make the report of the week that began on this Monday, which may be the current week.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  runWeeklyReport: {
    request: RunWeeklyReport;
    response: ReportMade;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return jobs, tokens, money and people by UTC day, both dates included: the last 7 days by default, at most 31.
   *
   * Also the queue, the providers' health and what needs an administrator, as they are now.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  getOverview: {
    request: GetOverview;
    response: Overview;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List a user's ledger entries, newest first. The audit log records who looked.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  getUserLedger: {
    request: GetUserLedger;
    response: UserLedger;
    refusals: "Contention" | "Forbidden" | "InvalidCursor" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the limit of each function, and with `uid` how much of it the user has used: what is full is refused.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  getRateLimits: {
    request: GetRateLimits;
    response: RateLimits;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Create the caller's account if the sign-up trigger did not (imported users, Admin SDK). Idempotent.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  initializeUser: {
    request: Nothing;
    response: Profile;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return the caller's profile.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getProfile: {
    request: Nothing;
    response: Profile;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Change the caller's name, picture (https) or preferences; an empty text removes the name or picture.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  updateProfile: {
    request: UpdateProfile;
    response: Profile;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Sign out everywhere. Earlier sessions can no longer spend or publish, and end with their ID tokens.
   *
   * A signed-in user who is not suspended. At most 10 a minute.
   */
  revokeSessions: {
    request: Nothing;
    response: SessionsRevoked;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Create a Stripe checkout page where the caller pays for a pack or a plan.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  createCheckoutSession: {
    request: CreateCheckoutSession;
    response: Checkout;
    refusals: "AccountSuspended" | "AlreadySubscribed" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "PaymentsUnavailable" | "RateLimited" | "RequestIdReused" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Settle the caller's own checkout session now, without waiting for Stripe's event.
   *
   * For the page that Stripe returns the buyer to: its address contains the id, as `session_id`. `NotFound` for
   * another user's session.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  confirmCheckout: {
    request: ConfirmCheckout;
    response: ConfirmedCheckout;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "PaymentsUnavailable" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Create a Stripe portal page where the caller sees invoices and changes cards.
   *
   * A signed-in user, also a suspended one. At most 60 a minute.
   */
  createPortalSession: {
    request: Nothing;
    response: Portal;
    refusals: "Contention" | "InvalidRequest" | "PaymentsUnavailable" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return the caller's plan and the subscription that it comes from.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getSubscription: {
    request: Nothing;
    response: Subscription;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return what `updateSubscription` would charge for this plan, as Stripe computes it. Nothing changes.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  previewSubscription: {
    request: PreviewSubscription;
    response: SubscriptionPreview;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NoSubscription" | "PaymentsUnavailable" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Change the plan now. The difference is charged or credited at once. Ask first, with `previewSubscription`.
   *
   * `PreviewOutdated`: the subscription was billed since the preview. Nothing has changed: preview it again.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  updateSubscription: {
    request: UpdateSubscription;
    response: Subscription;
    refusals: "AccountSuspended" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "NoSubscription" | "PaymentsUnavailable" | "PreviewOutdated" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Cancel the subscription at the end of the paid period, or at once without a refund.
   *
   * A signed-in user, also a suspended one. At most 60 a minute.
   */
  cancelSubscription: {
    request: CancelSubscription;
    response: Subscription;
    refusals: "Contention" | "InvalidRequest" | "NoSubscription" | "PaymentsUnavailable" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the caller's payments, newest first.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getBillingHistory: {
    request: Page;
    response: BillingHistory;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the changes of the caller's plan, newest first.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getSubscriptionHistory: {
    request: Page;
    response: SubscriptionHistory;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return when the caller is charged next; null without a subscription, or if it is cancelled.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getNextBillingDate: {
    request: Nothing;
    response: NextBillingDate;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Count Stripe's events that were handled, failed, or were parked for an administrator.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 120 a minute.
   */
  getWebhookStatus: {
    request: Nothing;
    response: WebhookStatus;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Handle these events again, or up to 50 that failed. Returns how many are handled now and how many failed.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  retryWebhooks: {
    request: RetryWebhooks;
    response: Retried;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the token packs on sale. Amounts are in the currency's minor unit (cents).
   *
   * `amounts` is the price by currency. Stripe's page shows the buyer's own currency if it is among them.
   *
   * Anyone; no sign-in needed. At most 120 a minute.
   */
  getTokenPacks: {
    request: Nothing;
    response: TokenPacks;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the plans with their monthly prices, `amounts` as in `getTokenPacks`.
   *
   * Anyone; no sign-in needed. At most 120 a minute.
   */
  getPlans: {
    request: Nothing;
    response: Plans;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return the caller's referral code, which the first call makes, and what came of it.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  getReferral: {
    request: Nothing;
    response: ReferralSummary;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Redeem somebody's referral code, once, before the first purchase.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 10 a minute.
   */
  redeemReferral: {
    request: RedeemReferral;
    response: ReferralRedeemed;
    refusals: "AccountSuspended" | "AlreadyClaimed" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Buy a pack by the saved card whenever an order takes the balance below a threshold, or stop that.
   *
   * The first checkout of a pack after this call saves the card; until then nothing is bought. Turning it on agrees to
   * the pack's price of that moment: no other price is charged. Turning it off forgets the card.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  setAutoTopUp: {
    request: SetAutoTopUp;
    response: AutoTopUpSettings;
    refusals: "AccountSuspended" | "AutoTopUpUnavailable" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Publish one of the caller's creations, with public copies of its files; once per creation.
   *
   * What becomes public may be checked first. `rating` can raise the creation's rating, and not lower it.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  publishPost: {
    request: PublishPost;
    response: Published;
    refusals: "AccountSuspended" | "ContentRejected" | "Contention" | "EmailNotVerified" | "Forbidden" | "InvalidRequest" | "NotFound" | "NotPublishable" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List posts that are not hidden, newest or highest ranked first, optionally of one author or tag (in any case).
   *
   * A signed-in caller does not see posts of people whom they have blocked or who have blocked them. A page may then be
   * short, or empty, although `nextCursor` is given. Mature posts are the caller's own, or for those who asked for them
   * (`preferences.matureContent`).
   *
   * Anyone; no sign-in needed. At most 120 a minute.
   */
  getFeed: {
    request: GetFeed;
    response: Feed;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return one post. Only administrators can read a hidden one, and only those a mature one who asked for them.
   *
   * Anyone; no sign-in needed. At most 120 a minute.
   */
  getPost: {
    request: PostRef;
    response: Post;
    refusals: "Contention" | "InvalidRequest" | "MatureContent" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List a post's comments, newest first.
   *
   * Anyone; no sign-in needed. At most 120 a minute.
   */
  getComments: {
    request: GetComments;
    response: Comments;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "MatureContent" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Toggle the caller's like, or set it with `liked`.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  likePost: {
    request: LikePost;
    response: Liked;
    refusals: "AccountSuspended" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Comment on a post, in plain text. The post's author is notified. `Forbidden` if they do not accept comments of
   * the caller.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 20 a minute.
   */
  commentPost: {
    request: CommentPost;
    response: Commented;
    refusals: "AccountSuspended" | "Contention" | "EmailNotVerified" | "Forbidden" | "InvalidRequest" | "NotFound" | "RateLimited" | "RequestIdReused" | "TooManyComments" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Delete a comment. Allowed for its author, the post's author and administrators.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  deleteComment: {
    request: CommentRef;
    response: Deleted;
    refusals: "AccountSuspended" | "Contention" | "Forbidden" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Start a session with a post's shared parameters. Posts published from it name the remixed post, and have at least
   * its rating.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  remixPost: {
    request: RemixPost;
    response: Remixed;
    refusals: "AccountSuspended" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "MatureContent" | "NotFound" | "RateLimited" | "RemixDisabled" | "RequestIdReused" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Delete a post. It leaves the feed at once; likes, comments and public files are deleted soon afterwards.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  deletePost: {
    request: PostRef;
    response: Deleted;
    refusals: "AccountSuspended" | "Contention" | "Forbidden" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Block somebody, or unblock them. They can no longer comment on the caller's posts, and neither sees the other's
   * posts in getFeed. They are not told.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  blockUser: {
    request: BlockUser;
    response: UserBlocked;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "TooManyBlocked" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List whom the caller has blocked, latest first: at most 200 people.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getBlockedUsers: {
    request: Nothing;
    response: BlockedUsers;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Report a post, once per user. Enough reports hide it until an administrator has decided.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  reportPost: {
    request: ReportPost;
    response: Reported;
    refusals: "AccountSuspended" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Report a comment, once per user. Enough reports hide it until an administrator has decided.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  reportComment: {
    request: ReportComment;
    response: Reported;
    refusals: "AccountSuspended" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Appeal against the hiding or removal of the caller's post, or of their comment on the post; once per decision.
   *
   * An administrator's next decision settles it (`upheld`: our decision stands), and the caller is notified.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  appealModeration: {
    request: AppealModeration;
    response: Appealed;
    refusals: "AccountSuspended" | "AlreadyAppealed" | "Contention" | "InvalidRequest" | "NotFound" | "NothingToAppeal" | "RateLimited" | "RequestIdReused" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Hide a post, restore it with its files, or remove it permanently; with `commentId` a comment on it. Or `rate` a
   * post, up or down.
   *
   * The author is told the action and the reason (of most reports, if none is given), and whoever reported it what came
   * of that. An open appeal is settled: overturned by `restore`, else upheld. Only the audit log has the note.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  moderatePost: {
    request: ModeratePost;
    response: Moderated;
    refusals: "Contention" | "Forbidden" | "InvalidRequest" | "NotFound" | "NotPublishable" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Make a collection of creations, or rename the one with `collectionId`. A user has at most 200.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  saveCollection: {
    request: SaveCollection;
    response: CollectionSaved;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "RequestIdReused" | "TooManyCollections" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Put creations into a collection and take others out; how many are in it then.
   *
   * All of it happens or nothing: `NotFound` if the collection or one of `add` is not there. What is in already, or not
   * in, is no change. A creation may be in 20 collections.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  changeCollection: {
    request: ChangeCollection;
    response: CollectionChanged;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "TooManyCollections" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the caller's collections, last changed first; `coverPath` is for the Storage SDK.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  listCollections: {
    request: ListCollections;
    response: Collections;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Delete a collection. Its creations stay in the library.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  deleteCollection: {
    request: DeleteCollection;
    response: CollectionDeleted;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the caller's library, newest first; media by path.
   *
   * `query`: words of title and prompt, without regard to case and accents. Each must be one of the creation's first 64
   * words, the last may be the beginning of one. `from` and `to`: UTC dates, both included, or times, `to` excluded.
   *
   * With more than one filter, or several words, a page may have fewer creations than `pageSize`, or none, although the
   * list goes on: it ends where `nextCursor` is null. Creations from before there was a search are found from the next
   * nightly sweep on.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getUserCreations: {
    request: GetUserCreations;
    response: Creations;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return one of the caller's creations, with addresses of its media that are valid for an hour.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getCreation: {
    request: GetCreation;
    response: Creation;
    refusals: "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Rename one of the caller's creations.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  updateCreation: {
    request: UpdateCreation;
    response: Creation;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Delete one of the caller's creations with its post. A task deletes files that are left over.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  deleteCreation: {
    request: GetCreation;
    response: CreationDeleted;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Delete up to 50 of the caller's creations, each as deleteCreation does.
   *
   * `missing` names those that are not in the library: deleted before, or never there. After a failure the same call
   * deletes the rest, and names as missing what the first one has deleted.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  deleteCreations: {
    request: DeleteCreations;
    response: CreationsDeleted;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Set whether one of the caller's creations is a favorite, or toggle it without `favorite`.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  toggleFavorite: {
    request: ToggleFavorite;
    response: Favorite;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Count a play: for the caller's month, and for the creation if one is named.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  incrementPlayCount: {
    request: IncrementPlayCount;
    response: Plays;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Debit the model's price and start the generation.
   *
   * Repeating a request with the same `requestId` returns the same job and debits once. A failed job is refunded.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 30 a minute.
   */
  createStudioJob: {
    request: CreateStudioJob;
    response: JobCreated;
    refusals: "AccountSuspended" | "AllowanceExceeded" | "ContentRejected" | "Contention" | "EmailNotVerified" | "InsufficientTokens" | "InvalidRequest" | "NotFound" | "PlanRequired" | "PriceChanged" | "ProviderRejected" | "ProviderUnavailable" | "RateLimited" | "RequestIdReused" | "SpendLimitReached" | "TooManyJobs" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return what `createStudioJob` would debit now, or why it would refuse. Nothing is debited or held.
   *
   * An order that would be refused takes nothing. Malformed inputs are an error, as in `createStudioJob`. The content is
   * not checked, so a quote never says `ContentRejected`.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  quoteStudioJob: {
    request: QuoteStudioJob;
    response: Quote;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return a job's status and media. Polls the provider if a poll is due, and stores small media at once.
   *
   * A signed-in user, also a suspended one. At most 240 a minute.
   */
  getJobStatus: {
    request: JobRef;
    response: Job;
    refusals: "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the caller's jobs, newest first. Media have paths and no signed URLs.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  listStudioJobs: {
    request: ListStudioJobs;
    response: Jobs;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Count the caller's jobs by status and by type, with the tokens spent and refunded.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getJobStats: {
    request: Nothing;
    response: JobStats;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Cancel a pending or processing job with a full refund. A result that arrives later is discarded.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  cancelStudioJob: {
    request: JobRef;
    response: JobCancelled;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "NotCancellable" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Write lyrics and return them in the response. A failure is refunded and recorded with the request.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 30 a minute.
   */
  generateLyrics: {
    request: GenerateLyrics;
    response: Lyrics;
    refusals: "AccountSuspended" | "ContentRejected" | "Contention" | "EmailNotVerified" | "InsufficientTokens" | "InvalidRequest" | "NotFound" | "ProviderRejected" | "ProviderUnavailable" | "RateLimited" | "RequestIdReused" | "SpendLimitReached" | "TooManyJobs" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List everything that can be ordered, with inputs, rules and prices, from which a client can render the form.
   *
   * Anyone; no sign-in needed. At most 120 a minute.
   */
  getStudioOptions: {
    request: Nothing;
    response: StudioOptions;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the caller's sessions, newest first.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  listSessions: {
    request: ListSessions;
    response: Sessions;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return one of the caller's sessions: its parameters, and its jobs in the order of their creation.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getSession: {
    request: GetSession;
    response: Session;
    refusals: "Contention" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return the caller's tokens by bucket. Live clients can listen to `users/{uid}` with onSnapshot instead.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getUserBalance: {
    request: Nothing;
    response: Balance;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List the caller's ledger entries, newest first.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getTokenTransactions: {
    request: GetTokenTransactions;
    response: Transactions;
    refusals: "Contention" | "InvalidCursor" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Pay for a feature at the catalogue's price. Repeating a request with the same `requestId` debits once.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  useTokens: {
    request: UseTokens;
    response: TokensUsed;
    refusals: "AccountSuspended" | "Contention" | "EmailNotVerified" | "InsufficientTokens" | "InvalidRequest" | "RateLimited" | "RequestIdReused" | "SpendLimitReached" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return the caller's jobs and tokens by UTC day, both dates included: the last 30 days by default, at most 92.
   *
   * `truncated`: figures are missing, because a day has more than 5,000 jobs or ledger entries, or because the call has
   * read enough; then repeat it, and it continues.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getUsageAnalytics: {
    request: GetUsageAnalytics;
    response: UsageAnalytics;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Return the plan's monthly song allowance; null is unlimited. `consume` counts one song, if one is left.
   *
   * A signed-in user who is not suspended. At most 60 a minute.
   */
  checkGenerationAllowance: {
    request: CheckGenerationAllowance;
    response: GenerationAllowance;
    refusals: "AccountSuspended" | "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * List every task on offer, with the status of the caller's claim.
   *
   * A signed-in user, also a suspended one. At most 120 a minute.
   */
  getSocialTasks: {
    request: Nothing;
    response: SocialTasks;
    refusals: "Contention" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Claim a task's tokens with a URL as proof. Most claims wait for an administrator's review.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  submitSocialTask: {
    request: SubmitSocialTask;
    response: TaskClaimed;
    refusals: "AccountSuspended" | "AlreadyClaimed" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "RateLimited" | "RequestIdReused" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Approve a claim and credit its tokens, or reject it. A rejected task can be claimed again.
   *
   * An administrator (claim `admin: true`) who is not suspended. At most 60 a minute.
   */
  reviewSocialTask: {
    request: ReviewSocialTask;
    response: TaskClaimed;
    refusals: "AlreadyClaimed" | "Contention" | "Forbidden" | "InvalidRequest" | "NotFound" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
  /**
   * Count today's visit, at most once per UTC day. Milestones earn bonus tokens.
   *
   * A signed-in user who is not suspended; e-mail confirmed where `REQUIRE_VERIFIED_EMAIL` is on. At most 60 a minute.
   */
  updateStreak: {
    request: Nothing;
    response: StreakVisited;
    refusals: "AccountSuspended" | "Contention" | "EmailNotVerified" | "InvalidRequest" | "RateLimited" | "Unauthenticated" | "Unavailable";
  };
}

export type FunctionName = keyof Functions;

/** What the client must know of each call beside its types; `timeout` in milliseconds. */
export const FUNCTIONS = {
  exportAccount: { timeout: 130000, takesRequestId: false, repeatable: false, consumesToken: false },
  deleteAccount: { timeout: 130000, takesRequestId: false, repeatable: false, consumesToken: false },
  getCatalogue: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  saveCatalogueEntry: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  addTokens: { timeout: 70000, takesRequestId: true, repeatable: true, consumesToken: false },
  setJobStatus: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  setPlan: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  suspendUser: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getAuditLog: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  searchUsers: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getModerationQueue: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getModerationReport: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getWeeklyReports: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  runWeeklyReport: { timeout: 550000, takesRequestId: false, repeatable: false, consumesToken: false },
  getOverview: { timeout: 130000, takesRequestId: false, repeatable: true, consumesToken: false },
  getUserLedger: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getRateLimits: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  initializeUser: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getProfile: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  updateProfile: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  revokeSessions: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  createCheckoutSession: { timeout: 70000, takesRequestId: true, repeatable: true, consumesToken: true },
  confirmCheckout: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  createPortalSession: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getSubscription: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  previewSubscription: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  updateSubscription: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  cancelSubscription: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getBillingHistory: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getSubscriptionHistory: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getNextBillingDate: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getWebhookStatus: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  retryWebhooks: { timeout: 310000, takesRequestId: false, repeatable: false, consumesToken: false },
  getTokenPacks: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getPlans: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getReferral: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  redeemReferral: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  setAutoTopUp: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: true },
  publishPost: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getFeed: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getPost: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getComments: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  likePost: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  commentPost: { timeout: 70000, takesRequestId: true, repeatable: true, consumesToken: false },
  deleteComment: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  remixPost: { timeout: 70000, takesRequestId: true, repeatable: true, consumesToken: false },
  deletePost: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  blockUser: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getBlockedUsers: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  reportPost: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  reportComment: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  appealModeration: { timeout: 70000, takesRequestId: true, repeatable: true, consumesToken: false },
  moderatePost: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  saveCollection: { timeout: 70000, takesRequestId: true, repeatable: true, consumesToken: false },
  changeCollection: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  listCollections: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  deleteCollection: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getUserCreations: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getCreation: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  updateCreation: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  deleteCreation: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  deleteCreations: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  toggleFavorite: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  incrementPlayCount: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  createStudioJob: { timeout: 130000, takesRequestId: true, repeatable: true, consumesToken: true },
  quoteStudioJob: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getJobStatus: { timeout: 130000, takesRequestId: false, repeatable: true, consumesToken: false },
  listStudioJobs: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getJobStats: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  cancelStudioJob: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  generateLyrics: { timeout: 130000, takesRequestId: true, repeatable: true, consumesToken: false },
  getStudioOptions: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  listSessions: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getSession: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getUserBalance: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  getTokenTransactions: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  useTokens: { timeout: 70000, takesRequestId: true, repeatable: true, consumesToken: false },
  getUsageAnalytics: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  checkGenerationAllowance: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  getSocialTasks: { timeout: 70000, takesRequestId: false, repeatable: true, consumesToken: false },
  submitSocialTask: { timeout: 70000, takesRequestId: true, repeatable: true, consumesToken: false },
  reviewSocialTask: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
  updateStreak: { timeout: 70000, takesRequestId: false, repeatable: false, consumesToken: false },
} as const satisfies Record<FunctionName, { timeout: number; takesRequestId: boolean; repeatable: boolean; consumesToken: boolean }>;
