import type { Random } from "./random.ts";

const NUMBERS = [0, 1, 0x40, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];

/** The bytes with one change. */
function mutateOnce(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.below(8)) {
    case 0: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    }
    case 1:
      return Buffer.concat([head, random.bytes(8), tail]);
    case 2:
      return Buffer.concat([head, tail.subarray(random.below(16))]);
    case 3:
      return Buffer.concat([head, tail.subarray(0, random.below(64)), tail]);
    case 4:
      return Buffer.from(head);
    case 5: {
      const copy = Buffer.from(bytes);
      if (at + 4 <= copy.length) copy.writeUInt32BE(random.pick(NUMBERS), at);
      return copy;
    }
    case 6: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = random.pick(NUMBERS) & 0xff;
      return copy;
    }
    default:
      return Buffer.concat([tail, head]);
  }
}

/** The bytes as they are, or with up to four changes. */
export function mutate(random: Random, bytes: Buffer, probability: number): Buffer {
  if (!random.chance(probability)) return bytes;
  let mutated = bytes;
  for (let left = random.between(1, 4); left > 0; left--) mutated = mutateOnce(random, mutated);
  return mutated;
}

/** The text in pieces of its own grammar, with one of them removed, doubled, moved or replaced. */
export function mutateText(random: Random, text: string, words: readonly string[]): string {
  const parts = text.split(/(?<=[^\w])|(?=[^\w])/u);
  for (let left = random.between(1, 3); left > 0; left--) {
    const at = random.below(parts.length + 1);
    switch (random.below(4)) {
      case 0:
        parts.splice(at, 1);
        break;
      case 1:
        parts.splice(at, 0, random.pick(words));
        break;
      case 2:
        parts.splice(at, 1, random.pick(words));
        break;
      default:
        parts.splice(at, 0, ...parts.slice(random.below(parts.length + 1)).slice(0, 4));
    }
  }
  return parts.join("");
}
