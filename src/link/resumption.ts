import { createECDH, createHmac, type ECDH, timingSafeEqual } from "node:crypto";

/** Every platform's Node has it, Electron's as well. */
const CURVE = "prime256v1";
const LABEL = "debug-server link resume";

/** How a guest says, on a new channel, which link it resumes (docs/PROTOCOL.md, feature `resume`). */
export interface ResumptionClaim {
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
 * an eavesdropper cannot resume in its place.
 */
export class KeyAgreement {
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
export function makeClaim(secret: Buffer, claim: Omit<ResumptionClaim, "proof">): ResumptionClaim {
  return { ...claim, proof: proofOf(secret, claim).toString("hex") };
}

export function isProved(secret: Buffer, claim: ResumptionClaim): boolean {
  const given = Buffer.from(claim.proof, "hex");
  const wanted = proofOf(secret, claim);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function proofOf(secret: Buffer, { link, attempt, received }: Omit<ResumptionClaim, "proof">): Buffer {
  return createHmac("sha256", secret)
    .update(JSON.stringify([link, attempt, received]))
    .digest();
}
