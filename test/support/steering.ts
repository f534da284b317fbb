/** What steers a terminal or turns the direction of what follows, in a text of several lines: all but line ends and tabs. */
export const STEERING = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
