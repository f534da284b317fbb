/** A `variablesReference` of the bench's adapter is the size of the answer in bytes. */
export const SMALL_BODY = 1_000;
export const BIG_BODY = 10_000_000;
/** One line of output in a storm. */
export const STORM_LINE = 100;
