// The account: sign-in, profile, security, rewards, limits.
export const account = {} as const;
