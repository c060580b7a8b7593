// The words of the administrators' pages.
import { translated } from '../language.ts';
import { admin as english } from '../words/en/admin.ts';
import { review as englishReview } from '../words/en/review.ts';

export const words = translated('admin', english);
export const review = translated('review', englishReview);
