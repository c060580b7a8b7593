// The administrators' pages.
export const admin = {} as const;
