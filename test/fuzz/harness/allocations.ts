const FUNCTIONS = ["alloc", "allocUnsafe", "allocUnsafeSlow"] as const;

type Functions = Record<(typeof FUNCTIONS)[number], (this: void, size: number) => Buffer<ArrayBuffer>>;

/** The most bytes that the action allocates at once by Buffer's functions. */
export function largestAllocation(action: () => void): number {
  const functions: Functions = Buffer;
  const before = FUNCTIONS.map((name) => [name, functions[name]] as const);
  let largest = 0;
  for (const [name, allocate] of before) {
    functions[name] = (size) => {
      largest = Math.max(largest, size);
      return allocate(size);
    };
  }
  try {
    action();
    return largest;
  } finally {
    for (const [name, allocate] of before) functions[name] = allocate;
  }
}
