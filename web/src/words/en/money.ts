// Money: packs, plans, top-ups, receipts, history.
export const money = {} as const;
