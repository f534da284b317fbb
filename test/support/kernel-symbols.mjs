// Prints the System.map of a Linux kernel image: the symbol table that the kernel carries for itself (kallsyms).
// Debian ships the map only with the debug symbols (280 MB); this needs nothing but the image.
//   node kernel-symbols.mjs VMLINUZ > System.map
// Knows LZ4 images and the kallsyms layout up to Linux 6.3: offsets, relative base, count, names, markers, (sequence
// numbers,) token table, token index (scripts/kallsyms.c in the kernel's source).
import { readFileSync } from "node:fs";

const LZ4_LEGACY = 0x184c2102;

/** The compressed kernel within a bzImage, by the boot protocol's payload_offset and payload_length. */
function payload(image) {
  if (image.toString("latin1", 0x202, 0x206) !== "HdrS") throw new Error("not a bzImage");
  const start = (image[0x1f1] + 1) * 512 + image.readUInt32LE(0x248);
  return image.subarray(start, start + image.readUInt32LE(0x24c));
}

/** LZ4's legacy frame: blocks with a length before each, up to the kernel's own trailer of the plain length. */
function decompress(data) {
  if (data.readUInt32LE(0) !== LZ4_LEGACY) throw new Error("the kernel is not compressed with LZ4");
  const plain = Buffer.alloc(data.readUInt32LE(data.length - 4));
  let written = 0;
  for (let at = 4; at < data.length - 4 && written < plain.length;) {
    const length = data.readUInt32LE(at);
    written = decompressBlock(data.subarray(at + 4, at + 4 + length), plain, written);
    at += 4 + length;
  }
  return plain.subarray(0, written);
}

function decompressBlock(block, plain, start) {
  let from = 0;
  let to = start;
  const more = (length) => {
    if (length !== 15) return length;
    let byte = 255;
    while (byte === 255) length += byte = block[from++];
    return length;
  };
  while (from < block.length) {
    const token = block[from++];
    const literals = more(token >> 4);
    block.copy(plain, to, from, from + literals);
    to += literals;
    from += literals;
    if (from >= block.length) break;
    const offset = block.readUInt16LE(from);
    from += 2;
    const match = more(token & 15) + 4;
    // Source and target may overlap: byte by byte, as the format wants it.
    for (let i = 0; i < match; i++, to++) plain[to] = plain[to - offset];
  }
  return to;
}

/** The 256 tokens that names are made of, found by the digits, each of which is a token of its own. */
function findTokens(kernel) {
  const digits = Buffer.from("0\0" + "1\0" + "2\0" + "3\0" + "4\0" + "5\0" + "6\0" + "7\0" + "8\0" + "9\0");
  for (let at = kernel.indexOf(digits); at >= 0; at = kernel.indexOf(digits, at + 1)) {
    for (let index = (at + 7) & ~7; index < at + 8192; index += 8) {
      const start = at - kernel.readUInt16LE(index + 2 * 0x30);
      const tokens = [];
      let next = start;
      for (let i = 0; i < 256 && kernel.readUInt16LE(index + 2 * i) === next - start; i++) {
        const end = kernel.indexOf(0, next);
        tokens.push(kernel.toString("latin1", next, end));
        next = end + 1;
      }
      if (tokens.length === 256) return { tokens, start };
    }
  }
  throw new Error("no kallsyms tokens in the kernel");
}

/**
 * The names, in front of the tokens: a count, then that many names, then the offset of every 256th of them, by
 * which the right place is known. What else lies between them and the tokens differs between versions.
 */
function findNames(kernel, tokensAt) {
  for (let start = tokensAt & ~7; start > 16; start -= 8) {
    const count = Number(kernel.readBigUInt64LE(start - 8));
    if (count < 1000 || count > 1_000_000) continue;
    const ends = [];
    let at = start;
    for (let i = 0; i < count && at < tokensAt; i++) {
      if (i % 256 === 0) ends.push(at - start);
      at += nameLength(kernel, at).next;
    }
    if (at >= tokensAt) continue;
    const markers = (at + 7) & ~7;
    if (ends.every((end, i) => kernel.readUInt32LE(markers + 4 * i) === end)) return { start, count };
  }
  throw new Error("no kallsyms names in the kernel");
}

/** Since 6.1 a length of 128 or more takes two bytes. */
function nameLength(kernel, at) {
  const first = kernel[at];
  if (first < 128) return { header: 1, next: 1 + first };
  const length = (first & 127) | (kernel[at + 1] << 7);
  return { header: 2, next: 2 + length };
}

function symbols(kernel) {
  const { tokens, start: tokensAt } = findTokens(kernel);
  const { start, count } = findNames(kernel, tokensAt);
  const base = kernel.readBigUInt64LE(start - 16);
  const offsets = start - 16 - ((4 * count + 7) & ~7);
  const lines = [];
  for (let i = 0, at = start; i < count; i++) {
    const { header, next } = nameLength(kernel, at);
    let name = "";
    for (let j = at + header; j < at + next; j++) name += tokens[kernel[j]];
    at += next;
    // Per-CPU symbols have absolute addresses, the others are relative to the base, as negative numbers.
    const offset = BigInt(kernel.readInt32LE(offsets + 4 * i));
    const address = offset >= 0n ? offset : base - 1n - offset;
    lines.push(`${address.toString(16).padStart(16, "0")} ${name[0]} ${name.slice(1)}`);
  }
  return lines;
}

const lines = symbols(decompress(payload(readFileSync(process.argv[2]))));
if (!lines.some((line) => line.endsWith(" T start_kernel")))
  throw new Error("no start_kernel among the symbols");
process.stdout.write(lines.join("\n") + "\n");
