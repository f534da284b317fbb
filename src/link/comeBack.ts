import { createECDH, createHmac, type ECDH, timingSafeEqual } from "node:crypto";

/** Every platform's Node has it, Electron's as well. */
const CURVE = "prime256v1";
const LABEL = "debug-server link resume";

/** How a guest says, on a new channel, which link it comes back to (docs/PROTOCOL.md, feature `resume`). */
export interface Claim {
  readonly link: string;
  /** 1, 2, 3, …: none is taken twice. */
  readonly attempt: number;
  /** Frames that the guest has received since WELCOME. */
  readonly received: number;
  /** In hexadecimal. */
  readonly proof: string;
}

/**
 * One side of the agreement on a secret, by which a guest proves later that the link is its own: ECDH on P-256, so that
 * nobody who merely listens can come back in its place.
 */
export class Agreement {
  readonly #ecdh: ECDH = createECDH(CURVE);
  /** An uncompressed point in Base64. */
  readonly publicKey: string;

  constructor() {
    this.publicKey = this.#ecdh.generateKeys("base64");
  }

  /** Undefined if the other side's key is none. */
  secretWith(publicKey: string): Buffer | undefined {
    try {
      const shared = this.#ecdh.computeSecret(publicKey, "base64");
      return createHmac("sha256", LABEL).update(shared).digest();
    } catch {
      return undefined;
    }
  }
}

/** The claim with its proof. */
export function makeClaim(secret: Buffer, claim: Omit<Claim, "proof">): Claim {
  return { ...claim, proof: proofOf(secret, claim).toString("hex") };
}

export function isProved(secret: Buffer, claim: Claim): boolean {
  const given = Buffer.from(claim.proof, "hex");
  const wanted = proofOf(secret, claim);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function proofOf(secret: Buffer, { link, attempt, received }: Omit<Claim, "proof">): Buffer {
  return createHmac("sha256", secret)
    .update(JSON.stringify([link, attempt, received]))
    .digest();
}
