import { randomInt } from "node:crypto";

/** Letters and digits that are not taken for one another when they are read out. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
/** The classic rule of WinDbg's passwords: up to 12 letters and digits. Here that is 60 bits. */
const LENGTH = 12;

export function generatePassword(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
}
